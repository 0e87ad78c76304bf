"""Whether a JPEG is complete: OpenCV fills what it lacks with grey and reports nothing."""

from __future__ import annotations

import importlib.util
import re

SOI, EOI, SOS = b"\xff\xd8", 0xD9, 0xDA
STANDALONE = frozenset([0x01, *range(0xD0, 0xDA)])  # without a length: TEM, RST, SOI, EOI
# Within a scan, 0xFF is followed by 0 (a data byte), RST0 to RST7 or fill bytes.
AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# A scan that ends early leaves hundreds of bytes over; some cameras pad theirs with a few.
EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker")
MAX_PADDING = 16
DAMAGE = ("Corrupt", "Premature", "Invalid JPEG", "marker")


def has_strict_decoder() -> bool:
    """Whether simplejpeg is installed, which sees what a scan lacks in its middle."""
    return importlib.util.find_spec("simplejpeg") is not None


def find_segment(data: bytes, wanted: frozenset[int], start: int = 2) -> tuple[int, int, int]:
    """Walks over the segments of a JPEG up to a marker.

    Args:
        data: The file.
        wanted: The second bytes of the markers to stop at.
        start: The index of a marker.

    Returns:
        (marker, index of its payload, its length); (0, 0, 0) where the file ends before.
    """
    at = start
    while True:
        at = data.find(b"\xff", at)
        while 0 <= at < len(data) - 1 and data[at + 1] == 0xFF:
            at += 1
        if not 0 <= at < len(data) - 1:
            return 0, 0, 0
        marker, at = data[at + 1], at + 2
        length = 0 if marker in STANDALONE else int.from_bytes(data[at : at + 2], "big")
        if marker in wanted:
            return marker, at + 2 * (length > 0), max(0, length - 2)
        at += length
        if marker == SOS:
            end = AFTER_SCAN.search(data, at)
            if end is None:
                return 0, 0, 0
            at = end.start()


def jpeg_fault(data: bytes) -> str | None:
    """What a JPEG lacks.

    Bytes behind the image are none of its business: phones and cameras append data.

    Args:
        data: The file.

    Returns:
        None where nothing is missing as far as can be seen: the end marker and, with simplejpeg,
        any part of the scans. Else a few words.
    """
    if find_segment(data, frozenset([EOI]))[0] != EOI:
        return "it breaks off"
    if not has_strict_decoder():
        return None
    import simplejpeg

    try:
        # An eighth of the size: the scans are read whole, the rest of the work is saved.
        simplejpeg.decode_jpeg(data, "GRAY", min_factor=8, strict=True)
    except ValueError as error:
        return _damage(str(error))
    return None


def _damage(message: str) -> str | None:
    """The fault that libjpeg's message means; None where OpenCV has to say whether it reads it."""
    padding = EXTRANEOUS.search(message)
    if padding:
        return message if int(padding.group(1)) > MAX_PADDING else None
    return message if any(word in message for word in DAMAGE) else None
