"""Flow files: Middlebury and Sintel .flo, KITTI 16-bit .png, FlyingThings3D .pfm."""

import os
import re
import struct

import cv2
import numpy as np

from pwcnet.io.atomic import write_bytes

UNKNOWN_THRESHOLD = (
    1e9  # Middlebury: a component beyond this means that the flow of the pixel is unknown
)
UNKNOWN_FLOW = 1e10  # what is written there
LARGEST_SIDE = 100000  # a header that says more is no header

FLO_MAGIC = b"PIEH"  # 202021.25 as little-endian float32
FLO_HEADER = struct.Struct("<4sii")
KITTI_ZERO, KITTI_STEPS = 32768, 64  # the code of no motion, and codes a pixel of motion
KITTI_SMALLEST, KITTI_LARGEST = -KITTI_ZERO / KITTI_STEPS, (65535 - KITTI_ZERO) / KITTI_STEPS
PFM_HEADER = re.compile(
    rb"PF\s+(\d+)\s+(\d+)\s+([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\r\n|\s)"
)


def valid_pixels(flow):
    """Where the flow is known: both components finite and at most UNKNOWN_THRESHOLD in magnitude (Middlebury's convention).

    flow: [..., 2] floating, pixels, channels (u, v). Returns bool [...].
    """
    with np.errstate(invalid="ignore"):
        known = (flow <= UNKNOWN_THRESHOLD) & (flow >= -UNKNOWN_THRESHOLD)
    return known[..., 0] & known[..., 1]  # np.all over an axis of two takes many times as long


def as_mask(mask, shape):
    """A mask as bool: numbers other than zero are True, and None is True everywhere. ValueError unless it has the shape."""
    mask = np.ones(shape, bool) if mask is None else np.asarray(mask) != 0
    if mask.shape != tuple(shape):
        raise ValueError(
            "expected a mask of valid pixels of shape %s, got %s; try the mask of the same frame"
            % (tuple(shape), mask.shape)
        )
    return mask


def read_flow(path):
    """Reads .flo, .png (KITTI) or .pfm, by the ending of the name.

    Returns (flow, valid). flow: [H, W, 2] float32, pixels, channels (u, v), u to the right, v down. valid: [H, W] bool.
    Pixels that are not valid keep the file's values in .flo and .pfm, and are 0 in .png, whose codes say nothing there.
    Raises FileNotFoundError, or ValueError for another ending or a file that is not what its ending says; both name the file.
    """
    path = os.fspath(path)
    flow, valid = _by_ending(
        path, {".flo": _decode_flo, ".pfm": _decode_pfm, ".png": _decode_kitti}
    )(read_bytes(path), path)
    return flow, valid_pixels(flow) if valid is None else valid


def write_flow(path, flow, valid=None):
    """Writes .flo or .png (KITTI), by the ending of the name, completely or not at all.

    flow: [H, W, 2] floating, pixels, channels (u, v). valid: [H, W] bool (or numbers, non-zero = valid).
    None: .flo takes every value as it is; .png takes what `valid_pixels` says. Pixels that are not valid are written as 1e10, in .png as 0.
    .png rounds to 1/64 pixel and raises ValueError for valid values outside [-512, 511.984375]; other shapes or endings raise ValueError too.
    """
    path = os.fspath(path)
    encode = _by_ending(path, {".flo": _encode_flo, ".png": _encode_kitti})
    flow = np.asarray(flow, np.float32)
    if flow.ndim != 3 or flow.shape[2] != 2 or not flow.size:
        raise ValueError(
            "expected flow of shape [H, W, 2], got %s for %s; try one flow at a time"
            % (flow.shape, path)
        )
    if valid is not None:
        valid = as_mask(valid, flow.shape[:2])
    write_bytes(path, encode(flow, valid, path))


