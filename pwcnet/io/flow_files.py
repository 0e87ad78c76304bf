"""Flow files: .flo, KITTI's 16-bit .png, .pfm, NumPy's .npy and .npz, HDF5 .flo5.

Formats:
    .flo: "PIEH" (202021.25 as little-endian float32), int32 width, int32 height, then float32 u, v
        of each pixel, row by row. Values beyond 1e9 and NaN mean that the flow is unknown
        (https://vision.middlebury.edu/flow/code/flow-code/README.txt).
    .png: 16 bits, three channels: red = 64 u + 32768, green = 64 v + 32768, blue = 1 where the flow
        is valid (development kit of KITTI 2012 and 2015).
    .pfm: "PF", width, height and a scale whose sign is the byte order, then three float32 channels
        of each pixel, the bottom row first; the third is unused (http://www.pauldebevec.com/Research/HDR/PFM).
    .npy, .npz, .flo5: see `pwcnet.io.flow_arrays`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Callable

import cv2
import numpy as np

from pwcnet.io.atomic import write_bytes
from pwcnet.io.flow_arrays import (
    decode_flo5,
    decode_npy,
    decode_npz,
    encode_flo5,
    encode_npy,
    encode_npz,
)
from pwcnet.io.flow_binary import UNKNOWN_FLOW as UNKNOWN_FLOW
from pwcnet.io.flow_binary import decode_flo, decode_pfm, encode_flo, encode_pfm
from pwcnet.io.jpeg import SOI, jpeg_fault

UNKNOWN_THRESHOLD = 1e9  # Middlebury: the flow of a pixel is unknown beyond this

KITTI_ZERO, KITTI_STEPS = 32768, 64  # the code of no motion; codes per pixel of motion
KITTI_MIN, KITTI_MAX = -KITTI_ZERO / KITTI_STEPS, (65535 - KITTI_ZERO) / KITTI_STEPS  # pixels


def valid_pixels(flow: np.ndarray) -> np.ndarray:
    """Where flow is known by Middlebury's convention: finite and at most 1e9 in magnitude.

    Args:
        flow: [..., 2], floating, pixels, channels (u, v).

    Returns:
        [...] bool.
    """
    with np.errstate(invalid="ignore"):
        known = (flow <= UNKNOWN_THRESHOLD) & (flow >= -UNKNOWN_THRESHOLD)
    return known[..., 0] & known[..., 1]  # np.all over an axis of two takes many times as long


def as_mask(mask: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """A mask as bool.

    Args:
        mask: Numbers, non-zero = True, or bool; None is True everywhere.
        shape: The shape that the mask must have.

    Returns:
        [*shape] bool.

    Raises:
        ValueError: The mask has another shape.
    """
    if mask is None:
        return np.ones(shape, bool)
    mask = np.asarray(mask) != 0
    if mask.shape != tuple(shape):
        raise ValueError("A mask must have the shape %s, got %s" % (tuple(shape), mask.shape))
    return mask


def read_flow(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads a flow file in the format of its extension, one of FLOW_EXTENSIONS.

    Args:
        path: The file.

    Returns:
        flow: [H, W, 2] float32, pixels, channels (u, v), u to the right, v down. Where it is not
            valid, it keeps the values of the file, and is 0 for .png files.
        valid: [H, W] bool.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The extension is unknown, or the file is damaged or of another format; the
            message names it and what is wrong.
    """
    path = os.fspath(path)
    decode = _by_extension(path, DECODERS)
    flow, valid = decode(read_bytes(path), path)
    known = valid_pixels(flow)
    return flow, known if valid is None else known & valid


def write_flow(path: str, flow: np.ndarray, valid: np.ndarray | None = None) -> None:
    """Writes a flow file in the format of its extension, one of FLOW_EXTENSIONS.

    The file is written completely or not at all; its folder is created if it is missing.

    Args:
        path: The file.
        flow: [H, W, 2], floating, pixels, channels (u, v).
        valid: [H, W], non-zero = valid. Other pixels are written as 1e10 into .flo and .pfm files,
            as NaN into NumPy's and HDF5's, and as invalid into .png files. None: every value is
            written as it is; a .png file is valid where `valid_pixels` says so.

    Raises:
        ValueError: The extension is unknown, a shape is wrong, or a valid pixel is outside of the
            range of .png files, -512 to 511.984375 pixels (which are rounded to 1/64 pixel).
        OSError: The file cannot be written.
    """
    path = os.fspath(path)
    encode = _by_extension(path, ENCODERS)
    flow = np.asarray(flow, np.float32)
    if flow.ndim != 3 or flow.shape[2] != 2 or not flow.size:
        raise ValueError(
            "The flow for %s must have the shape [H, W, 2], got %s" % (path, flow.shape)
        )
    if valid is not None:
        valid = as_mask(valid, flow.shape[:2])
    write_bytes(path, encode(flow, valid, path))


