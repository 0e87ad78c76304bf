import numpy as np
import pytest

from pwcnet.data.sample import LoadedSample
from pwcnet.flow.colors import KITTI_COLORS, flow_to_color
from pwcnet.training.validation_images import GAP, MAX_WIDTH, validation_images


def pair(height=60, width=120, speed=10.0):
    frame = np.full((height, width, 3), (200, 30, 10), np.uint8)
    flow = np.zeros((height, width, 2), np.float32)
    flow[..., 0] = speed
    return LoadedSample(frame, frame, flow, np.ones((height, width), bool), None)


def levels(speed=10.0, height=64, width=128):
    """A uniform flow to the right, in pixels of each level."""
    flows = [
        np.zeros((height // 2**level, width // 2**level, 2), np.float32)
        for level in range(6, 1, -1)
    ]
    for level, flow in zip(range(6, 1, -1), flows):
        flow[..., 0] = speed / 2**level
    return flows


def test_a_right_prediction():
    loaded = pair()
    images = validation_images(loaded, loaded.flow, levels())
    assert list(images) == ["frame1", "frame2", "ground_truth", "prediction", "error", "pyramid"]
    assert all(
        image.dtype == np.uint8 and image.shape == (60, 120, 3)
        for name, image in images.items()
        if name != "pyramid"
    )
    assert np.array_equal(images["frame1"], loaded.frame1) and np.array_equal(
        images["ground_truth"], flow_to_color(loaded.flow)
    )
    assert np.array_equal(images["ground_truth"], images["prediction"]) and np.all(
        images["error"] == KITTI_COLORS[0]
    )


def test_one_scale_for_ground_truth_and_prediction():
    loaded = pair()
    half, beyond = (
        validation_images(loaded, loaded.flow * np.float32(factor), levels())["prediction"][0, 0]
        for factor in (0.5, 2)
    )
    # Paler for slower motion, full colour for faster.
    assert 100 < half[2] < 160 and half[0] == 255 and beyond.tolist() == [255, 0, 0]


def test_levels_are_in_pixels_of_the_input():
    pyramid = validation_images(pair(), pair().flow, levels())["pyramid"]
    cell = (MAX_WIDTH - 4 * GAP) // 5
    cells = [pyramid[:, index * (cell + GAP) : index * (cell + GAP) + cell] for index in range(5)]
    assert (
        pyramid.shape == (cell // 2, 5 * cell + 4 * GAP, 3)
        and all(np.array_equal(each, cells[0]) for each in cells)
        and np.ptp(cells[0][..., 0]) == 0
    )
    assert np.array_equal(
        cells[0][0, 0], flow_to_color(np.full((1, 1, 2), (10, 0), np.float32))[0, 0]
    )


def test_wide_frames_are_reduced_and_sparse_ground_truth_keeps_its_colour():
    loaded = pair(375, 1242)
    loaded.valid[:], loaded.valid[::2, ::2] = False, True
    loaded.valid[:, :300] = False
    loaded.flow[~loaded.valid] = np.nan
    images = validation_images(loaded, pair(375, 1242).flow, levels(height=384, width=1280))
    assert all(
        images[name].shape == (155, MAX_WIDTH, 3)
        for name in ("frame1", "ground_truth", "prediction", "error")
    )
    assert (
        np.array_equal(images["ground_truth"][:, 130:], images["prediction"][:, 130:])
        and not images["ground_truth"][:, :120].any()
    )
    assert (
        np.all(images["error"][:, 130:] == KITTI_COLORS[0]) and not images["error"][:, :120].any()
    )


@pytest.mark.parametrize("valid", [True, False])
def test_ground_truth_without_motion_or_without_a_valid_pixel(valid):
    loaded = pair(speed=0.0)
    loaded.valid[:] = valid
    images = validation_images(loaded, loaded.flow, levels(0.0))
    assert np.all(images["ground_truth"] == (255 if valid else 0)) and np.all(
        images["prediction"] == 255
    )


def test_wrong_arrays():
    loaded = pair()
    with pytest.raises(ValueError, match="ground truth"):
        validation_images(loaded._replace(flow=None, valid=None), loaded.flow, levels())
    with pytest.raises(ValueError, match="padding"):
        validation_images(loaded, np.zeros((64, 128, 2), np.float32), levels())
