"""Banks of textures and masks that many scenes share, computed when first needed.

A bank has a number of places. As scene numbers grow, each place gets a new texture from time to
time, so that the supply never ends.
"""

from __future__ import annotations

import functools

import numpy as np

from pwcnet.data.synthetic.content import REPEATED, STREAMS
from pwcnet.data.synthetic.masks import Mask, make_mask
from pwcnet.data.synthetic.mipmaps import mipmapped
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.photos import cut_texture
from pwcnet.data.synthetic.repeated import SHARE as REPEATED_SHARE
from pwcnet.data.synthetic.repeated import repeated_texture
from pwcnet.data.synthetic.textures import make_texture

LIFETIME = 2000  # scene numbers; a texture is used about 100 times before it is replaced
CACHED = 256  # entries of each kind that are kept in memory
TEXTURE, MASK, GRAIN, PHOTO = 1, 2, 3, 4  # streams of random numbers
GRAIN_SIZE = 512


def texture(
    seed: int, number: int, place: int, options: SceneOptions
) -> tuple[np.ndarray, np.ndarray]:
    """The texture and its half at a place of the bank for scene `number`; read-only.

    They are those of `make_texture` or, at a share of the places, of `cut_texture` or
    `repeated_texture`.
    """
    return _texture(*_entry(seed, number, place, options), *_sources(options))


def mipmaps(seed: int, number: int, place: int, options: SceneOptions) -> np.ndarray:
    """The same texture with its smaller versions, as `mipmapped` gives it; read-only."""
    return _mipmaps(*_entry(seed, number, place, options), *_sources(options))


def mask(seed: int, number: int, place: int, options: SceneOptions) -> Mask:
    """The `make_mask` result at a place of the bank for scene `number`; read-only."""
    return _mask(*_entry(seed, number, place, options))


def _entry(seed, number, place, options):
    generation = _generation(number, place, options.textures)
    return seed, place, generation, options.simple


def _sources(options):
    """What decides which textures are not those of `make_texture`; the same for all without any."""
    photos = (options.photos, options.photo_share) if options.photos else ("", 0.0)
    return (*photos, options.holds(REPEATED))


def _generation(number, place, places):
    # Places change one by one, so that no scene waits for all of them.
    return (number + LIFETIME * place // places) // LIFETIME


@functools.lru_cache(maxsize=CACHED)
def _texture(seed, place, generation, simple, photos, photo_share, repeated):
    # The choices have random numbers of their own, so that other textures are the same beside them.
    random, repeated_random = (
        np.random.RandomState([seed, stream, place, generation])
        for stream in (PHOTO, STREAMS[REPEATED])
    )
    if repeated and repeated_random.uniform() < REPEATED_SHARE:
        images = repeated_texture(repeated_random)
    elif photos and random.uniform() < photo_share:
        images = cut_texture(random, photos)
    else:
        images = make_texture(np.random.RandomState([seed, TEXTURE, place, generation]), simple)
    for image in images:
        image.flags.writeable = False
    return images


@functools.lru_cache(maxsize=CACHED)
def _mipmaps(*entry):
    image = mipmapped(_texture(*entry)[0])
    image.flags.writeable = False
    return image


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
