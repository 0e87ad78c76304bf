"""Samples: loading, sizes, masks, half resolution."""

import os
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.ground_truth import LARGEST_MOTION
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.sample import LoadedSample, Sample, halved
from pwcnet.evaluation.scoring import evaluate_samples
from pwcnet.io.flow_files import write_flow
from pwcnet.io.images import write_image

SIZE = (12, 20)


@pytest.fixture
def sample(tmp_path):
    """All files of a pair of random frames.

    The flow has one unknown pixel at (0, 0); masks are set at (1, 2) and (3, 4).
    """
    random = np.random.RandomState(0)
    paths = {
        name: str(tmp_path / (name + (".flo" if name == "flow" else ".png")))
        for name in ("frame1", "frame2", "flow", "occlusion", "invalid")
    }
    for name in ("frame1", "frame2"):
        write_image(paths[name], random.randint(0, 256, SIZE + (3,)).astype(np.uint8))
    valid = np.ones(SIZE, bool)
    valid[0, 0] = False
    write_flow(paths["flow"], random.randn(*SIZE + (2,)).astype(np.float32), valid)
    for name, pixel in (("occlusion", (1, 2)), ("invalid", (3, 4))):
        mask = np.zeros(SIZE + (3,), np.uint8)
        mask[pixel] = 255
        write_image(paths[name], mask)
    return Sample(id="scene/frames_0001_0002", **paths)


def pixels(mask):
    return [tuple(pixel) for pixel in np.argwhere(mask)]


def test_file_name_is_the_id_without_folders():
    assert Sample("alley_1/frames_0001_0002", "a", "b").file_name == "alley_1-frames_0001_0002"


def test_loads_everything(sample):
    loaded = sample.load()
    assert (
        loaded.frame1.shape == loaded.frame2.shape == SIZE + (3,)
        and loaded.frame1.dtype == loaded.frame2.dtype == np.uint8
    )
    assert loaded.flow.shape == SIZE + (2,) and loaded.flow.dtype == np.float32
    assert loaded.valid.dtype == loaded.occlusion.dtype == bool
    assert pixels(~loaded.valid) == [(0, 0)] and pixels(loaded.occlusion) == [(1, 2)]


def absurd(path, count=3):
    """Writes flow with so many pixels beyond the limit, one at it and one unknown."""
    flow = np.zeros(SIZE + (2,), np.float32)
    flow[0, :count, 1] = -5e6
    flow[1, 0], flow[2, 0], flow[3, 0] = LARGEST_MOTION, 1e10, np.nan
    write_flow(path, flow)


def test_motion_beyond_the_limit_is_unknown(sample):
    absurd(sample.flow)
    for loaded in (sample.load(), replace(sample, half=True).load()):
        assert loaded.beyond == 3 and np.abs(loaded.flow[loaded.valid]).max() <= LARGEST_MOTION
    assert pixels(~sample.load().valid) == [(0, 0), (0, 1), (0, 2), (2, 0), (3, 0)]


def test_motion_beyond_the_limit_is_reported_once(sample, caplog):
    """In training with the file's name, in an evaluation with the count of all pairs."""
    absurd(sample.flow)
    samples = [replace(sample, id="pair_%d" % number) for number in range(3)]
    data = TrainingData(samples, SIZE)
    for number in range(3):
        data.load(number)
    (message,) = caplog.messages
    assert "3 pixels" in message and sample.flow in message
    caplog.clear()
    predictor = Mock(flow=lambda frame1, frame2: np.zeros(SIZE + (2,), np.float32))
    results = list(evaluate_samples(predictor, samples))
    assert [result.scores["EPE"].count for result in results] == [12 * 20 - 5] * 3
    (message,) = caplog.messages
    assert "9 pixels" in message and "3 pairs" in message and "pair_0" in message


def test_masked_leaves_out_the_invalid_mask(sample):
    assert pixels(~sample.load(masked=True).valid) == [(0, 0), (3, 4)]


def test_what_is_absent_is_none(sample):
    loaded = Sample(sample.id, sample.frame1, sample.frame2).load(masked=True)
    assert loaded.flow is None and loaded.valid is None and loaded.occlusion is None
    assert pixels(
        ~Sample(sample.id, sample.frame1, sample.frame2, sample.flow).load(masked=True).valid
    ) == [(0, 0)]


@pytest.mark.parametrize("name", ["frame2", "flow", "occlusion", "invalid"])
def test_sizes_that_differ_name_both_files(name, sample):
    path = getattr(sample, name)
    if name == "flow":
        write_flow(path, np.zeros((12, 21, 2), np.float32))
    else:
        write_image(path, np.zeros((12, 21, 3), np.uint8))
    with pytest.raises(ValueError) as caught:
        sample.load(masked=True)
    for part in (sample.frame1, path, "12x20", "12x21"):
        assert part in str(caught.value)


