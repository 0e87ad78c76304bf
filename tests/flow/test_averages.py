"""Averages over pixels and over images."""

import numpy as np
import pytest

from pwcnet.flow.averages import Mean, RunningMean, average_where, check_known, percentage

VALUES = np.array([[1.0, 5.0], [4.0, np.nan]])
VALID = np.array([[1, 1], [1, 0]])


def test_a_mean_of_nothing_is_printed_as_not_available():
    assert (
        str(Mean(None, 0)) == "n/a"
        and "{:.3f}|{}".format(Mean(None, 0), Mean(None, 0)) == "n/a|n/a"
    )
    assert str(Mean(1.756, 3)) == "1.76" and format(Mean(1.756, 3), ".1f") == "1.8"
    assert average_where(np.zeros((0, 3)), None) == Mean(None, 0)


def test_running_mean_of_images_and_of_pixels():
    running = RunningMean()
    assert running.per_image == running.pooled == Mean(None, 0)
    for mean in (Mean(1.0, 10), Mean(None, 0), Mean(4.0, 30)):
        running.add(mean)
    assert running.per_image == Mean(2.5, 2)
    assert running.pooled == Mean(3.25, 40)


@pytest.mark.parametrize("mean", [Mean(float("nan"), 3), Mean(float("inf"), 3)])
def test_running_mean_refuses_what_is_no_number(mean):
    with pytest.raises(ValueError, match="finite"):
        RunningMean().add(mean)


def test_only_valid_and_selected_pixels_count():
    assert average_where(VALUES, VALID) == Mean(10 / 3, 3)
    assert average_where(VALUES, VALID, VALUES > 3) == Mean(4.5, 2)
    assert average_where(VALUES, VALID, np.zeros((2, 2), bool)) == Mean(None, 0)
    assert percentage(np.ones((2, 2), bool), VALID) == Mean(100.0, 3)
    assert percentage(np.array([[True, False], [False, True]]), VALID).value == 100 / 3
    assert percentage(np.ones((2, 2), bool), np.zeros((2, 2))) == Mean(None, 0)


def test_unknown_values_of_valid_pixels_are_refused():
    check_known(VALUES, VALID)
    for function in (check_known, average_where):
        with pytest.raises(ValueError, match="1 valid pixels"):
            function(VALUES, None)
