"""FlyingChairs2: pairs, occlusion, what is missing."""

import os

import pytest

from pwcnet.data.datasets.chairs2 import chairs2_samples
from tests.helpers import dataset_trees as trees


def test_pairs_and_their_occlusion(tmp_path):
    root = trees.chairs2(tmp_path)
    for folder in (root, os.path.join(root, "FlyingChairs2")):
        samples = chairs2_samples(folder)
        assert [sample.id for sample in samples] == ["train/%07d" % number for number in range(3)]
        validation = chairs2_samples(folder, "train_with_val", "val")
        assert [sample.id for sample in validation] == ["val/0000000", "val/0000001"]
    loaded = samples[1].load()
    assert tuple(loaded.flow[0, 0]) == trees.MOTION and loaded.occlusion.any()
    names = [os.path.basename(path) for path in samples[1].paths()]
    assert names == [
        "0000001-" + name for name in ("img_0.png", "img_1.png", "flow_01.flo", "occ_01.png")
    ]


def test_what_is_missing_is_named(tmp_path):
    root = trees.chairs2(tmp_path)
    os.remove(os.path.join(root, "FlyingChairs2", "train", "0000001-occ_01.png"))
    assert chairs2_samples(root)[1].occlusion is None
    os.remove(os.path.join(root, "FlyingChairs2", "train", "0000001-flow_01.flo"))
    with pytest.raises(FileNotFoundError, match="0000001-flow_01.flo"):
        chairs2_samples(root)
    with pytest.raises(ValueError, match="FlyingChairs2"):
        chairs2_samples(root, "test")
    with pytest.raises(FileNotFoundError, match="FlyingChairs2"):
        chairs2_samples(str(tmp_path / "none"))
