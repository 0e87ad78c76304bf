"""Image files whose EXIF data asks viewers to turn them."""

import struct
import zlib

import cv2
import numpy as np

FORMATS = (".jpg", ".png", ".webp", ".tif")


def exif(orientation, order="<"):
    """EXIF data of the orientation alone, in either byte order."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def oriented_image(rgb, extension, orientation, order="<"):
    """The bytes of an image file of one of FORMATS with an orientation.

    Args:
        rgb: [H, W, 3] uint8, as it is stored.
        extension: of FORMATS.
        orientation: 1 to 8.
        order: "<" or ">", the byte order of the EXIF data.
    """
    if extension == ".tif":
        return _tiff(rgb, orientation, order)
    settings = {".webp": [cv2.IMWRITE_WEBP_QUALITY, 101]}.get(extension, [])
    data = cv2.imencode(extension, rgb[..., ::-1], settings)[1].tobytes()
    body = exif(orientation, order)
    if extension == ".jpg":
        segment = b"Exif\0\0" + body
        return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    if extension == ".png":
        chunk = b"eXIf" + body
        whole = struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        return data[:33] + whole + data[33:]
    height, width = rgb.shape[:2]
    sides = struct.pack("<II", width - 1, height - 1)
    chunks = b"WEBPVP8X" + struct.pack("<II", 10, 8) + sides[:3] + sides[4:7] + data[12:]
    chunks += b"EXIF" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def stored(upright, orientation):
    """The pixels that a file of this orientation stores so that viewers show `upright`."""
    turn = {
        1: lambda image: image,
        2: np.fliplr,
        3: lambda image: np.rot90(image, 2),
        4: np.flipud,
        5: lambda image: np.swapaxes(image, 0, 1),
        6: lambda image: np.rot90(image, 1),
        7: lambda image: np.rot90(np.swapaxes(image, 0, 1), 2),
        8: lambda image: np.rot90(image, -1),
    }
    return np.ascontiguousarray(turn[orientation](upright))


def _tiff(rgb, orientation, order):
    height, width = rgb.shape[:2]
    entries = (
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
        (274, 3, 1, orientation),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, rgb.nbytes),
    )
    pixels = rgb.tobytes() + b"\0" * (rgb.nbytes % 2)
    packed = b"".join(
        struct.pack(
            order + ("HHIHH" if kind == 3 else "HHII"), tag, kind, count, value, *[0] * (kind == 3)
        )
        for tag, kind, count, value in entries
    )
    folder = struct.pack(order + "H", len(entries)) + packed + b"\0\0\0\0"
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "I", 8 + len(pixels)) + pixels + folder
