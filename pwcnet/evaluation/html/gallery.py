"""Images of one pair for a page: frames, ground truth, prediction, error and confidence."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import cv2
import numpy as np

from pwcnet.flow.color_scale import clip_magnitude, largest_magnitude
from pwcnet.flow.colors import KITTI_BINS, KITTI_COLORS, color_wheel, error_to_color, flow_to_color
from pwcnet.flow.confidence import flow_confidence
from pwcnet.flow.drawing import shrink
from pwcnet.flow.metrics import FL_PIXELS, endpoint_error, flow_magnitude
from pwcnet.io.flow_files import UNKNOWN_FLOW, as_mask, valid_pixels

MAX_WIDTH = 512  # pixels; larger images are shrunk
JPEG_QUALITY = 88
WHEEL_SIZE = 96  # pixels


class PageImage(NamedTuple):
    """An image inside a page.

    Attributes:
        caption: What it shows.
        data: A data URI.
        width, height: The size of the image in pixels.
    """

    caption: str
    data: str
    width: int
    height: int


class PairImages(NamedTuple):
    """The images of one pair.

    Attributes:
        size: (height, width) of the frames in pixels.
        max_magnitude: The magnitude of full colour in pixels.
        frames: Frame 1 and frame 2.
        flows: Ground truth, prediction and error; confidence where the backward flow is known.
    """

    size: tuple[int, int]
    max_magnitude: float
    frames: tuple[PageImage, ...]
    flows: tuple[PageImage, ...]


def pair_images(
    loaded: Any, prediction: np.ndarray, backward: np.ndarray | None = None
) -> PairImages:
    """The images of a pair with ground truth.

    Ground truth and prediction share a colour scale: full colour at the largest magnitude of the
    ground truth and beyond.

    Args:
        loaded: What a sample's `load` returns for a pair with ground truth.
        prediction: [H, W, 2], floating, pixels, channels (u, v).
        backward: The same from frame 2 to frame 1; None shows no confidence.

    Returns:
        The `PairImages`.

    Raises:
        ValueError: The prediction has another size or is not finite.
    """
    valid = valid_pixels(loaded.flow) & as_mask(loaded.valid, loaded.flow.shape[:2])
    ground_truth = np.where(valid[..., np.newaxis], loaded.flow, np.float32(UNKNOWN_FLOW))
    maximum = largest_magnitude(ground_truth)
    error = endpoint_error(prediction, ground_truth)
    predicted_colors = flow_to_color(clip_magnitude(prediction, maximum), maximum)
    error_colors = error_to_color(error, flow_magnitude(ground_truth), valid)
    flows: tuple[PageImage, ...] = (
        page_image("Ground truth", flow_to_color(ground_truth, maximum), valid),
        page_image("Prediction", predicted_colors),
        page_image("End-point error", error_colors, valid),
    )
    if backward is not None:
        grey = np.rint(255 * flow_confidence(prediction, backward)).astype(np.uint8)
        flows += (page_image("Confidence", np.repeat(grey[..., np.newaxis], 3, axis=-1)),)
    return PairImages(
        valid.shape,
        maximum,
        (
            page_image("Frame 1", loaded.frame1, None, ".jpg"),
            page_image("Frame 2", loaded.frame2, None, ".jpg"),
        ),
        flows,
    )


def wheel_image() -> PageImage:
    """The legend of ground truth and prediction, transparent around the disc."""
    wheel = color_wheel(WHEEL_SIZE)
    distance = np.hypot(*np.indices((WHEEL_SIZE, WHEEL_SIZE)) - (WHEEL_SIZE - 1) / 2)
    alpha = np.where(distance <= WHEEL_SIZE / 2, 255, 0).astype(np.uint8)
    data = _data_uri(np.dstack([wheel, alpha]), ".png")
    return PageImage("Direction of motion", data, WHEEL_SIZE, WHEEL_SIZE)


def error_legend() -> list[tuple[str, float | None]]:
    """(CSS colour, upper end of its step in pixels) of the error images; the last step has none."""
    return [
        ("#%02x%02x%02x" % tuple(color), None if end is None else FL_PIXELS * end)
        for color, end in zip(KITTI_COLORS.tolist(), KITTI_BINS + (None,))
    ]


def page_image(
    caption: str,
    image: np.ndarray,
    valid: np.ndarray | None = None,
    extension: str = ".png",
    max_width: int = MAX_WIDTH,
) -> PageImage:
    """An image for a page.

    Args:
        caption: What it shows.
        image: [H, W, 3] uint8 RGB.
        valid: [H, W] bool, the pixels that count where it is shrunk; None is everywhere.
        extension: Of the format, .png or .jpg.
        max_width: Pixels; a wider image is shrunk.
    """
    image = shrink(image, max_width, valid)
    return PageImage(caption, _data_uri(image, extension), image.shape[1], image.shape[0])


def _data_uri(image: np.ndarray, extension: str) -> str:
    """image: [H, W, 3 or 4] uint8 RGB(A)."""
    order = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    if extension == ".jpg":
        kind, options = "jpeg", [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    else:
        kind, options = "png", [cv2.IMWRITE_PNG_COMPRESSION, 9]
    _, data = cv2.imencode(extension, cv2.cvtColor(image, order), options)
    return "data:image/%s;base64,%s" % (kind, base64.b64encode(data.tobytes()).decode("ascii"))