def read_bytes(path):
    """The whole file; FileNotFoundError that names it where there is none."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        raise FileNotFoundError(
            "expected a file, got none at %s; try another name, or a look into its folder" % path
        ) from None


def decode_image(data, path):
    """Decodes a picture file as it is stored: [H, W] or [H, W, C], any dtype, channels BGR(A), EXIF orientation ignored (OpenCV).

    data: the file's bytes; path: only for the message. Raises ValueError for what OpenCV cannot read, and for a JPEG that breaks off.
    """
    # Some releases of OpenCV fill the rest of a JPEG that breaks off with grey and say nothing: it has no end mark after its last scan.
    broken_off = data.startswith(b"\xff\xd8") and data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")
    try:
        picture = (
            None
            if broken_off or not data
            else cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        )
    except cv2.error:
        picture = None
    if picture is None:
        raise ValueError(
            "expected a picture that OpenCV reads completely, got %d bytes that are none in %s; try copying the file again"
            % (len(data), path)
        )
    return picture


def _by_ending(path, table):
    ending = os.path.splitext(path)[1].lower()
    if ending not in table:
        raise ValueError(
            "expected a flow file ending in %s, got %r in %s; try one of these formats"
            % (", ".join(sorted(table)), ending, path)
        )
    return table[ending]


def _check_size(width, height, path):
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise ValueError(
            "expected width and height of 1 to %d, got %d x %d in %s; try copying or exporting the file again"
            % (LARGEST_SIDE, width, height, path)
        )


def _check_length(data, expected, width, height, path):
    what = "expected %d bytes for %d x %d pixels" % (expected, width, height)
    if len(data) < expected:
        raise ValueError(
            "%s, got only %d in %s; try copying the file again, it breaks off"
            % (what, len(data), path)
        )
    if len(data) > expected:
        raise ValueError(
            "%s, got %d more in %s; try the original file, this one has something appended"
            % (what, len(data) - expected, path)
        )


def _decode_flo(data, path):
    if len(data) < FLO_HEADER.size:
        raise ValueError(
            "expected a header of %d bytes, got %d in %s; try copying the file again"
            % (FLO_HEADER.size, len(data), path)
        )
    magic, width, height = FLO_HEADER.unpack_from(data)
    if magic != FLO_MAGIC:
        raise ValueError(
            "expected the bytes %r at the start, got %r in %s; try a .flo file as Middlebury defines it"
            % (FLO_MAGIC, magic, path)
        )
    _check_size(width, height, path)
    _check_length(data, FLO_HEADER.size + 8 * width * height, width, height, path)
    return np.frombuffer(data, "<f4", offset=FLO_HEADER.size).reshape(height, width, 2).astype(
        np.float32
    ), None


def _encode_flo(flow, valid, _):
    height, width = flow.shape[:2]
    if valid is not None:
        flow = np.where(valid[..., np.newaxis], flow, np.float32(UNKNOWN_FLOW))
    return FLO_HEADER.pack(FLO_MAGIC, width, height) + flow.astype("<f4").tobytes()


def _decode_kitti(data, path):
    codes = decode_image(data, path)
    channels = 1 if codes.ndim == 2 else codes.shape[2]
    if codes.dtype != np.uint16 or channels != 3:
        raise ValueError(
            "expected a 16-bit picture of 3 channels, got %s and %d in %s; try KITTI's flow_occ or flow_noc, not a frame or a colour picture"
            % (codes.dtype, channels, path)
        )
    valid = codes[..., 0] != 0  # OpenCV's order is B, G, R = valid, v, u
    flow = (codes[..., :0:-1].astype(np.float32) - KITTI_ZERO) / KITTI_STEPS
    flow[~valid] = 0
    return flow, valid


def _encode_kitti(flow, valid, path):
    valid = valid_pixels(flow) if valid is None else valid
    with np.errstate(invalid="ignore"):
        wrong = valid[..., np.newaxis] & ~((flow >= KITTI_SMALLEST) & (flow <= KITTI_LARGEST))
    if wrong.any():
        raise ValueError(
            "expected flow of %g to %.6f pixels, got %g for %s; try .flo, or mark such pixels as not valid"
            % (KITTI_SMALLEST, KITTI_LARGEST, flow[wrong][0], path)
        )
    codes = np.zeros(valid.shape + (3,), np.uint16)
    codes[valid, 0] = 1
    codes[valid, 1:] = np.rint(flow[valid][:, ::-1] * KITTI_STEPS + KITTI_ZERO)
    return cv2.imencode(".png", codes)[1].tobytes()


def _decode_pfm(data, path):
    if data[:2] == b"Pf":
        raise ValueError(
            "expected a colour PFM (b'PF'), got a grey one (b'Pf') in %s; try an optical flow file, this looks like a disparity"
            % path
        )
    if data[:2] != b"PF":
        raise ValueError(
            "expected the bytes b'PF' at the start, got %r in %s; try a PFM file as FlyingThings3D has it"
            % (data[:2], path)
        )
    header = PFM_HEADER.match(data)
    if header is None:
        raise ValueError(
            "expected a header of PF, width, height and scale, got %r in %s; try copying the file again"
            % (data[:32], path)
        )
    width, height, scale = int(header.group(1)), int(header.group(2)), float(header.group(3))
    _check_size(width, height, path)
    if scale == 0:
        raise ValueError(
            "expected a scale other than zero, got 0 in %s; try exporting it again with -1 for little-endian"
            % path
        )
    _check_length(data, header.end() + 12 * width * height, width, height, path)
    values = np.frombuffer(data, "<f4" if scale < 0 else ">f4", offset=header.end()).reshape(
        height, width, 3
    )
    return np.ascontiguousarray(values[::-1, :, :2], dtype=np.float32), None
