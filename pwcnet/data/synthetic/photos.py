"""Textures that are cut from the user's own images."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from pwcnet.data.synthetic.textures import SIZE
from pwcnet.io.images import IMAGE_EXTENSIONS, list_images, read_frame


@functools.lru_cache(maxsize=16)
def photo_paths(folder: str) -> tuple[str, ...]:
    """The images of a folder, at least one; later calls do not look again.

    Raises:
        FileNotFoundError: for a folder that is not there.
        ValueError: for a file, and a folder without an image. Both errors name it.
    """
    paths = tuple(list_images(folder))
    if not paths:
        raise ValueError(
            "%s has no images (%s) to cut textures from" % (folder, ", ".join(IMAGE_EXTENSIONS))
        )
    return paths


def cut_texture(random: np.random.RandomState, folder: str) -> tuple[np.ndarray, np.ndarray]:
    """A square of one of the images of a folder.

    Its side is drawn between the texture's and the image's shorter one, so that the texture is at
    most as sharp as the image. Smaller images are magnified.

    Args:
        random: draws the image and the square.
        folder: of the images.

    Returns:
        The texture and its half, [512, 512, 3] and [256, 256, 3] uint8 RGB.

    Raises:
        FileNotFoundError: for a folder or an image that is not there.
        ValueError: for a folder without images, and an image that cannot be read; it is named.
    """
    paths = photo_paths(folder)
    image = read_frame(paths[random.randint(len(paths))], upright=True)
    shorter = min(image.shape[:2])
    side = int(np.exp(random.uniform(np.log(min(SIZE, shorter)), np.log(shorter))) + 0.5)
    top, left = (random.randint(length - side + 1) for length in image.shape[:2])
    square = np.ascontiguousarray(image[top : top + side, left : left + side])
    if side != SIZE:
        interpolation = cv2.INTER_AREA if side > SIZE else cv2.INTER_CUBIC
        square = cv2.resize(square, (SIZE, SIZE), interpolation=interpolation)
    return square, cv2.resize(square, (SIZE // 2, SIZE // 2), interpolation=cv2.INTER_AREA)
