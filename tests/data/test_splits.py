"""Splits into training and validation, parts by mode, scene and id."""

import random

import pytest
from sklearn.model_selection import train_test_split

from pwcnet.data.sample import Sample
from pwcnet.data.splits import checked_part, split_part, split_validation, subset


def ids(count):
    return [
        (
            "scene_%02d/frame_%04d.png" % (i // 50, i % 50),
            "scene_%02d/frame_%04d.png" % (i // 50, i % 50 + 1),
            "scene_%02d/frame_%04d.flo" % (i // 50, i % 50),
        )
        for i in range(count)
    ]


def test_parts_share_all_ids_and_sintel_gets_32_of_1041():
    train, validation = split_validation(ids(1041))
    assert (len(train), len(validation)) == (1009, 32)
    assert sorted(train + validation) == ids(1041)
    assert train == sorted(train) and validation == sorted(validation)


def test_split_does_not_depend_on_the_order_given():
    shuffled = ids(200)
    random.Random(5).shuffle(shuffled)
    assert split_validation(shuffled) == split_validation(ids(200))
    assert split_validation(ids(200), seed=7) != split_validation(ids(200))


def test_split_is_scikit_learns_with_seed_1969():
    train, validation = train_test_split(ids(300), test_size=0.03, random_state=1969)
    assert split_validation(ids(300)) == (sorted(train), sorted(validation))


def test_split_stays_as_it_is():
    assert [
        int(one[0][-8:-4]) + 50 * int(one[0][6:8]) for one in split_validation(ids(200))[1]
    ] == [3, 10, 17, 153, 182, 199]


def test_two_pairs_are_enough_and_one_is_not():
    assert [len(part) for part in split_validation(ids(2))] == [1, 1]
    for few in (0, 1):
        with pytest.raises(ValueError, match="at least 2 pairs.*got %d" % few):
            split_validation(ids(few))


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_refuses_a_share_outside_0_to_1(fraction):
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_validation(ids(10), fraction)


def test_refuses_to_leave_nothing_to_train_on():
    with pytest.raises(ValueError, match="left to train on"):
        split_validation(ids(3), 0.9)


def test_refuses_repeated_ids():
    with pytest.raises(ValueError, match="scene_00/frame_0000.png.*twice"):
        split_validation(ids(3) + ids(1))


def test_modes_have_parts():
    assert [
        checked_part(mode, None) for mode in ("train_noval", "train_with_val", "val", "test")
    ] == [
        "train",
        "train",
        "val",
        "test",
    ]
    assert checked_part("train_with_val", "val") == "val"
    for wrong in (("val", "train"), ("train", None), ("test", None, "FlyingChairs")):
        with pytest.raises(ValueError, match=wrong[-1] or wrong[0]):
            checked_part(*wrong)


def test_a_part_has_its_samples_in_order():
    samples = [Sample("%d" % number, "a", "b") for number in range(9)]
    parts = [split_part(samples[::-1], part) for part in ("train", "val")]
    assert [len(part) for part in parts] == [8, 1]
    assert sorted(parts[0] + parts[1], key=lambda sample: sample.id) == samples
    assert parts[0] == sorted(parts[0], key=lambda sample: sample.id)


SAMPLES = [
    Sample(name, "a", "b")
    for name in (
        "alley_1/frames_0001_0002",
        "alley_1/frames_0002_0003",
        "market_5/frames_0001_0002",
        "TEST/A/0000/left/0006",
    )
]


def chosen_ids(*arguments):
    return [sample.id for sample in subset(SAMPLES, *arguments)]


def test_scenes_and_patterns():
    everything = [sample.id for sample in SAMPLES]
    assert (
        chosen_ids() == everything
        and chosen_ids(["alley_1"]) == everything[:2]
        and chosen_ids(["market_5", "alley_1/"]) == everything[:3]
    )
    assert chosen_ids(["A/0000"]) == chosen_ids(["A"]) == everything[3:]
    assert (
        chosen_ids([], ["*_0001_0002"]) == [everything[0], everything[2]]
        and chosen_ids([], ["m*", "TEST/*"]) == everything[2:]
    )
    assert chosen_ids(["alley_1"], ["*_0003"]) == everything[1:2]


def test_nothing_left_names_what_there_is():
    for arguments, names in (
        ((["alley_1", "alley"],), ["'alley'", "TEST/A/0000/left, alley_1, market_5"]),
        (([], ["x", "y"]), ["'x' or 'y'", "alley_1/frames_0001_0002"]),
    ):
        with pytest.raises(ValueError) as caught:
            chosen_ids(*arguments)
        assert all(name in str(caught.value) for name in names)
    with pytest.raises(ValueError, match="000000_10, 000001_10, .*000004_10, ..."):
        subset([Sample("%06d_10" % number, "a", "b") for number in range(6)], ["0"])