def clip_to_kitti(flow: np.ndarray) -> tuple[np.ndarray, int]:
    """Clips flow to the range of KITTI's files, as the benchmark's own programs do.

    Args:
        flow: [H, W, 2], floating, pixels. Unknown values stay as they are.

    Returns:
        The flow, and how many known pixels have changed.
    """
    clipped = np.clip(flow, KITTI_MIN, KITTI_MAX)
    changed = (clipped != flow).any(axis=-1) & valid_pixels(flow)
    return np.where(changed[..., np.newaxis], clipped, flow), int(changed.sum())


def read_bytes(path: str) -> bytes:
    """Reads a whole file; raises FileNotFoundError that names it where there is none."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        link = os.path.islink(path)
        raise FileNotFoundError(
            "%s is a link that leads nowhere" % path if link else "No file at %s" % path
        ) from None


def decode_image(data: bytes, path: str) -> np.ndarray:
    """Decodes an image file as it is stored; the EXIF orientation is ignored (OpenCV).

    Args:
        data: The content of the file.
        path: The file, for the message.

    Returns:
        [H, W] or [H, W, C], any dtype, channels BGR or BGRA.

    Raises:
        ValueError: OpenCV cannot decode the file, or it is a JPEG that lacks a part.
    """
    fault = jpeg_fault(data) if data.startswith(SOI) else None
    image = None
    if data and fault is None:
        with suppress(cv2.error):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError(
            "%s is not a complete image (%d bytes%s); copy the file again"
            % (path, len(data), ": " + fault if fault else "")
        )
    return image


def _by_extension(path: str, functions: dict[str, Callable]) -> Callable:
    extension = os.path.splitext(path)[1].lower()
    if extension not in functions:
        raise ValueError(
            "The extension of a flow file must be one of %s, got %r in %s"
            % (", ".join(sorted(functions)), extension, path)
        )
    return functions[extension]


def _decode_kitti(data: bytes, path: str) -> tuple[np.ndarray, np.ndarray]:
    codes = decode_image(data, path)
    channels = 1 if codes.ndim == 2 else codes.shape[2]
    if codes.dtype != np.uint16 or channels != 3:
        raise ValueError(
            "%s is not a flow file of KITTI: it must have 3 channels of uint16, got %d of %s "
            "(flow_occ and flow_noc hold flow)" % (path, channels, codes.dtype)
        )
    valid = codes[..., 0] != 0  # OpenCV's order is blue, green, red = valid, v, u
    flow = (codes[..., :0:-1].astype(np.float32) - KITTI_ZERO) / KITTI_STEPS
    flow[~valid] = 0
    return flow, valid


def _encode_kitti(flow: np.ndarray, valid: np.ndarray | None, path: str) -> bytes:
    valid = valid_pixels(flow) if valid is None else valid
    with np.errstate(invalid="ignore"):
        outside = valid[..., np.newaxis] & ~((flow >= KITTI_MIN) & (flow <= KITTI_MAX))
    if outside.any():
        raise ValueError(
            "%s can hold %g to %.6f pixels of flow, got %g; use .flo, or mark the pixel as invalid"
            % (path, KITTI_MIN, KITTI_MAX, flow[outside][0])
        )
    codes = np.zeros(valid.shape + (3,), np.uint16)
    codes[valid, 0] = 1
    codes[valid, 1:] = np.rint(flow[valid][:, ::-1] * KITTI_STEPS + KITTI_ZERO)
    return cv2.imencode(".png", codes)[1].tobytes()


DECODERS: dict[str, Callable] = {
    ".flo": decode_flo,
    ".png": _decode_kitti,
    ".pfm": decode_pfm,
    ".npy": decode_npy,
    ".npz": decode_npz,
    ".flo5": decode_flo5,
}
ENCODERS: dict[str, Callable] = {
    ".flo": encode_flo,
    ".png": _encode_kitti,
    ".pfm": encode_pfm,
    ".npy": encode_npy,
    ".npz": encode_npz,
    ".flo5": encode_flo5,
}
FLOW_EXTENSIONS = tuple(DECODERS)
