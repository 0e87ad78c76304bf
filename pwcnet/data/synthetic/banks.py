"""Textures and masks that many pairs share, made when first needed; as numbers go on, each place of a bank takes new ones, so that the supply never ends."""

import functools

import numpy as np

from pwcnet.data.synthetic.masks import make_mask
from pwcnet.data.synthetic.textures import make_texture

LIFE = 2000  # numbers; a texture is used about 100 times before the next takes its place
KEPT = 256  # in memory, of each kind
TEXTURE, MASK, GRAIN = 1, 2, 3
GRAIN_SIZE = 512


def texture(seed, number, place, places):
    """What `make_texture` made for a place of the bank at that number; read only."""
    return _texture(seed, place, _generation(number, place, places))


def mask(seed, number, place, places):
    """What `make_mask` made for a place of the bank at that number; read only."""
    return _mask(seed, place, _generation(number, place, places))


def _generation(number, place, places):
    return (
        number + LIFE * place // places
    ) // LIFE  # places change one by one, so that no pair waits for all


@functools.lru_cache(maxsize=KEPT)
def _texture(seed, place, generation):
    made = make_texture(np.random.RandomState([seed, TEXTURE, place, generation]))
    for picture in made:
        picture.flags.writeable = False
    return made


@functools.lru_cache(maxsize=KEPT)
def _mask(seed, place, generation):
    made = make_mask(np.random.RandomState([seed, MASK, place, generation]))
    made.level.flags.writeable = False
    return made


@functools.lru_cache(maxsize=4)
def grain(seed):
    """[512, 512, 3] float32 of the standard normal distribution; read only."""
    made = (
        np.random.RandomState([seed, GRAIN])
        .standard_normal((GRAIN_SIZE, GRAIN_SIZE, 3))
        .astype(np.float32)
    )
    made.flags.writeable = False
    return made
