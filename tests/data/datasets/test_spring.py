"""Spring: pairs, flow of twice the frames' resolution, what is missing."""

import os

import pytest

from pwcnet.data.datasets.spring import spring_samples
from tests.helpers import dataset_trees as trees


def test_pairs_of_each_scene(tmp_path):
    root = trees.spring(tmp_path)
    expected = ["%s/frame_left_%04d" % (scene, n) for scene in ("0001", "0004") for n in (1, 2)]
    for folder in (root, os.path.join(root, "spring")):
        samples = spring_samples(folder)
        assert [sample.id for sample in samples] == expected
        tests = spring_samples(folder, "test")
        assert [sample.id for sample in tests] == expected
    assert not any(sample.has_ground_truth for sample in tests)
    assert all(os.path.join("spring", "test") in sample.frame1 for sample in tests)
    split = [spring_samples(root, "train_with_val", part) for part in ("train", "val")]
    assert list(map(len, split)) == [3, 1]


def test_every_second_pixel_of_the_flow_counts(tmp_path):
    loaded = spring_samples(trees.spring(tmp_path))[0].load()
    assert loaded.flow.shape[:2] == loaded.frame1.shape[:2] and loaded.valid.all()
    assert (loaded.flow == trees.MOTION).all()


def test_what_is_missing_is_named(tmp_path):
    root = trees.spring(tmp_path)
    scene = os.path.join(root, "spring", "train", "0004")
    os.remove(os.path.join(scene, "flow_FW_left", "flow_FW_left_0001.flo5"))
    with pytest.raises(FileNotFoundError, match="0004/flow_FW_left/flow_FW_left_0001.flo5"):
        spring_samples(root)
