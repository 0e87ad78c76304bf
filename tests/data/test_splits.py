import random

import pytest

from pwcnet.data.splits import split_validation


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
    from sklearn.model_selection import train_test_split

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
