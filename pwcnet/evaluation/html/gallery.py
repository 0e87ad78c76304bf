"""Pictures of one pair for a page: frames, truth, prediction and error, as data that the page holds itself."""

import base64
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from pwcnet.flow.colors import KITTI_BINS, KITTI_COLORS, color_wheel, error_to_color, flow_to_color
from pwcnet.flow.metrics import FL_PIXELS, endpoint_error
from pwcnet.io.flow_files import as_mask, valid_pixels

WIDTH = 512  # pixels; larger pictures are shrunk to it
JPEG_QUALITY = 88
WHEEL = 96


class Picture(NamedTuple):
    """caption: what it shows. data: a data URI. width, height: pixels of the picture itself."""

    caption: str
    data: str
    width: int
    height: int


class PairPictures(NamedTuple):
    """size: (height, width) of the frames. scale: the speed of full colour in pixels. frames: Pictures of frame 1 and 2. flows: of truth, prediction, error."""

    size: Tuple[int, int]
    scale: float
    frames: Tuple[Picture, ...]
    flows: Tuple[Picture, ...]


def pair_pictures(loaded, flow):
    """`PairPictures` of a pwcnet.data.sample.Loaded with truth and its prediction.

    flow: [H, W, 2] floating, pixels, channels (u, v). Truth and prediction share a scale, the largest true speed.
    Raises ValueError for a prediction of another size and for one that is not finite.
    """
    known = valid_pixels(loaded.flow) & as_mask(loaded.valid, loaded.flow.shape[:2])
    speed = np.where(
        known, np.hypot(*np.moveaxis(np.where(known[..., None], loaded.flow, 0), -1, 0)), 0.0
    )
    scale = float(speed.max()) or 1.0
    error = np.where(known, endpoint_error(flow, loaded.flow), 0.0)
    everywhere = np.ones(known.shape, bool)
    return PairPictures(
        known.shape,
        scale,
        tuple(
            _picture("Frame %d" % number, frame, everywhere, ".jpg")
            for number, frame in enumerate((loaded.frame1, loaded.frame2), 1)
        ),
        (
            _picture("Truth", flow_to_color(loaded.flow, scale, known), known),
            _picture("Prediction", flow_to_color(flow, scale), everywhere),
            _picture("Error", error_to_color(error, speed, known), known),
        ),
    )


def wheel_picture():
    """The legend of truth and prediction, transparent around the disc."""
    wheel = color_wheel(WHEEL)
    distance = np.hypot(*np.indices((WHEEL, WHEEL)) - (WHEEL - 1) / 2)
    alpha = np.where(distance <= WHEEL / 2, 255, 0).astype(np.uint8)
    return Picture("Direction of motion", _encoded(np.dstack([wheel, alpha]), ".png"), WHEEL, WHEEL)


def error_legend():
    """[(CSS colour, the upper end of its step in pixels or None)] of the error pictures, from right to wrong."""
    return [
        ("#%02x%02x%02x" % tuple(color), None if end is None else FL_PIXELS * end)
        for color, end in zip(KITTI_COLORS.tolist(), KITTI_BINS + (None,))
    ]


def _picture(caption, picture, valid, ending=".png"):
    """Shrunk over valid pixels alone: where only some have truth, their colour stands for the neighbourhood."""
    height, width = valid.shape
    if width > WIDTH:
        size = WIDTH, max(1, int(round(WIDTH * height / width)))
        share = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)[..., None]
        total = cv2.resize(
            np.where(valid[..., None], picture, 0).astype(np.float32),
            size,
            interpolation=cv2.INTER_AREA,
        )
        mean = np.divide(total, share, out=np.zeros_like(total), where=share > 0.01)
        picture = np.clip(np.rint(mean), 0, 255).astype(np.uint8)
    return Picture(caption, _encoded(picture, ending), picture.shape[1], picture.shape[0])


def _encoded(picture, ending):
    """picture: [H, W, 3 or 4] uint8 RGB(A)."""
    order = cv2.COLOR_RGB2BGR if picture.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    options = (
        [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        if ending == ".jpg"
        else [cv2.IMWRITE_PNG_COMPRESSION, 9]
    )
    _, data = cv2.imencode(ending, cv2.cvtColor(picture, order), options)
    return "data:image/%s;base64,%s" % (
        "jpeg" if ending == ".jpg" else "png",
        base64.b64encode(data.tobytes()).decode("ascii"),
    )
