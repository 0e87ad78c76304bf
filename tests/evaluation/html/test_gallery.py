"""Images of a pair, as a page holds them."""

import base64

import cv2
import numpy as np
import pytest

from pwcnet.evaluation.html.gallery import error_legend, pair_images, wheel_image
from pwcnet.flow.colors import flow_to_color
from pwcnet.flow.confidence import LEAVING
from tests.helpers.evaluations import loaded_pair

FULL_COLOR = flow_to_color(np.float32([[[3, 0]]]), 3.0)[0, 0]  # of the ground truth


def decode(page_image):
    """[H, W, 3 or 4] uint8, RGB first."""
    kind, data = page_image.data.split(",")
    assert kind in ("data:image/png;base64", "data:image/jpeg;base64")
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.shape[:2] == (page_image.height, page_image.width)
    return np.concatenate([image[..., 2::-1], image[..., 3:]], axis=-1)


def test_images_of_a_pair():
    images = pair_images(*loaded_pair("any"))
    assert images.size == (20, 600) and images.max_magnitude == 3.0
    shown = images.frames + images.flows
    captions = ["Frame 1", "Frame 2", "Ground truth", "Prediction", "End-point error"]
    assert [image.caption for image in shown] == captions
    assert {(image.width, image.height) for image in shown} == {(512, 17)}
    first, second, ground_truth, prediction, error = (decode(image) for image in shown)
    for frame, color in ((first, (250, 10, 20)), (second, (20, 10, 250))):
        assert np.abs(frame.astype(int) - color).max() < 6
    assert (ground_truth[:, :255] == 0).all() and (ground_truth[:, 257:] == FULL_COLOR).all()
    # 7 px on a scale of 3 px: full colour, without the darkening of colours beyond the maximum.
    assert (prediction == FULL_COLOR).all()
    assert (error[:, :255] == 0).all()
    assert (error[0, 300] == (254, 224, 144)).all()  # 4 px: the first step beyond 3


def test_confidence_where_the_backward_flow_is_known():
    loaded, prediction = loaded_pair("any")
    backward = -prediction
    backward[:, :100] = 50, 0  # where no pixel above column 93 leads to
    *others, confidence = pair_images(loaded, prediction, backward).flows
    assert [image.caption for image in others] == ["Ground truth", "Prediction", "End-point error"]
    assert confidence.caption == "Confidence" and (confidence.width, confidence.height) == (512, 17)
    grey = decode(confidence)
    assert (grey[:, :70] < 5).all() and (grey[:, 100:-8] == 255).all()
    assert (np.abs(grey[:, -5:] - 255 * LEAVING) < 1).all()


def test_small_images_keep_their_size():
    images = pair_images(*loaded_pair("any", 8, 16))
    assert {(image.width, image.height) for image in images.frames + images.flows} == {(16, 8)}


def test_sparse_ground_truth_stays_bright():
    """As in KITTI, where one pixel in six has ground truth."""
    loaded, prediction = loaded_pair("any", 8, 1024)
    valid = np.zeros((8, 1024), bool)
    valid[::2, ::2] = True
    images = pair_images(loaded._replace(valid=valid), prediction)
    assert (decode(images.flows[0]) == FULL_COLOR).all()


def test_no_motion():
    loaded, flow = loaded_pair("any", 8, 16)
    images = pair_images(loaded._replace(flow=np.zeros_like(flow)), 0 * flow)
    assert images.max_magnitude == 1.0 and (decode(images.flows[1]) == 255).all()


def test_no_valid_pixel():
    loaded, prediction = loaded_pair("any", 8, 16)
    images = pair_images(loaded._replace(valid=np.zeros((8, 16), bool)), prediction)
    assert not decode(images.flows[0]).any() and not decode(images.flows[2]).any()


def test_a_prediction_of_another_size():
    loaded, prediction = loaded_pair("any")
    with pytest.raises(ValueError, match="19, 600, 2.*20, 600, 2"):
        pair_images(loaded, prediction[:-1])


def test_legends():
    wheel = decode(wheel_image())
    assert wheel.shape == (96, 96, 4) and not wheel[0, 0, 3] and wheel[48, 48, 3] == 255
    legend = error_legend()
    assert len(legend) == 10 and legend[0] == ("#313695", 0.1875) and legend[4][1] == 3
    assert legend[-1] == ("#a50026", None)
