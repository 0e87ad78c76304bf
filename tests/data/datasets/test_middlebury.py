"""Middlebury: listing, unknown pixels, what is missing."""

import os

import numpy as np
import pytest

from pwcnet.data.datasets.middlebury import middlebury_samples
from pwcnet.io.flow_files import write_flow
from tests.helpers import dataset_trees as trees

IDS = ["RubberWhale/frame10", "Venus/frame10"]


@pytest.fixture
def root(tmp_path):
    return trees.middlebury(tmp_path / "middlebury")


def ids(samples):
    return [sample.id for sample in samples]


def test_scenes_with_truth(root):
    samples = middlebury_samples(root)
    assert ids(samples) == IDS and samples == middlebury_samples(
        os.path.dirname(root)
    ) == middlebury_samples(root, "val_notrain")
    assert samples[0].frame2 == os.path.join(root, "other-data", "RubberWhale", "frame11.png")
    assert (
        samples[0].flow == os.path.join(root, "other-gt-flow", "RubberWhale", "flow10.flo")
        and samples[0].file_name == "RubberWhale-frame10"
    )


def test_unknown_pixels_are_not_valid(root):
    valid = np.ones(trees.SIZE, bool)
    valid[1, 2] = False
    write_flow(os.path.join(root, "other-gt-flow", "Venus", "flow10.flo"), trees.flow(), valid)
    assert np.array_equal(middlebury_samples(root)[1].load().valid, valid)


def test_split_and_test(root):
    assert [len(middlebury_samples(root, "train_with_val", part)) for part in ("train", "val")] == [
        1,
        1,
    ]
    (sample,) = middlebury_samples(root, "test")
    assert (
        sample.id == "Army/frame10"
        and sample.flow is None
        and sample.frame1 == os.path.join(root, "eval-data", "Army", "frame10.png")
    )


@pytest.mark.parametrize(
    "name",
    [
        "other-data/Venus/frame10.png",
        "other-data/Venus/frame11.png",
        "other-gt-flow/Venus/flow10.flo",
    ],
)
def test_a_missing_file_is_named(name, root):
    path = os.path.join(root, name)
    os.remove(path)
    with pytest.raises(FileNotFoundError, match="scene Venus") as caught:
        middlebury_samples(root)
    assert path in str(caught.value)


def test_wrong_layouts(root):
    with pytest.raises(FileNotFoundError, match="middlebury/.other-data,other-gt-flow,eval-data"):
        middlebury_samples(os.path.join(root, "other-data"))
    os.rename(os.path.join(root, "other-gt-flow"), os.path.join(root, "elsewhere"))
    with pytest.raises(FileNotFoundError, match="middlebury/other-gt-flow; .*,other-gt-flow"):
        middlebury_samples(root)


def test_real_frames(real_data):
    whale, venus = (sample.load() for sample in middlebury_samples(real_data))
    assert abs((~whale.valid).mean() - 0.016) < 0.001 and venus.valid.all()
    assert [
        round(float(np.hypot(*each.flow[each.valid].T).mean()), 1) for each in (whale, venus)
    ] == [1.3, 3.8]
