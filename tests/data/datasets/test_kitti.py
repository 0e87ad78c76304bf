"""KITTI 2012 and 2015: listing, sparse ground truth, what is missing."""

import os

import cv2
import numpy as np
import pytest

from pwcnet.cli.evaluation_options import print_totals
from pwcnet.data.datasets.kitti import FOLDERS, kitti_samples
from pwcnet.evaluation.scoring import Totals, evaluate_samples
from pwcnet.flow.averages import Mean
from pwcnet.io.flow_files import read_flow, write_flow
from tests.helpers import dataset_trees as trees

IMAGES = {2012: "image_0", 2015: "image_2"}


def ids(samples):
    return [sample.id for sample in samples]


@pytest.fixture(params=[2012, 2015])
def year(request):
    return request.param


@pytest.fixture
def root(tmp_path, year):
    return trees.kitti(tmp_path, year)


def training(root, year, *parts):
    return os.path.join(root, FOLDERS[year], "training", *parts)


def test_all_pairs(root, year):
    samples = kitti_samples(root, year)
    assert (
        ids(samples)
        == ["000000_10", "000001_10", "000002_10"]
        == ids(kitti_samples(root, year, "val_notrain"))
    )
    assert samples[1].frame1 == training(root, year, IMAGES[year], "000001_10.png") and samples[
        1
    ].frame2 == training(root, year, IMAGES[year], "000001_11.png")
    assert (
        samples[1].flow == training(root, year, "flow_occ", "000001_10.png")
        and samples[1].foreground is None
    )
    assert kitti_samples(root, year, ground_truth="noc")[1].flow == training(
        root, year, "flow_noc", "000001_10.png"
    )


def test_truth_is_sparse_and_grey_frames_have_three_channels(root, year):
    loaded = kitti_samples(root, year)[0].load()
    assert loaded.frame1.shape == trees.SIZE + (3,) and loaded.valid.mean() == 0.5
    assert (np.ptp(loaded.frame1, axis=-1) == 0).all() == (year == 2012)
    assert (
        np.all(loaded.flow[loaded.valid] == trees.MOTION) and not loaded.flow[~loaded.valid].any()
    )


def test_roots(tmp_path, year):
    trees.kitti(tmp_path / "KITTI", year)
    inner = str(tmp_path / "KITTI" / FOLDERS[year])
    assert (
        kitti_samples(str(tmp_path), year)
        == kitti_samples(str(tmp_path / "KITTI"), year)
        == kitti_samples(inner, year)
    )


def test_split_and_test(root, year):
    train, validation = (
        ids(kitti_samples(root, year, "train_with_val", part)) for part in ("train", "val")
    )
    assert (len(train), len(validation)) == (2, 1) and sorted(train + validation) == ids(
        kitti_samples(root, year)
    )
    assert ids(kitti_samples(root, year, "val")) == validation
    tests = kitti_samples(root, year, "test")
    assert len(tests) == 3 and all(
        sample.flow is None and os.path.join("testing", IMAGES[year]) in sample.frame2
        for sample in tests
    )


def test_further_frames_of_a_pair_do_not_count(root, year):
    for frame in (9, 12):
        trees.put(training(root, year, IMAGES[year], "000000_%02d.png" % frame))
    assert len(kitti_samples(root, year)) == 3


def test_colour_is_preferred(tmp_path):
    root = trees.kitti(tmp_path, 2012)
    for number in range(3):
        for frame in (10, 11):
            trees.put(training(root, 2012, "colored_0", "%06d_%d.png" % (number, frame)))
    assert kitti_samples(root, 2012)[0].frame1 == training(root, 2012, "colored_0", "000000_10.png")
    assert "image_0" in kitti_samples(root, 2012, "test")[0].frame1
    os.remove(training(root, 2012, "colored_0", "000001_11.png"))
    with pytest.raises(FileNotFoundError, match="colored_0/000001_11.png"):
        kitti_samples(root, 2012)


