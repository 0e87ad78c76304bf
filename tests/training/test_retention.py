"""Which checkpoints of a run are kept."""

import pytest

from pwcnet.training.retention import Retention


@pytest.mark.parametrize(
    "retention, expired",
    [
        (Retention(keep=2, keep_every=0), [1, 2, 3, 4, 5]),
        (Retention(keep=9, keep_every=0), []),
        (Retention(keep=1, keep_every=3), [1, 2, 4, 5]),
        (Retention(keep=1, keep_every=0, keep_range=(2, 6, 2)), [1, 3, 5]),
        (Retention(keep=1, keep_every=5, keep_range=(3, 4, 1)), [1, 2, 6]),
    ],
)
def test_expired(retention, expired):
    assert retention.expired([7, 3, 1, 2, 6, 5, 4]) == expired


def test_the_range_of_v2_has_11_checkpoints():
    retention = Retention(keep=1, keep_every=0, keep_range=(50000, 60000, 1000))
    steps = range(1000, 100001, 1000)
    kept = sorted(set(steps) - set(retention.expired(steps)))
    assert kept == list(range(50000, 60001, 1000)) + [100000] and len(kept) == 12


def test_the_best_have_the_lowest_error_and_are_the_earliest():
    scores = {1: 3.0, 2: float("nan"), 3: 2.0, 4: 2.0}
    assert Retention(keep_best=1).best(scores) == {3}
    assert Retention(keep_best=3).best(scores) == {1, 3, 4}
    assert Retention(keep_best=9).best(scores) == {1, 2, 3, 4}


@pytest.mark.parametrize(
    "name, value",
    [
        ("keep", 0),
        ("keep_every", -1),
        ("keep_best", 0),
        ("keep_range", (0, 2, 1)),
        ("keep_range", (3, 2, 1)),
        ("keep_range", (1, 2, 0)),
        ("keep_range", (1, 2)),
    ],
)
def test_values_that_do_not_fit(name, value):
    with pytest.raises(ValueError, match=name):
        Retention(**{name: value})
