"""Banks of textures and masks that many scenes share, computed when first needed.

A bank has a number of places. As scene numbers grow, each place gets a new texture from time to
time, so that the supply never ends.
"""

from __future__ import annotations

import functools

import numpy as np

from pwcnet.data.synthetic.masks import Mask, make_mask
from pwcnet.data.synthetic.textures import make_texture

LIFETIME = 2000  # scene numbers; a texture is used about 100 times before it is replaced
CACHED = 256  # entries of each kind that are kept in memory
TEXTURE, MASK, GRAIN = 1, 2, 3  # streams of random numbers
GRAIN_SIZE = 512


def texture(
    seed: int, number: int, place: int, places: int, simple: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The `make_texture` result at a place of the bank for scene `number`; read-only."""
    return _texture(seed, place, _generation(number, place, places), simple)


def mask(seed: int, number: int, place: int, places: int, simple: bool = False) -> Mask:
    """The `make_mask` result at a place of the bank for scene `number`; read-only."""
    return _mask(seed, place, _generation(number, place, places), simple)


def _generation(number, place, places):
    # Places change one by one, so that no scene waits for all of them.
    return (number + LIFETIME * place // places) // LIFETIME


@functools.lru_cache(maxsize=CACHED)
def _texture(seed, place, generation, simple):
    images = make_texture(np.random.RandomState([seed, TEXTURE, place, generation]), simple)
    for image in images:
        image.flags.writeable = False
    return images


@functools.lru_cache(maxsize=CACHED)
def _mask(seed, place, generation, simple):
    shape = make_mask(np.random.RandomState([seed, MASK, place, generation]), simple)
    shape.level.flags.writeable = False
    return shape


@functools.lru_cache(maxsize=4)
def grain(seed: int) -> np.ndarray:
    """[512, 512, 3] float32 of the standard normal distribution; read-only."""
    values = (
        np.random.RandomState([seed, GRAIN])
        .standard_normal((GRAIN_SIZE, GRAIN_SIZE, 3))
        .astype(np.float32)
    )
    values.flags.writeable = False
    return values
