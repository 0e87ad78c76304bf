"""What the header of an image file says: its size and how it is to be turned (EXIF)."""

from __future__ import annotations

import re
import struct
from typing import Iterator, NamedTuple

import numpy as np

from pwcnet.io.jpeg import SOI, find_segment

HEAD = 1 << 16  # bytes read first; JPEGs and TIFFs with more before the size are read whole
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
TIFF_MAGICS = (b"II*\0", b"MM\0*")
SIZE_SEGMENTS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15 of JPEG
APP1, SOS = 0xE1, 0xDA
EXIF = b"Exif\0\0"
TIFF_WIDTH, TIFF_HEIGHT, TIFF_ORIENTATION = 256, 257, 274
PNM = re.compile(rb"P[2-6](?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)\s")


class ImageHeader(NamedTuple):
    """The header of an image file.

    Attributes:
        height: Rows, as they are stored.
        width: Columns, as they are stored.
        orientation: 1 to 8, of EXIF; 1 is upright.
        turned: Whether OpenCV turns the image by itself: TIFF.
    """

    height: int
    width: int
    orientation: int = 1
    turned: bool = False

    @property
    def upright_size(self) -> tuple[int, int]:
        """(height, width) as a viewer shows the image."""
        size = self.height, self.width
        return size[::-1] if self.orientation > 4 else size


def read_header(path: str) -> ImageHeader | None:
    """Reads the header of an image file.

    Args:
        path: The file.

    Returns:
        The header; None where it is damaged or of a format that is not known here.

    Raises:
        OSError: The file cannot be read.
    """
    with open(path, "rb") as stream:
        head = stream.read(HEAD)
        header = parse_header(head)
        if header is None and head.startswith((SOI, *TIFF_MAGICS)):
            header = parse_header(head + stream.read())
        elif header is not None and head.startswith((PNG_MAGIC, b"RIFF")):
            header = parse_header(head + stream.read())  # EXIF may stand at the end
    return header


def parse_header(data: bytes) -> ImageHeader | None:
    """The header at the start of a file's bytes; None as of `read_header`."""
    try:
        for magic, parse in PARSERS:
            if data.startswith(magic):
                return parse(data)
    except (struct.error, IndexError):
        pass
    return None


def turned(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turns an image as its EXIF orientation says.

    Args:
        image: [H, W, ...].
        orientation: 1 to 8, the place of row 0 and column 0: 1 top left, 2 top right, 3 bottom
            right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.

    Returns:
        The image, contiguous; [W, H, ...] for 5 to 8.
    """
    if orientation > 4:
        image = np.swapaxes(image, 0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def _jpeg(data: bytes) -> ImageHeader | None:
    marker, at, _ = find_segment(data, SIZE_SEGMENTS)
    if not marker:
        return None
    height, width = struct.unpack_from(">HH", data, at + 1)
    marker, at, length = find_segment(data, frozenset([APP1, SOS]))
    while marker == APP1:
        if data[at : at + len(EXIF)] == EXIF:
            return ImageHeader(height, width, _orientation(data[at + len(EXIF) : at + length]))
        marker, at, length = find_segment(data, frozenset([APP1, SOS]), at + length)
    return ImageHeader(height, width)


def _png(data: bytes) -> ImageHeader:
    width, height = struct.unpack_from(">II", data, 16)
    orientation, at = 1, len(PNG_MAGIC)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"eXIf":
            orientation = _orientation(data[at + 8 : at + 8 + length])
        at += length + 12
    return ImageHeader(height, width, orientation)


def _webp(data: bytes) -> ImageHeader | None:
    size, orientation, at = None, 1, 12
    while data[8:12] == b"WEBP" and at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = at + 8
        if kind == b"VP8 ":
            width, height = struct.unpack_from("<HH", data, body + 6)
            size = size or (height & 0x3FFF, width & 0x3FFF)
        elif kind == b"VP8L":
            (bits,) = struct.unpack_from("<I", data, body + 1)
            size = size or ((bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1)
        elif kind == b"EXIF":
            exif = data[body : body + length]
            orientation = _orientation(exif[len(EXIF) :] if exif.startswith(EXIF) else exif)
        at = body + length + length % 2
    return ImageHeader(*size, orientation) if size else None


def _tiff(data: bytes) -> ImageHeader | None:
    tags = dict(_tiff_tags(data))
    if TIFF_WIDTH not in tags or TIFF_HEIGHT not in tags:
        return None
    orientation = _checked(tags.get(TIFF_ORIENTATION, 1))
    return ImageHeader(tags[TIFF_HEIGHT], tags[TIFF_WIDTH], orientation, turned=True)


def _tiff_tags(data: bytes) -> Iterator[tuple[int, int]]:
    """(tag, value) of the whole numbers in the first folder of a TIFF, or of EXIF data."""
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if kind in (3, 4):  # uint16, uint32
            yield tag, struct.unpack_from(order + "HI"[kind - 3], data, entry + 8)[0]


def _orientation(exif: bytes) -> int:
    """The orientation in EXIF data; 1 where there is none, or it is damaged."""
    try:
        return _checked(dict(_tiff_tags(exif)).get(TIFF_ORIENTATION, 1))
    except struct.error:
        return 1


def _checked(orientation: int) -> int:
    return orientation if 1 <= orientation <= 8 else 1


def _bmp(data: bytes) -> ImageHeader:
    (info,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if info == 12 else "<ii", data, 18)
    return ImageHeader(abs(height), width)


def _pnm(data: bytes) -> ImageHeader | None:
    match = PNM.match(data)
    return ImageHeader(int(match.group(2)), int(match.group(1))) if match else None


PARSERS = (
    (SOI, _jpeg),
    (PNG_MAGIC, _png),
    (b"RIFF", _webp),
    (TIFF_MAGICS, _tiff),
    (b"BM", _bmp),
    (b"P", _pnm),
)
