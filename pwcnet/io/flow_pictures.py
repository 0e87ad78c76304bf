"""Flow as two 8-bit images, x and y, as networks of action recognition read it.

A bound of B pixels maps -B..B to 0..255, as in dense_flow of TSN (Wang et al. 2016):
round(255 (u + B) / 2B), clipped. No motion is 128, which is read as B / 255 pixels. Unknown flow is
written as no motion: the images have no value for it.
"""

from __future__ import annotations

import os
import re

import cv2
import numpy as np

from pwcnet.io.atomic import write_bytes
from pwcnet.io.flow_files import decode_image, read_bytes, valid_pixels

EXTENSIONS = (".png", ".jpg", ".jpeg")
X_NAME = re.compile(r"(?:^|(?<=_))x(?=_|$)", re.IGNORECASE)  # flow_x_00001, clip_000001_x, x_1
LARGEST = 255


def y_picture(path: str) -> str | None:
    """The path of the y image beside an x image; None for a file that is no x image by its name."""
    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    if extension.lower() not in EXTENSIONS or not X_NAME.search(stem):
        return None
    return os.path.join(folder, _replaced(stem, "y") + extension)


def pair_name(path: str) -> str:
    """The name of the flow of an x image: flow_00001 of flow_x_00001.jpg, a of a_x.png."""
    stem = os.path.splitext(os.path.basename(path))[0]
    return re.sub("__+", "_", _replaced(stem, "")).strip("_") or stem


def read_flow_pictures(path_x: str, path_y: str, bound: float) -> np.ndarray:
    """Reads flow from two images.

    Args:
        path_x: The image of u, 8-bit grey.
        path_y: The image of v.
        bound: Pixels of motion at 255.

    Returns:
        [H, W, 2] float32, pixels, channels (u, v), in steps of 2 bound / 255.

    Raises:
        FileNotFoundError: An image is missing.
        ValueError: An image is damaged, of another type, or they differ in size.
    """
    codes = [_read_codes(path) for path in (path_x, path_y)]
    if codes[0].shape != codes[1].shape:
        raise ValueError(
            "%s has %dx%d pixels (height x width), %s has %dx%d"
            % (path_x, *codes[0].shape, path_y, *codes[1].shape)
        )
    return (np.stack(codes, axis=-1) * (2 * bound / LARGEST) - bound).astype(np.float32)


def write_flow_pictures(path_x: str, path_y: str, flow: np.ndarray, bound: float) -> int:
    """Writes flow as two 8-bit images.

    Args:
        path_x: The image of u, .png or .jpg.
        path_y: The image of v.
        flow: [H, W, 2], floating, pixels, channels (u, v).
        bound: Pixels of motion at 255.

    Returns:
        How many pixels are beyond the bound, or unknown.

    Raises:
        OSError: A file cannot be written.
    """
    known = valid_pixels(flow)
    flow = np.where(known[..., np.newaxis], flow, 0)
    codes = np.rint((flow.astype(np.float64) + bound) * LARGEST / (2 * bound))
    codes = np.clip(codes, 0, LARGEST).astype(np.uint8)
    for channel, path in enumerate((path_x, path_y)):
        extension = os.path.splitext(path)[1]
        write_bytes(path, cv2.imencode(extension, codes[..., channel])[1].tobytes())
    return int((~known | (np.abs(flow) > bound).any(axis=-1)).sum())


def _read_codes(path: str) -> np.ndarray:
    image = decode_image(read_bytes(path), path)
    if image.dtype == np.uint8 and image.ndim == 3:
        image = image[..., 0]  # grey that was stored as colors
    if image.dtype != np.uint8 or image.ndim != 2:
        raise ValueError("%s must be an image of 8 bits, got %s" % (path, image.dtype))
    return image


def _replaced(stem: str, axis: str) -> str:
    """The name with its last x replaced."""
    last = list(X_NAME.finditer(stem))[-1]
    return stem[: last.start()] + axis + stem[last.end() :]
