"""Flow as two 8-bit images."""

import cv2
import numpy as np
import pytest

from pwcnet.io.flow_pictures import (
    pair_name,
    read_flow_pictures,
    write_flow_pictures,
    y_picture,
)

FLOW = np.array([[[0, 0], [20, -20], [5, -7.25]], [[30, 1], [np.nan, 0], [-40, 40]]], np.float32)


def test_codes_are_those_of_dense_flow(tmp_path):
    x, y = str(tmp_path / "a_x.png"), str(tmp_path / "a_y.png")
    assert write_flow_pictures(x, y, FLOW, 20.0) == 3  # two beyond the bound, one unknown
    codes = cv2.imread(x, cv2.IMREAD_UNCHANGED)
    assert codes.dtype == np.uint8 and codes.tolist() == [[128, 255, 159], [255, 128, 0]]
    read = read_flow_pictures(x, y, 20.0)
    inside = np.array([[1, 1, 1], [0, 0, 0]], bool)
    assert read.dtype == np.float32 and np.abs(read - FLOW)[inside].max() <= 20 / 255 + 1e-5
    assert read[1, 2].tolist() == [-20, 20]


def test_names():
    assert y_picture("/a/flow_x_00001.jpg") == "/a/flow_y_00001.jpg"
    assert y_picture("/x_1/clip_000001_x.png") == "/x_1/clip_000001_y.png"
    assert y_picture("a/x_x_7.png") == "a/x_y_7.png"
    for name in ("flow_y_00001.jpg", "box.png", "flow_x_1.flo", "xy_1.png"):
        assert y_picture(name) is None
    assert pair_name("a/flow_x_00001.jpg") == "flow_00001" and pair_name("b_x.png") == "b"
    assert pair_name("x.png") == "x"


def test_refusals_name_the_file(tmp_path):
    x, y = str(tmp_path / "a_x.png"), str(tmp_path / "a_y.png")
    cv2.imwrite(x, np.zeros((4, 5), np.uint8))
    with pytest.raises(FileNotFoundError, match="a_y"):
        read_flow_pictures(x, y, 20.0)
    cv2.imwrite(y, np.zeros((4, 6), np.uint8))
    with pytest.raises(ValueError, match="a_y"):
        read_flow_pictures(x, y, 20.0)
    cv2.imwrite(y, np.zeros((4, 5), np.uint16))
    with pytest.raises(ValueError, match="a_y"):
        read_flow_pictures(x, y, 20.0)
