"""FlyingThings3D: listing, unused pairs, half resolution, what is missing."""

import os

import numpy as np
import pytest

from pwcnet.data.datasets.things import FOLDER, UNUSED_FILE, things_samples
from tests.helpers import dataset_trees as trees

TRAIN = [
    "TRAIN/%s/left/%04d" % (sequence, number)
    for sequence in ("A/0000", "C/0012")
    for number in (6, 7)
]
TEST = ["TEST/B/0003/left/0006", "TEST/B/0003/left/0007"]


@pytest.fixture
def root(tmp_path):
    return trees.things(tmp_path)


def ids(samples):
    return [sample.id for sample in samples]


@pytest.mark.parametrize(
    "mode, part, expected",
    [
        ("train_noval", None, TRAIN),
        ("train_with_val", None, TRAIN),
        ("train_with_val", "val", TEST),
        ("val", None, TEST),
        ("val_notrain", None, TEST),
    ],
)
def test_train_trains_and_test_validates(mode, part, expected, root):
    assert ids(things_samples(root, "clean", mode, part)) == expected


@pytest.mark.parametrize("render_pass", ["clean", "final"])
def test_files_of_a_sample(render_pass, root):
    sample = things_samples(os.path.join(root, FOLDER), render_pass)[1]
    folder = os.path.join(root, FOLDER)
    assert sample.frame1 == os.path.join(
        folder, "frames_%spass" % render_pass, "TRAIN", "A/0000", "left", "0007.png"
    )
    assert sample.frame2 == os.path.join(
        folder, "frames_%spass" % render_pass, "TRAIN", "A/0000", "left", "0008.png"
    )
    assert sample.flow == os.path.join(
        folder,
        "optical_flow",
        "TRAIN",
        "A/0000",
        "into_future",
        "left",
        "OpticalFlowIntoFuture_0007_L.pfm",
    )
    assert sample.file_name == "TRAIN-A-0000-left-0007"


def test_half_resolution(root):
    full, half = (things_samples(root, half=half)[0].load() for half in (False, True))
    assert full.flow.shape == trees.SIZE + (2,) and np.all(full.flow == trees.MOTION)
    height, width = trees.SIZE
    assert (
        half.frame1.shape == half.frame2.shape == (height // 2, width // 2, 3) and half.valid.all()
    )
    assert np.all(half.flow == np.array(trees.MOTION) / 2)


@pytest.mark.parametrize("folder", ["", FOLDER])
def test_unused_pairs_are_left_out(folder, root):
    with open(os.path.join(root, folder, UNUSED_FILE), "w") as stream:
        stream.write(
            "TRAIN/A/0000/left/0006.png\nTRAIN/C/0012/right/0006.png\n\nTRAIN/C/0099/left/0006.png\nTEST/B/0003/left/0007.png\n"
        )
    assert (
        ids(things_samples(root)) == TRAIN[1:] and ids(things_samples(root, mode="val")) == TEST[:1]
    )


def test_a_wrong_list_of_unused_pairs_is_named(root):
    path = os.path.join(root, UNUSED_FILE)
    with open(path, "w") as stream:
        stream.write("TRAIN/A/0000/left/0006.png\n0006.png\n")
    with pytest.raises(ValueError, match="'0006.png'.*line 2") as caught:
        things_samples(root)
    assert path in str(caught.value)


@pytest.mark.parametrize(
    "parts",
    [
        ("frames_cleanpass", "TRAIN/A/0000/left/0006.png"),
        ("frames_cleanpass", "TRAIN/A/0000/left/0007.png"),
        ("optical_flow", "TRAIN/C/0012/into_future/left/OpticalFlowIntoFuture_0007_L.pfm"),
    ],
)
def test_a_missing_file_is_named(parts, root):
    path = os.path.join(root, FOLDER, *parts)
    os.remove(path)
    with pytest.raises(FileNotFoundError) as caught:
        things_samples(root)
    assert path in str(caught.value)


def test_a_sequence_without_frames_is_named(root):
    trees.put(
        root, FOLDER, "optical_flow/TRAIN/B/0001/into_future/left/OpticalFlowIntoFuture_0006_L.pfm"
    )
    with pytest.raises(FileNotFoundError, match="frames_cleanpass/TRAIN/B/0001/left/0006.png"):
        things_samples(root)


def test_the_last_flow_needs_no_partner_and_may_be_missing(root):
    os.remove(
        os.path.join(
            root,
            FOLDER,
            "optical_flow/TRAIN/A/0000/into_future/left/OpticalFlowIntoFuture_0008_L.pfm",
        )
    )
    assert ids(things_samples(root)) == TRAIN


def test_wrong_layouts_and_choices(root):
    with pytest.raises(FileNotFoundError, match="FlyingThings3D/.frames_cleanpass,optical_flow"):
        things_samples(os.path.join(root, FOLDER, "optical_flow"))
    os.rename(os.path.join(root, FOLDER, "optical_flow", "TEST"), os.path.join(root, "elsewhere"))
    with pytest.raises(FileNotFoundError, match="optical_flow/TEST; .*optical_flow./TEST/"):
        things_samples(root, mode="val")
    assert ids(things_samples(root)) == TRAIN
    with pytest.raises(ValueError, match="clean, final, got 'albedo'"):
        things_samples(root, "albedo")
    with pytest.raises(ValueError, match="FlyingThings3D, got test"):
        things_samples(root, mode="test")
