"""Training that stays at zero flow is recognized and says so once."""

import pytest

from pwcnet.training.initial_weights import FIRST_STEP, RANDOM_START, FlatStartWatch


def watched(errors, caplog, steps_per_run=1):
    """The warnings of a run whose EPE at a step is errors(step), where zero flow has 4."""
    watch = FlatStartWatch()
    for step in range(steps_per_run, 2 * FIRST_STEP + 1, steps_per_run):
        if not watch.done:
            watch.add(step, errors(step), 4.0)
    return [record.message for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("steps_per_run", [1, 100])
def test_a_flat_run_gets_one_warning(steps_per_run, caplog):
    (warning,) = watched(lambda step: 4.0 + (-1) ** step * 0.1, caplog, steps_per_run)
    assert RANDOM_START in warning and "zero flow 4.00" in warning


@pytest.mark.parametrize("errors", [lambda step: 4.0 - step / 1000, lambda step: 3.0])
def test_a_run_that_learns_gets_none(errors, caplog):
    assert watched(errors, caplog) == []


def test_a_late_start_counts(caplog):
    assert watched(lambda step: 4.0 if step < FIRST_STEP - 400 else 1.0, caplog) == []