def test_measures_of_pixels_that_frame_2_shows(root, year, capsys):
    """flow_noc knows the upper half of what flow_occ knows; the prediction is off below."""
    assert kitti_samples(root, year, ground_truth="noc")[0].visible is None
    os.remove(training(root, year, "flow_noc", "000002_10.png"))
    samples = kitti_samples(root, year)
    assert samples[0].visible == training(root, year, "flow_noc", "000000_10.png")
    assert samples[2].visible is None and samples[0].is_sparse
    height = trees.SIZE[0] // 2
    for sample in samples[:2]:
        flow, valid = read_flow(sample.flow)
        valid[height:] = False
        write_flow(sample.visible, flow, valid)

    class Predictor:
        def flow(self, frame1, frame2):
            flow = np.full(trees.SIZE + (2,), trees.MOTION, np.float32)
            flow[height:] += 100
            return flow

    totals = Totals()
    for result in evaluate_samples(Predictor(), samples):
        totals.add(result)
    for name in ("EPE noc", "3px noc", "Fl noc"):
        assert totals.measures[name].per_image == Mean(0.0, 2)
    assert totals.measures["Fl-all"].per_image.value > 0
    assert samples[0].load(with_occlusion=False).visible is None
    assert samples[0].visible not in samples[0].paths(with_occlusion=False)
    print_totals(samples, "kitti", False, totals)
    assert "sparse" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_moving_objects_are_the_foreground(kind, tmp_path):
    root = trees.kitti(tmp_path, 2015)
    objects = np.zeros(trees.SIZE, kind)
    objects[2, 3], objects[4, 5] = 1, 7
    trees.put(
        training(root, 2015, "obj_map", "000001_10.png"),
        data=cv2.imencode(".png", objects)[1].tobytes(),
    )
    samples = kitti_samples(root, 2015)
    assert [sample.foreground is None for sample in samples] == [True, False, True]
    assert [tuple(pixel) for pixel in np.argwhere(samples[1].load().foreground)] == [
        (2, 3),
        (4, 5),
    ]
    assert samples[0].load().foreground is None


@pytest.mark.parametrize(
    "name", ["{image}/000001_10.png", "{image}/000001_11.png", "flow_occ/000001_10.png"]
)
def test_a_missing_file_is_named(name, root, year):
    path = training(root, year, name.format(image=IMAGES[year]))
    os.remove(path)
    with pytest.raises(FileNotFoundError, match="pair 000001") as caught:
        kitti_samples(root, year)
    assert path in str(caught.value)


def test_wrong_layouts_and_choices(root, year):
    other = 4027 - year
    with pytest.raises(FileNotFoundError, match="training/image_.*training/{.*image_"):
        kitti_samples(os.path.join(root, FOLDERS[year]), other)  # the other benchmark's folder
    with pytest.raises(FileNotFoundError, match="%s/.training,testing" % FOLDERS[other]):
        kitti_samples(root, other)
    os.rename(training(root, year, "flow_noc"), os.path.join(root, "elsewhere"))
    with pytest.raises(FileNotFoundError, match="training/flow_noc"):
        kitti_samples(root, year, ground_truth="noc")
    with pytest.raises(ValueError, match="occ or noc, got 'all'"):
        kitti_samples(root, year, ground_truth="all")
    with pytest.raises(ValueError, match="2012 or 2015, got 2013"):
        kitti_samples(root, 2013)


def test_real_frames(real_data):
    for year, expected, share in ((2012, "000027_10", 0.299), (2015, "000000_10", 0.162)):
        (sample,) = kitti_samples(real_data, year)
        loaded = sample.load()
        assert (
            sample.id == expected
            and loaded.frame1.shape[2] == 3
            and abs(loaded.valid.mean() - share) < 0.001
        )
    sparse, all_known = (
        kitti_samples(real_data, 2012, ground_truth=kind)[0].load().valid for kind in ("noc", "occ")
    )
    assert not (sparse & ~all_known).any() and sparse.sum() < all_known.sum()
