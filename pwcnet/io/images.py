"""Image files and folders of frames; images are uint8 RGB."""

from __future__ import annotations

import os
import re

import cv2
import numpy as np

from pwcnet.io.atomic import write_bytes
from pwcnet.io.flow_files import decode_image, read_bytes
from pwcnet.io.folders import is_litter, list_names
from pwcnet.io.image_headers import parse_header, turned

IMAGE_EXTENSIONS = (
    ".bmp",
    ".jpeg",
    ".jpg",
    ".pgm",
    ".png",
    ".pnm",
    ".ppm",
    ".tif",
    ".tiff",
    ".webp",
)
GREY_EXTENSIONS = (".pgm", ".pnm")  # which images RGB are not written to
WRITTEN_EXTENSIONS = tuple(
    extension for extension in IMAGE_EXTENSIONS if extension not in GREY_EXTENSIONS
)


def read_frame(path: str, upright: bool = False) -> np.ndarray:
    """Reads an image file.

    Grey is repeated to three channels, alpha dropped, 16 bits scaled to 8 (divided by 257 and
    rounded).

    Args:
        path: The file.
        upright: Turn the image as its EXIF orientation says, as viewers do. Otherwise pixels come
            as they are stored, so that the frames of a data set agree with their ground truth; but
            OpenCV turns TIFF always.

    Returns:
        [H, W, 3] uint8 RGB.

    Raises:
        FileNotFoundError: There is no such file, or it is a link that leads nowhere.
        ValueError: OpenCV cannot read the file completely, or its type is neither uint8 nor uint16;
            the message names it.
    """
    path = os.fspath(path)
    data = read_bytes(path)
    image = decode_image(data, path)
    if image.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            "%s has channels of %s; frames must have 8 or 16 bits per channel" % (path, image.dtype)
        )
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    else:
        conversion = cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
        image = cv2.cvtColor(image, conversion)
    if image.dtype != np.uint8:
        image = np.rint(image / 257.0).astype(np.uint8)
    header = parse_header(data) if upright else None
    if header is None or header.turned:
        return image
    return turned(image, header.orientation)


def write_image(path: str, rgb: np.ndarray) -> None:
    """Writes an image in the format of its extension, completely or not at all.

    Args:
        path: The file; its folder is created if it is missing.
        rgb: [H, W, 3] uint8 RGB.

    Raises:
        ValueError: The extension is not in WRITTEN_EXTENSIONS, or the shape or type is another one.
        OSError: The file cannot be written.
    """
    path, extension = os.fspath(path), written_extension(path)
    rgb = np.asarray(rgb)
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ValueError(
            "The image for %s must be uint8 RGB of shape [H, W, 3], got %s %s"
            % (path, rgb.dtype, rgb.shape)
        )
    write_bytes(path, cv2.imencode(extension, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes())


def written_extension(path: str | os.PathLike) -> str:
    """The extension of an image to write, in lower case.

    Raises:
        ValueError: It is not in WRITTEN_EXTENSIONS.
    """
    extension = _extension(os.fspath(path))
    if extension not in WRITTEN_EXTENSIONS:
        raise ValueError(
            "The extension of an image must be one of %s, got %r in %s"
            % (", ".join(WRITTEN_EXTENSIONS), extension, path)
        )
    return extension


def list_frames(folder: str) -> list[str]:
    """Lists the images of a folder.

    Args:
        folder: The folder; hidden files, litter and folders in it are left out.

    Returns:
        The paths, as of `list_images`.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: It is a file, or a folder with fewer than two images.
    """
    paths = list_images(folder, "frames")
    if len(paths) < 2:
        raise ValueError(
            "%s has %d images (%s); a folder of frames must have at least two"
            % (folder, len(paths), ", ".join(IMAGE_EXTENSIONS))
        )
    return paths


def list_images(folder: str, content: str = "images") -> list[str]:
    """Lists the images of a folder; there may be none.

    Args:
        folder: The folder; hidden files, litter and folders in it are left out.
        content: What the folder should hold, for messages.

    Returns:
        The paths, in the order of the numbers in their names: frame_2 before frame_10. Links that
        lead nowhere and empty files are among them: each stands for an image.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: It is a file.
    """
    folder = os.fspath(folder)
    if not os.path.exists(folder):
        raise FileNotFoundError("No folder at %s" % folder)
    if not os.path.isdir(folder):
        raise ValueError("%s is a file, not a folder of %s" % (folder, content))
    paths = [
        os.path.join(folder, name)
        for name in sorted(list_names(folder), key=_natural_order)
        if is_frame_name(name)
    ]
    return [path for path in paths if not os.path.isdir(path)]


def is_frame_name(name: str) -> bool:
    """Whether a file of this name in a folder of frames is one of them."""
    return _extension(name) in IMAGE_EXTENSIONS and not is_litter(name)


def _extension(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _natural_order(name: str) -> tuple:
    """Numbers compare as numbers; the name itself decides between 1 and 01."""
    return [
        (int(part), "") if part.isdigit() else (float("inf"), part)
        for part in re.findall("[0-9]+|[^0-9]+", name)
    ], name
