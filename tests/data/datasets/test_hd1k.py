"""HD1K: listing, sparse ground truth, what is missing."""

import os

import numpy as np
import pytest

from pwcnet.data.datasets.hd1k import hd1k_samples
from tests.helpers import dataset_trees as trees

IDS = ["000000_0000", "000000_0001", "000007_0005"]


@pytest.fixture
def root(tmp_path):
    return trees.hd1k(tmp_path / "HD1K")


def ids(samples):
    return [sample.id for sample in samples]


def test_pairs_stay_in_their_sequence(root):
    samples = hd1k_samples(root)
    assert ids(samples) == IDS and samples == hd1k_samples(os.path.dirname(root))
    assert samples[1].frame1 == os.path.join(
        root, "hd1k_input", "image_2", "000000_0001.png"
    ) and samples[1].frame2.endswith("000000_0002.png")
    assert samples[1].flow == os.path.join(root, "hd1k_flow_gt", "flow_occ", "000000_0001.png")
    loaded = samples[0].load()
    assert loaded.valid.mean() == 0.5 and np.all(loaded.flow[loaded.valid] == trees.MOTION)


def test_split_and_test(root):
    train, validation = (
        ids(hd1k_samples(root, "train_with_val", part)) for part in ("train", "val")
    )
    assert (
        len(validation) == 1
        and sorted(train + validation) == IDS
        and ids(hd1k_samples(root, "val")) == validation
    )
    tests = hd1k_samples(root, "test")
    assert ids(tests) == IDS and all(
        sample.flow is None and "hd1k_challenge" in sample.frame1 for sample in tests
    )


@pytest.mark.parametrize(
    "name",
    [
        "hd1k_input/image_2/000000_0000.png",
        "hd1k_input/image_2/000000_0001.png",
        "hd1k_flow_gt/flow_occ/000000_0001.png",
    ],
)
def test_a_missing_file_is_named(name, root):
    path = os.path.join(root, name)
    os.remove(path)
    with pytest.raises(FileNotFoundError) as caught:
        hd1k_samples(root)
    assert path in str(caught.value)


def test_a_sequence_without_frames_is_named(root):
    trees.put_sparse(root, "hd1k_flow_gt", "flow_occ", "000003_0002.png")
    with pytest.raises(FileNotFoundError, match="image_2/000003_0002.png"):
        hd1k_samples(root)


def test_a_gap_in_the_challenge_is_named(root):
    os.remove(os.path.join(root, "hd1k_challenge", "image_2", "000000_0001.png"))
    with pytest.raises(FileNotFoundError, match="000000_0001.png"):
        hd1k_samples(root, "test")


def test_wrong_layouts(root):
    with pytest.raises(FileNotFoundError, match="HD1K/.hd1k_input,hd1k_flow_gt,hd1k_challenge"):
        hd1k_samples(os.path.join(root, "hd1k_input"))
    os.rename(os.path.join(root, "hd1k_flow_gt"), os.path.join(root, "elsewhere"))
    with pytest.raises(
        FileNotFoundError, match="HD1K/hd1k_flow_gt/flow_occ; .*,hd1k_flow_gt/flow_occ"
    ):
        hd1k_samples(root)
