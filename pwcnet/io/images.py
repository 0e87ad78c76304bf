"""Image files and folders of frames, always uint8 RGB."""

import os
import re

import cv2
import numpy as np

from pwcnet.io.atomic import write_bytes
from pwcnet.io.flow_files import decode_image, read_bytes

IMAGE_ENDINGS = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp")
WRITTEN_ENDINGS = (
    ".bmp",
    ".jpeg",
    ".jpg",
    ".png",
    ".ppm",
    ".tif",
    ".tiff",
    ".webp",
)  # without those for grey


def read_frame(path):
    """Reads a picture as [H, W, 3] uint8 RGB.

    Grey is repeated to three channels, alpha dropped, 16 bits scaled to 8 (divided by 257, rounded). The EXIF orientation is ignored:
    pixels come as they are stored, so that frames and labels agree. Raises FileNotFoundError, or ValueError for a file that OpenCV
    cannot read completely and for other types than uint8 and uint16; both name the file.
    """
    path = os.fspath(path)
    picture = decode_image(read_bytes(path), path)
    if picture.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            "expected a picture of 8 or 16 bits a channel, got %s in %s; try saving it as 8-bit PNG"
            % (picture.dtype, path)
        )
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    else:
        picture = cv2.cvtColor(
            picture, cv2.COLOR_BGRA2RGB if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB
        )
    return picture if picture.dtype == np.uint8 else np.rint(picture / 257.0).astype(np.uint8)


def write_image(path, rgb):
    """Writes a picture in the format of its ending, completely or not at all.

    rgb: [H, W, 3] uint8 RGB. Raises ValueError for another type or shape and for an ending that is not in WRITTEN_ENDINGS.
    """
    path = os.fspath(path)
    ending = _ending(path)
    if ending not in WRITTEN_ENDINGS:
        raise ValueError(
            "expected a picture ending in %s, got %r in %s; try .png"
            % (", ".join(WRITTEN_ENDINGS), ending, path)
        )
    rgb = np.asarray(rgb)
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ValueError(
            "expected uint8 RGB of shape [H, W, 3], got %s %s for %s; try scaling to 0..255 and repeating grey"
            % (rgb.dtype, rgb.shape, path)
        )
    write_bytes(path, cv2.imencode(ending, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes())


def list_frames(folder):
    """The paths of the pictures in a folder, in the order of the numbers in their names (frame_2 before frame_10); hidden files are left out.

    Raises FileNotFoundError for a missing folder, ValueError for what is no folder or holds fewer than two pictures.
    """
    folder = os.fspath(folder)
    if not os.path.exists(folder):
        raise FileNotFoundError(
            "expected a folder of frames, got none at %s; try another name" % folder
        )
    if not os.path.isdir(folder):
        raise ValueError(
            "expected a folder of frames, got a file in %s; try the folder that it is in" % folder
        )
    paths = [
        os.path.join(folder, name)
        for name in sorted(os.listdir(folder), key=_natural)
        if _ending(name) in IMAGE_ENDINGS and not name.startswith(".")
    ]
    paths = [path for path in paths if os.path.isfile(path)]
    if len(paths) < 2:
        raise ValueError(
            "expected at least two pictures (%s), got %d in %s; try the folder that holds the frames themselves"
            % (", ".join(IMAGE_ENDINGS), len(paths), folder)
        )
    return paths


def _ending(name):
    return os.path.splitext(name)[1].lower()


def _natural(name):
    """Numbers compare as numbers; the name itself decides between 1 and 01."""
    return [
        (int(part), "") if part.isdigit() else (float("inf"), part)
        for part in re.findall("[0-9]+|[^0-9]+", name)
    ], name
