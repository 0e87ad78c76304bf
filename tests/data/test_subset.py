"""Parts of a data set by scene and id."""

import pytest

from pwcnet.data.sample import Sample
from pwcnet.data.splits import subset

SAMPLES = [
    Sample(name, "a", "b")
    for name in (
        "alley_1/frames_0001_0002",
        "alley_1/frames_0002_0003",
        "market_5/frames_0001_0002",
        "TEST/A/0000/left/0006",
    )
]


def ids(*arguments):
    return [sample.id for sample in subset(SAMPLES, *arguments)]


def test_scenes_and_patterns():
    everything = [sample.id for sample in SAMPLES]
    assert (
        ids() == everything
        and ids(["alley_1"]) == everything[:2]
        and ids(["market_5", "alley_1/"]) == everything[:3]
    )
    assert ids(["A/0000"]) == ids(["A"]) == everything[3:]
    assert (
        ids([], ["*_0001_0002"]) == [everything[0], everything[2]]
        and ids([], ["m*", "TEST/*"]) == everything[2:]
    )
    assert ids(["alley_1"], ["*_0003"]) == everything[1:2]


def test_nothing_left_names_what_there_is():
    with pytest.raises(
        ValueError, match="these 4 pairs, got 'alley'; try TEST/A/0000/left, alley_1, market_5"
    ):
        ids(["alley_1", "alley"])
    with pytest.raises(
        ValueError,
        match="match 'x' or 'y', got none of 4; their ids are alley_1/frames_0001_0002, ",
    ):
        ids([], ["x", "y"])
    with pytest.raises(
        ValueError,
        match="no scenes, try patterns of their ids: 000000_10, 000001_10, 000002_10, 000003_10, 000004_10, ...",
    ):
        subset([Sample("%06d_10" % number, "a", "b") for number in range(6)], ["0"])
