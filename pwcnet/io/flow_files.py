"""Flow files: Middlebury and Sintel .flo, KITTI 16-bit .png, FlyingThings3D .pfm.

Formats:
    .flo: "PIEH" (202021.25 as little-endian float32), int32 width, int32 height, then float32 u, v
        of each pixel, row by row. Values beyond 1e9 and NaN mean that the flow is unknown
        (https://vision.middlebury.edu/flow/code/flow-code/README.txt).
    .png: 16 bits, three channels: red = 64 u + 32768, green = 64 v + 32768, blue = 1 where the flow
        is valid (development kit of KITTI 2012 and 2015).
    .pfm: "PF", width, height and a scale whose sign is the byte order, then three float32 channels
        of each pixel, the bottom row first; the third is unused (http://www.pauldebevec.com/Research/HDR/PFM).
"""

from __future__ import annotations

import os
import re
import struct
from contextlib import suppress
from typing import Callable

import cv2
import numpy as np

from pwcnet.io.atomic import write_bytes
from pwcnet.io.jpeg import SOI, jpeg_fault

UNKNOWN_THRESHOLD = 1e9  # Middlebury: the flow of a pixel is unknown beyond this
UNKNOWN_FLOW = 1e10  # both components of unknown flow, where it is written
MAX_SIDE = 100000  # pixels; larger numbers in a header mean that the file is damaged

FLO_MAGIC = b"PIEH"  # 202021.25 as little-endian float32
FLO_HEADER = struct.Struct("<4sii")
KITTI_ZERO, KITTI_STEPS = 32768, 64  # the code of no motion; codes per pixel of motion
KITTI_MIN, KITTI_MAX = -KITTI_ZERO / KITTI_STEPS, (65535 - KITTI_ZERO) / KITTI_STEPS  # pixels
PFM_HEADER = re.compile(
    rb"PF\s+(\d+)\s+(\d+)\s+([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\r\n|\s)"
)


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
    """Reads a flow file in the format of its extension: .flo, .png (KITTI) or .pfm.

    Args:
        path: The file.

    Returns:
        flow: [H, W, 2] float32, pixels, channels (u, v), u to the right, v down. Where it is not
            valid, it keeps the values of .flo and .pfm files, and is 0 for .png files.
        valid: [H, W] bool.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The extension is unknown, or the file is damaged or of another format; the
            message names it and what is wrong.
    """
    path = os.fspath(path)
    decode = _by_extension(path, {".flo": _decode_flo, ".pfm": _decode_pfm, ".png": _decode_kitti})
    return decode(read_bytes(path), path)


def write_flow(path: str, flow: np.ndarray, valid: np.ndarray | None = None) -> None:
    """Writes a flow file in the format of its extension: .flo or .png (KITTI).

    The file is written completely or not at all; its folder is created if it is missing.

    Args:
        path: The file.
        flow: [H, W, 2], floating, pixels, channels (u, v).
        valid: [H, W], non-zero = valid. Other pixels are written as 1e10 into .flo files and as
            invalid into .png files. None: a .flo file gets every value as it is, a .png file is
            valid where `valid_pixels` says so.

    Raises:
        ValueError: The extension is unknown, a shape is wrong, or a valid pixel is outside of the
            range of .png files, -512 to 511.984375 pixels (which are rounded to 1/64 pixel).
        OSError: The file cannot be written.
    """
    path = os.fspath(path)
    encode = _by_extension(path, {".flo": _encode_flo, ".png": _encode_kitti})
    flow = np.asarray(flow, np.float32)
    if flow.ndim != 3 or flow.shape[2] != 2 or not flow.size:
        raise ValueError(
            "The flow for %s must have the shape [H, W, 2], got %s" % (path, flow.shape)
        )
    if valid is not None:
        valid = as_mask(valid, flow.shape[:2])
    write_bytes(path, encode(flow, valid, path))


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


def _check_size(width: int, height: int, path: str) -> None:
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise ValueError(
            "The header of %s has width %d and height %d, both must be 1 to %d; "
            "the file is damaged" % (path, width, height, MAX_SIDE)
        )


def _check_length(data: bytes, expected: int, width: int, height: int, path: str) -> None:
    if len(data) != expected:
        raise ValueError(
            "%s has %d bytes, %dx%d pixels (width x height) take %d; %s"
            % (
                path,
                len(data),
                width,
                height,
                expected,
                "it breaks off, copy it again"
                if len(data) < expected
                else "it has been appended to",
            )
        )


def _decode_flo(data: bytes, path: str) -> tuple[np.ndarray, np.ndarray]:
    if len(data) < FLO_HEADER.size:
        raise ValueError(
            "%s has %d bytes, the header of a .flo file takes %d"
            % (path, len(data), FLO_HEADER.size)
        )
    magic, width, height = FLO_HEADER.unpack_from(data)
    if magic != FLO_MAGIC:
        raise ValueError(
            "%s is not a .flo file: it starts with %r instead of %r" % (path, magic, FLO_MAGIC)
        )
    _check_size(width, height, path)
    _check_length(data, FLO_HEADER.size + 8 * width * height, width, height, path)
    values = np.frombuffer(data, "<f4", offset=FLO_HEADER.size)
    flow = values.reshape(height, width, 2).astype(np.float32)
    return flow, valid_pixels(flow)


def _encode_flo(flow: np.ndarray, valid: np.ndarray | None, path: str) -> bytes:
    height, width = flow.shape[:2]
    if valid is not None:
        flow = np.where(valid[..., np.newaxis], flow, np.float32(UNKNOWN_FLOW))
    return FLO_HEADER.pack(FLO_MAGIC, width, height) + flow.astype("<f4").tobytes()


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


def _decode_pfm(data: bytes, path: str) -> tuple[np.ndarray, np.ndarray]:
    if data[:2] != b"PF":
        raise ValueError(
            "%s is not a .pfm file with flow: it starts with %r instead of b'PF'%s"
            % (path, data[:2], " (one channel, as of a disparity)" if data[:2] == b"Pf" else "")
        )
    header = PFM_HEADER.match(data)
    if header is None:
        raise ValueError(
            "The header of %s is damaged: expected PF, width, height and scale, got %r"
            % (path, data[:32])
        )
    width, height, scale = int(header.group(1)), int(header.group(2)), float(header.group(3))
    _check_size(width, height, path)
    if scale == 0:
        raise ValueError("The scale of %s is 0; its sign is the byte order" % path)
    _check_length(data, header.end() + 12 * width * height, width, height, path)
    values = np.frombuffer(data, "<f4" if scale < 0 else ">f4", offset=header.end())
    top_down = values.reshape(height, width, 3)[::-1]
    flow = np.ascontiguousarray(top_down[..., :2], dtype=np.float32)
    return flow, valid_pixels(flow)
