"""Textures with smaller versions of themselves."""

import numpy as np

from pwcnet.data.synthetic.mipmaps import LEVELS, look_up, mipmapped

SIZE = 64
TEXTURE = np.random.RandomState(0).randint(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
SIZES = [SIZE >> level for level in range(LEVELS)]


def centres(side):
    """[side, side, 2]: the centres of the pixels of a version, in pixels of the texture."""
    places = (np.arange(side, dtype=np.float32) + 0.5) * (SIZE / side)
    return np.stack(np.meshgrid(places, places), axis=-1)


def means(side):
    """The texture in blocks."""
    step = SIZE // side
    return TEXTURE.reshape(side, step, side, step, 3).mean(axis=(1, 3))


def test_each_version_is_the_mean_of_blocks():
    image = mipmapped(TEXTURE)
    for level, side in enumerate(SIZES):
        colors = look_up(image, centres(side), np.full((side, side), level, np.float32))
        assert np.abs(colors - means(side)).max() < 0.6 * (level + 1)


def test_versions_mix_between_whole_levels():
    image, points = mipmapped(TEXTURE), centres(16)
    between = look_up(image, points, np.full((16, 16), 1.25, np.float32)).astype(float)
    one, two = (
        look_up(image, points, np.full((16, 16), level, np.float32)).astype(float)
        for level in (1, 2)
    )
    assert np.abs(between - (0.75 * one + 0.25 * two)).max() <= 1


def test_beyond_its_edges_the_texture_is_mirrored():
    image, level = mipmapped(TEXTURE), np.zeros((SIZE, SIZE), np.float32)
    points = centres(SIZE)
    inside = look_up(image, points, level)
    np.testing.assert_array_equal(look_up(image, -points, level), inside)
    np.testing.assert_array_equal(look_up(image, 2 * SIZE - points, level), inside)
    np.testing.assert_array_equal(look_up(image, points - 6 * SIZE, level), inside)


def test_levels_beyond_the_last_are_the_last():
    image, points = mipmapped(TEXTURE), centres(4)
    far = look_up(image, points, np.full((4, 4), 99, np.float32))
    assert np.abs(far - TEXTURE.mean(axis=(0, 1))).max() < 8