@pytest.mark.parametrize("name", ["frame1", "frame2", "flow", "occlusion", "invalid"])
def test_a_missing_file_is_named(name, sample):
    os.remove(getattr(sample, name))
    with pytest.raises(FileNotFoundError) as caught:
        sample.load(masked=True)
    assert getattr(sample, name) in str(caught.value)


def test_half_resolution_never_mixes_valid_and_invalid(sample):
    flow = np.zeros(SIZE + (2,), np.float32)
    flow[:2, :2] = [[(2, 0), (4, 0)], [(6, 0), (np.nan, 0)]]
    flow[2:4, :2], flow[2, 0] = 1e10, (8, -6)
    flow[4:6, :2] = 1e10
    write_flow(sample.flow, flow)
    loaded, whole = replace(sample, half=True).load(masked=True), sample.load()
    assert (
        loaded.frame1.shape == loaded.frame2.shape == (6, 10, 3)
        and loaded.flow.shape == (6, 10, 2)
        and loaded.flow.dtype == np.float32
    )
    assert tuple(loaded.flow[0, 0]) == (2, 0)  # (2 + 4 + 6) / 3, halved
    assert tuple(loaded.flow[1, 0]) == (4, -3) and loaded.valid[1, 0]
    assert pixels(~loaded.valid) == [(2, 0)] and np.isfinite(loaded.flow).all()
    assert pixels(loaded.occlusion) == [(0, 1)]
    mean = whole.frame1.astype(float).reshape(6, 2, 10, 2, 3).mean(axis=(1, 3))
    assert np.abs(loaded.frame1 - mean).max() <= 0.5


def test_half_of_odd_sizes_drops_the_last_row_and_column():
    frame = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    loaded = halved(
        LoadedSample(frame, frame, np.ones((5, 7, 2), np.float32), np.ones((5, 7), bool), None)
    )
    assert (
        loaded.frame1.shape == (2, 3, 3)
        and np.all(loaded.flow == 0.5)
        and loaded.valid.all()
        and loaded.occlusion is None
    )
    assert halved(LoadedSample(frame, frame, None, None, None)).flow is None
    with pytest.raises(ValueError, match="at least 2x2 pixels to halve, got 1x7"):
        halved(LoadedSample(frame[:1], frame[:1], None, None, None))


def test_foreground(sample):
    assert sample.load().foreground is None
    assert pixels(replace(sample, foreground=sample.invalid).load().foreground) == [(3, 4)]
    with pytest.raises(FileNotFoundError, match="objects.png"):
        replace(sample, foreground="objects.png").load()


def test_real_frames(real_data):
    samples = {sample.id: sample for sample in sintel_samples(real_data)}
    magnitudes = {}
    for name in ("alley_1/frames_0002_0003", "market_5/frames_0002_0003"):
        dense, masked = samples[name].load(), samples[name].load(masked=True)
        assert dense.frame1.shape == (436, 1024, 3) and dense.valid.all()
        assert 0.99 < masked.valid.mean() < 1.0 and 0.01 < dense.occlusion.mean() < 0.2
        magnitudes[name] = np.hypot(dense.flow[..., 0], dense.flow[..., 1]).mean()
    assert (
        2.7 < magnitudes["alley_1/frames_0002_0003"] < 3.2
        and 31.9 < magnitudes["market_5/frames_0002_0003"] < 32.1
    )


def test_real_sparse_ground_truth(real_data):
    folder = os.path.join(real_data, "KITTI", "data_scene_flow", "training")
    frames = [os.path.join(folder, "image_2", "000000_%d.png" % number) for number in (10, 11)]
    loaded = Sample(
        "kitti/000000_10",
        frames[0],
        frames[1],
        os.path.join(folder, "flow_occ", "000000_10.png"),
    ).load()
    assert loaded.frame1.shape[:2] == loaded.flow.shape[:2] and 0.1 < loaded.valid.mean() < 0.25


def test_paths_are_the_files_that_loading_reads(sample):
    assert sample.paths() == [sample.frame1, sample.frame2, sample.flow, sample.occlusion]
    assert sample.paths(masked=True, with_occlusion=False) == [
        sample.frame1,
        sample.frame2,
        sample.flow,
        sample.invalid,
    ]
    os.remove(sample.occlusion)
    assert sample.load(with_occlusion=False).occlusion is None


def test_what_a_sample_has(sample):
    bare = Sample("a", "1.png", "2.png")
    assert sample.has_ground_truth and sample.has_invalid_mask
    assert not bare.has_ground_truth and not bare.has_invalid_mask
    assert sample.describe() == sample.frame1 and bare.key == os.path.realpath("1.png")
    assert sample.key == replace(sample, id="other", half=True).key != bare.key
