"""Codecs of binary flow files: .flo (Middlebury) and .pfm (FlyingThings3D).

Each `decode` returns the flow as it is stored, and None for a mask that the format lacks.
"""

from __future__ import annotations

import re
import struct

import numpy as np

MAX_SIDE = 100000  # pixels; larger numbers in a header mean that the file is damaged
UNKNOWN_FLOW = 1e10  # both components of unknown flow, where it is written
FLO_MAGIC = b"PIEH"  # 202021.25 as little-endian float32
FLO_HEADER = struct.Struct("<4sii")
PFM_HEADER = re.compile(
    rb"PF\s+(\d+)\s+(\d+)\s+([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\r\n|\s)"
)


def decode_flo(data: bytes, path: str) -> tuple[np.ndarray, None]:
    """The flow [H, W, 2] float32 of a .flo file."""
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
    return flow, None


def encode_flo(flow: np.ndarray, valid: np.ndarray | None, path: str) -> bytes:
    """A .flo file; pixels that are not valid are written as unknown."""
    height, width = flow.shape[:2]
    if valid is not None:
        flow = _marked(flow, valid)
    return FLO_HEADER.pack(FLO_MAGIC, width, height) + flow.astype("<f4").tobytes()


def decode_pfm(data: bytes, path: str) -> tuple[np.ndarray, None]:
    """The flow [H, W, 2] float32 of a .pfm file, the top row first."""
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
    return flow, None


def encode_pfm(flow: np.ndarray, valid: np.ndarray | None, path: str) -> bytes:
    """A .pfm file, little-endian, the bottom row first; the third channel is 0."""
    height, width = flow.shape[:2]
    values = np.zeros((height, width, 3), "<f4")
    values[..., :2] = flow if valid is None else _marked(flow, valid)
    return b"PF\n%d %d\n-1.0\n" % (width, height) + values[::-1].tobytes()


def _marked(flow: np.ndarray, valid: np.ndarray) -> np.ndarray:
    return np.where(valid[..., np.newaxis], flow, np.float32(UNKNOWN_FLOW))


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
