"""Mixes of data sets: shares, epochs, reproducible numbers."""

import collections

import numpy as np
import pytest

from pwcnet.data.datasets.registry import dataset_samples
from pwcnet.data.mixture import BLOCK, Mix, shared_pairs
from pwcnet.data.sample import Sample

CHAIRS, THINGS, KITTI = (
    ["c%d" % n for n in range(50)],
    ["t%d" % n for n in range(30)],
    ["k%d" % n for n in range(4)],
)


def drawn(mix, first, last):
    return [mix.sample(number) for number in range(first, last)]


def test_single_part_is_the_plain_shuffled_sequence():
    for weight in (None, 3.0):
        expected = [
            CHAIRS[n]
            for epoch in range(3)
            for n in np.random.RandomState([7, epoch]).permutation(50)
        ]
        assert drawn(Mix([(CHAIRS, weight)], 7), 0, 150) == expected


def test_shares_are_exact_in_each_block():
    mix = Mix([(CHAIRS, 5), (THINGS, 3), (KITTI, 2)], 1)
    assert mix.shares == (0.5, 0.3, 0.2)
    for block in range(2):
        counts = collections.Counter(
            name[0] for name in drawn(mix, block * BLOCK, (block + 1) * BLOCK)
        )
        assert counts == {"c": BLOCK * 5 // 10, "t": BLOCK * 3 // 10, "k": BLOCK * 2 // 10}
    few = collections.Counter(name[0] for name in drawn(mix, 300, 500))
    assert 70 <= few["c"] <= 130 and few["k"] >= 15


def test_without_weights_parts_count_by_their_pairs():
    mix = Mix([(CHAIRS, None), (THINGS, None), (KITTI, None)], 1)
    np.testing.assert_allclose(mix.shares, [50 / 84, 30 / 84, 4 / 84], atol=1e-4)
    assert len(mix) == mix.distinct == 84 and sum(mix.shares) == pytest.approx(1)


def test_each_part_walks_through_epochs_of_its_own():
    names = drawn(
        Mix([(CHAIRS, 1), (THINGS, 2), (KITTI, 0.5)], 4), 0, 12000
    )  # over the end of a block
    for part in (CHAIRS, THINGS, KITTI):
        drawn_names = [name for name in names if name in set(part)]
        epochs = [
            drawn_names[at : at + len(part)]
            for at in range(0, len(drawn_names) - len(part) + 1, len(part))
        ]
        assert (
            len(epochs) > 20
            and all(sorted(epoch) == sorted(part) for epoch in epochs)
            and len({tuple(epoch) for epoch in epochs}) > 1
        )


def test_a_number_means_the_same_wherever_one_starts():
    parts = [(CHAIRS, 1), (THINGS, 2)]
    assert drawn(Mix(parts, 4), 9990, 10010) == drawn(Mix(parts, 4), 0, 10010)[9990:]
    assert Mix(parts, 4).sample(123456789) == Mix(parts, 4).sample(np.int64(123456789))
    assert drawn(Mix(parts, 4), 0, 50) != drawn(Mix(parts, 5), 0, 50)


def test_a_tiny_weight_still_gets_its_turn():
    mix = Mix([(CHAIRS, 1), (KITTI, 1e-9)], 0)
    assert mix.shares == (1 - 1 / BLOCK, 1 / BLOCK)


@pytest.mark.parametrize(
    "parts, words",
    [
        ([], "at least one sample to train on, got none"),
        ([([], None)], "at least one sample to train on, got none"),
        ([(CHAIRS, 1), ([], 1)], "in each part"),
        ([(CHAIRS, 1), (THINGS, 0)], "weight above 0"),
        ([(CHAIRS, 1), (THINGS, None)], "or None for all"),
        ([(CHAIRS, 1), (THINGS, float("inf"))], "weight above 0"),
    ],
)
def test_wrong_parts(parts, words):
    with pytest.raises(ValueError, match=words):
        Mix(parts)


def test_shared_pairs_are_those_with_the_same_flow_file(tmp_path):
    def sample(name, flow):
        return Sample(name, "1.png", "2.png", str(tmp_path / flow))

    (tmp_path / "link").symlink_to(tmp_path)
    training = [sample("a", "a.flo"), sample("b", "b.flo")]
    validation = [sample("set/other", "link/b.flo"), sample("a", "c.flo")]
    assert shared_pairs([training], validation) == validation[:1]
    assert shared_pairs([training[:1], training[1:]], validation) == validation[:1]


def test_endless_pairs_are_compared_without_listing_them():
    values = "seed=3,height=64,width=96,pairs=2000000000"
    training = dataset_samples("generated", values, "train_with_val")
    validation = dataset_samples("generated", values, "val")
    files = [Sample("a", "1.png", "2.png", "a.flo")]
    assert shared_pairs([files, training], validation + files) == files
    assert shared_pairs([training], [training.sample(17)]) == [training.sample(17)]
