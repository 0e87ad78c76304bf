"""FlyingChairs: listing, the published split, what is missing."""

import os

import numpy as np
import pytest

from pwcnet.data.datasets.chairs import FOLDER, SPLIT_FILE, chairs_samples
from tests.helpers import dataset_trees as trees


@pytest.fixture
def root(tmp_path):
    return trees.chairs(tmp_path, 4)


def ids(samples):
    return [sample.id for sample in samples]


def write_split(root, text, name=SPLIT_FILE, folder=FOLDER):
    path = os.path.join(root, folder, name)
    with open(path, "w") as stream:
        stream.write(text)
    return path


def many(tmp_path, count):
    """Empty files: listing reads names only."""
    for number in range(1, count + 1):
        for file in ("img1.ppm", "img2.ppm", "flow.flo"):
            os.makedirs(str(tmp_path / "data"), exist_ok=True)
            (tmp_path / "data" / ("%05d_%s" % (number, file))).touch()
    return str(tmp_path)


@pytest.mark.parametrize("mode", ["train_noval", "val_notrain"])
def test_all_pairs(mode, root):
    samples = chairs_samples(root, mode)
    assert ids(samples) == ["00001", "00002", "00003", "00004"]
    assert samples == chairs_samples(os.path.join(root, FOLDER), mode)
    names = [
        os.path.basename(path) for path in (samples[1].frame1, samples[1].frame2, samples[1].flow)
    ]
    assert names == ["00002_img1.ppm", "00002_img2.ppm", "00002_flow.flo"]
    loaded = samples[0].load()
    assert loaded.valid.all() and np.all(loaded.flow == trees.MOTION)


@pytest.mark.parametrize(
    "folder, name",
    [
        (FOLDER, SPLIT_FILE),
        (os.path.join(FOLDER, "data"), SPLIT_FILE),
        ("", SPLIT_FILE),
        ("", "my_train_val.txt"),
    ],
)
def test_published_split(folder, name, root):
    write_split(root, "1\n2\n1\n2\n1\n1\n", name, folder)  # two lines more than there are pairs
    assert ids(chairs_samples(root, "train_with_val")) == ["00001", "00003"]
    assert (
        ids(chairs_samples(root, "val"))
        == ids(chairs_samples(root, "train_with_val", "val"))
        == ["00002", "00004"]
    )
    assert len(chairs_samples(root)) == len(chairs_samples(root, "val_notrain")) == 4


def test_a_line_belongs_to_a_number(root):
    write_split(root, "1\n1\n2\n2\n")
    for file in ("img1.ppm", "img2.ppm", "flow.flo"):
        os.remove(os.path.join(root, FOLDER, "data", "00002_" + file))
    assert ids(chairs_samples(root, "val")) == ["00003", "00004"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("1\n2\n", "up to 00004, got 2"),
        ("", "got 0"),
        ("1\n3\n1\n1\n", "'3'.*line 2"),
        ("1\n\n2\n1\n", "''.*line 2"),
        ("1\n1\n1\n1\n", "part val, got none among 4 pairs"),
    ],
)
def test_wrong_split_files_are_named(text, message, root):
    path = write_split(root, text)
    with pytest.raises(ValueError, match=message) as caught:
        chairs_samples(root, "val")
    assert path in str(caught.value)


def test_two_split_files_are_refused(root):
    for name in ("a_train_val.txt", "b_train_val.txt"):
        write_split(root, "1\n", name)
    with pytest.raises(ValueError, match="a_train_val.txt and b_train_val.txt"):
        chairs_samples(root, "val")
    write_split(root, "2\n1\n1\n1\n")
    assert ids(chairs_samples(root, "val")) == ["00001"]  # the published name decides


def test_without_a_split_file_the_last_640_validate(tmp_path):
    root = many(tmp_path, 645)
    assert ids(chairs_samples(root, "train_with_val")) == [
        "%05d" % number for number in range(1, 6)
    ]
    assert ids(chairs_samples(root, "val")) == ["%05d" % number for number in range(6, 646)]


def test_a_part_of_the_set_is_split_by_share(tmp_path):
    root = many(tmp_path, 100)
    train, validation = (
        ids(chairs_samples(root, "train_with_val", part)) for part in ("train", "val")
    )
    assert (len(train), len(validation)) == (97, 3) and sorted(train + validation) == ids(
        chairs_samples(root)
    )


@pytest.mark.parametrize("file", ["img1.ppm", "img2.ppm", "flow.flo"])
def test_a_missing_file_is_named(file, root):
    path = os.path.join(root, FOLDER, "data", "00002_" + file)
    os.remove(path)
    with pytest.raises(FileNotFoundError, match="pair 00002") as caught:
        chairs_samples(root)
    assert path in str(caught.value)


def test_wrong_layouts_and_modes(root, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.*FlyingChairs_release/.data"):
        chairs_samples(os.path.join(root, "nowhere"))
    os.makedirs(str(tmp_path / "empty" / "data"))
    with pytest.raises(FileNotFoundError, match="img1.ppm,img2.ppm,flow.flo.*empty/data"):
        chairs_samples(str(tmp_path / "empty"))
    with pytest.raises(ValueError, match="FlyingChairs, got test"):
        chairs_samples(root, "test")


def test_real_frames(real_data):
    samples = chairs_samples(os.path.join(real_data, FOLDER))
    assert samples == chairs_samples(real_data) and ids(samples) == ["00001", "00002", "00003"]
    loaded = [sample.load() for sample in samples]
    assert all(each.frame1.shape == (384, 512, 3) and each.valid.all() for each in loaded)
    assert [
        round(float(np.hypot(*np.moveaxis(each.flow, -1, 0)).mean()), 1) for each in loaded
    ] == [4.3, 2.1, 4.8]
