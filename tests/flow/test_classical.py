"""OpenCV's flow as a predictor."""

import numpy as np
import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.flow.classical import METHODS, ClassicalFlow


@pytest.mark.parametrize("method", list(METHODS))
def test_it_finds_most_of_the_motion(method):
    scene = demo_scene(3, 128, 192, 2, 6.0)
    with ClassicalFlow(method) as predictor:
        flow = predictor.flow(*scene.frames)
    assert flow.shape == (128, 192, 2) and flow.dtype == np.float32
    error, speed = (
        np.hypot(*np.moveaxis(each, -1, 0)).mean()
        for each in (flow - scene.flows[0], scene.flows[0])
    )
    assert error < 0.8 * speed


def test_frames_that_are_too_small():
    with pytest.raises(ValueError, match="3x5 pixels"):
        ClassicalFlow("dis").flow(*np.zeros((2, 3, 5, 3), np.uint8))


def test_wrong_arguments():
    with pytest.raises(ValueError, match="dis, farneback, got 'hs'"):
        ClassicalFlow("hs")
    with pytest.raises(ValueError, match="64, 64, 3.*64, 65, 3"):
        ClassicalFlow("dis").flow(np.zeros((64, 64, 3), np.uint8), np.zeros((64, 65, 3), np.uint8))
