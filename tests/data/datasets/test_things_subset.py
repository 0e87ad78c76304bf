"""The subset of FlyingThings3D: pairs, WebP frames, occlusion, what is missing."""

import os

import pytest

from pwcnet.data.datasets.things_subset import things_subset_samples
from tests.helpers import dataset_trees as trees


def ids(samples):
    return [sample.id for sample in samples]


def place(root, *parts):
    return os.path.join(root, "FlyingThings3D_subset", *parts)


@pytest.mark.parametrize("extension", ["png", "webp"])
def test_pairs_of_frames_that_are_both_there(extension, tmp_path):
    root = trees.things_subset(tmp_path, extension)
    for folder in (root, place(root)):
        samples = things_subset_samples(folder, "final")
        assert ids(samples) == ["train/0000003", "train/0000006", "train/0000007"]
    sample = samples[1]
    assert sample.frame2 == place(root, "train", "image_final", "left", "0000007." + extension)
    assert sample.flow == place(root, "train", "flow", "left", "into_future", "0000006.flo")
    loaded = sample.load()
    assert loaded.valid.all() and tuple(loaded.flow[0, 0]) == trees.MOTION
    assert loaded.occlusion is not None


def test_the_last_frame_of_a_sequence_has_no_flow(tmp_path):
    """As published: frames are numbered through, and flow is missing where a sequence ends."""
    root = trees.things_subset(tmp_path)
    os.remove(place(root, "train", "flow", "left", "into_future", "0000006.flo"))
    assert ids(things_subset_samples(root)) == ["train/0000003", "train/0000007"]


def test_val_is_the_published_one(tmp_path):
    root = trees.things_subset(tmp_path)
    for mode, part in (("val", None), ("val_notrain", None), ("train_with_val", "val")):
        assert ids(things_subset_samples(root, mode=mode, part=part)) == ["val/0000000"]
    with pytest.raises(ValueError, match="test"):
        things_subset_samples(root, mode="test")
    with pytest.raises(ValueError, match="'albedo'"):
        things_subset_samples(root, "albedo")


def test_webp_in_a_folder_of_its_own(tmp_path):
    root = trees.things_subset(tmp_path, "webp")
    os.rename(place(root, "train", "image_clean"), place(root, "train", "image_clean_webp"))
    frame = things_subset_samples(root)[0].frame1
    assert frame == place(root, "train", "image_clean_webp", "left", "0000003.webp")


def test_what_is_missing_is_named(tmp_path):
    root = trees.things_subset(tmp_path)
    os.remove(place(root, "train", "image_clean", "left", "0000006.png"))
    with pytest.raises(FileNotFoundError, match="image_clean/left/0000006.png"):
        things_subset_samples(root)
    os.remove(place(root, "train", "flow_occlusions", "left", "into_future", "0000006.png"))
    assert things_subset_samples(root, "final")[1].occlusion is None
    with pytest.raises(FileNotFoundError, match="FlyingThings3D_subset"):
        things_subset_samples(str(tmp_path / "none"))
