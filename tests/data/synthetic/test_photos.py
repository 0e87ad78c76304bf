"""Surfaces that are cut from images of the user's own."""

import dataclasses
import os

import numpy as np
import pytest

from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.photos import cut_texture
from pwcnet.data.synthetic.scenes import generate_pair
from pwcnet.io.images import write_image

OPTIONS = SceneOptions(height=64, width=96, textures=8).without_effects()
COLORS = {"a.png": (255, 0, 254), "b.png": (1, 255, 0)}  # of the pictures


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A large and a small picture of one colour each."""
    path = tmp_path_factory.mktemp("photos")
    for (name, color), size in zip(sorted(COLORS.items()), ((700, 600, 3), (40, 90, 3))):
        write_image(str(path / name), np.full(size, color, np.uint8))
    (path / "sources.txt").write_text("where they are from")
    return str(path)


def pictures(options, seed=1):
    """Of all textures in use, the picture that each is cut from, or None."""
    textures = [banks.texture(seed, 0, place, options)[0] for place in range(options.textures)]
    return [
        next((name for name, color in COLORS.items() if (image == color).all()), None)
        for image in textures
    ]


def test_a_square_of_an_image(tmp_path):
    y, x = np.mgrid[:700, :600]
    image = np.stack([y // 4, x // 4, np.full(y.shape, 77)], axis=-1).astype(np.uint8)
    write_image(str(tmp_path / "a.png"), image)
    places = set()
    for seed in range(6):
        texture, half = cut_texture(np.random.RandomState(seed), str(tmp_path))
        assert texture.shape == (512, 512, 3) and half.shape == (256, 256, 3)
        assert texture.dtype == half.dtype == np.uint8 and (texture[..., 2] == 77).all()
        sides = [np.ptp(texture[..., axis].astype(int)) * 4 for axis in (0, 1)]
        assert abs(sides[0] - sides[1]) < 12 and 500 < sides[0] <= 600
        places.add((int(texture[0, 0, 0]), int(texture[0, 0, 1])))
        again = cut_texture(np.random.RandomState(seed), str(tmp_path))[0]
        np.testing.assert_array_equal(texture, again)
    assert len(places) > 3


def test_a_share_of_the_surfaces_are_photographs(folder):
    options = dataclasses.replace(OPTIONS, photos=folder, textures=24)
    found = pictures(options)
    assert 6 <= len(found) - found.count(None) <= 18
    assert set(found) == set(COLORS) | {None}
    every = pictures(dataclasses.replace(options, photo_share=1.0, textures=4))
    assert None not in every


def test_the_other_surfaces_are_the_generated_ones(folder):
    options = dataclasses.replace(OPTIONS, photos=folder)
    for place, picture in enumerate(pictures(options)):
        if picture is None:
            with_photos, without = (
                banks.texture(1, 0, place, one)[0] for one in (options, OPTIONS)
            )
            np.testing.assert_array_equal(with_photos, without)


@pytest.mark.parametrize("kind", ["layers", "worlds"])
def test_scenes_of_photographs_have_the_same_ground_truth(kind, folder):
    plain = dataclasses.replace(OPTIONS, kind=kind)
    photos = dataclasses.replace(plain, photos=folder, photo_share=1.0)
    changed = 0
    for number in range(3):
        one, other = generate_pair(1, number, plain), generate_pair(1, number, photos)
        np.testing.assert_array_equal(one.flow, other.flow)
        np.testing.assert_array_equal(one.occlusion, other.occlusion)
        changed += (one.frame1 != other.frame1).any()
        again = generate_pair(1, number, photos)
        np.testing.assert_array_equal(other.frame1, again.frame1)
    assert changed == 3


def test_a_share_of_none_leaves_all_as_it_was(folder):
    none = dataclasses.replace(OPTIONS, photos=folder, photo_share=0.0)
    one, other = generate_pair(1, 0, OPTIONS), generate_pair(1, 0, none)
    np.testing.assert_array_equal(one.frame1, other.frame1)


def test_folders_without_images_and_broken_ones_are_named(tmp_path):
    random = np.random.RandomState(0)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        cut_texture(random, str(tmp_path / "nowhere"))
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match=tmp_path.name):
        cut_texture(random, str(tmp_path))
    with pytest.raises(ValueError, match="notes.txt"):
        cut_texture(random, str(tmp_path / "notes.txt"))
    (tmp_path / "broken.png").write_bytes(b"no image")
    options = dataclasses.replace(OPTIONS, photos=str(tmp_path), photo_share=1.0)
    with pytest.raises(ValueError, match="broken.png"):
        generate_pair(1, 0, options)
    os.remove(str(tmp_path / "broken.png"))
