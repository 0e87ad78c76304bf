import base64

import cv2
import numpy as np
import pytest

from pwcnet.evaluation.html.gallery import error_legend, pair_images, wheel_image
from pwcnet.flow.colors import flow_to_color
from tests.helpers.evaluations import pictures


def decoded(picture):
    """[H, W, 3 or 4] uint8, RGB first."""
    kind, data = picture.data.split(",")
    assert kind in ("data:image/png;base64", "data:image/jpeg;base64")
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.shape[:2] == (picture.height, picture.width)
    return np.concatenate([image[..., 2::-1], image[..., 3:]], axis=-1)


def test_pictures_of_a_pair():
    loaded, flow = pictures("any")
    made = pair_images(loaded, flow)
    assert made.size == (20, 600) and made.max_magnitude == 3.0
    assert [each.caption for each in made.frames + made.flows] == [
        "Frame 1",
        "Frame 2",
        "Ground truth",
        "Prediction",
        "End-point error",
    ]
    assert {(each.width, each.height) for each in made.frames + made.flows} == {(512, 17)}
    first, second, truth, prediction, error = (decoded(each) for each in made.frames + made.flows)
    assert (
        np.abs(first.astype(int) - (250, 10, 20)).max() < 6
        and np.abs(second.astype(int) - (20, 10, 250)).max() < 6
    )
    full = flow_to_color(np.float32([[[3, 0]]]), 3.0)[0, 0]
    assert (
        (truth[:, :255] == 0).all()
        and (truth[:, 257:] == full).all()
        and (prediction == full).all()
    )
    assert (error[:, :255] == 0).all() and (
        error[0, 300] == (254, 224, 144)
    ).all()  # 4 px: the first step beyond 3


def test_small_pictures_stay_as_they_are():
    made = pair_images(*pictures("any", 8, 16))
    assert {(each.width, each.height) for each in made.frames + made.flows} == {(16, 8)}


def test_neighbours_stand_for_pixels_without_truth():
    """As in KITTI, where one in six has truth: what is shrunk does not fade to black."""
    loaded, flow = pictures("any", 8, 1024)
    valid = np.zeros((8, 1024), bool)
    valid[::2, ::2] = True
    truth = decoded(pair_images(loaded._replace(valid=valid), flow).flows[0])
    assert (truth == flow_to_color(loaded.flow[:1, :1], 3.0)[0, 0]).all()


def test_no_motion_and_no_truth_at_all():
    loaded, flow = pictures("any", 8, 16)
    still = pair_images(loaded._replace(flow=np.zeros_like(flow)), 0 * flow)
    assert still.max_magnitude == 1.0 and (decoded(still.flows[1]) == 255).all()
    nothing = pair_images(loaded._replace(valid=np.zeros((8, 16), bool)), flow)
    assert not decoded(nothing.flows[0]).any() and not decoded(nothing.flows[2]).any()


def test_a_flow_of_another_size():
    loaded, flow = pictures("any")
    with pytest.raises(ValueError, match="one shape"):
        pair_images(loaded, flow[:-1])


def test_legends():
    wheel = decoded(wheel_image())
    assert wheel.shape == (96, 96, 4) and not wheel[0, 0, 3] and wheel[48, 48, 3] == 255
    legend = error_legend()
    assert (
        len(legend) == 10
        and legend[0] == ("#313695", 0.1875)
        and legend[4][1] == 3
        and legend[-1] == ("#a50026", None)
    )
