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
LARGE = 40, 700, 600  # the red of the picture, its height and width


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A large and a small picture, told apart by their red."""
    path = tmp_path_factory.mktemp("photos")
    random = np.random.RandomState(0)
    for name, (red, height, width) in {"a.png": LARGE, "b.jpg": (200, 40, 90)}.items():
        image = random.randint(0, 256, (height, width, 3)).astype(np.uint8)
        image[..., 0] = red
        write_image(str(path / name), image)
    (path / "sources.txt").write_text("where they are from")
    return str(path)


def reds(options, seed=1):
    """Of all textures in use, the red where it is one value, else None."""
    textures = [banks.texture(seed, 0, place, options)[0] for place in range(options.textures)]
    return [
        int(np.median(image[..., 0])) if image[..., 0].std() < 12 else None for image in textures
    ]


def test_a_square_of_an_image(folder):
    for seed in range(8):
        texture, half = cut_texture(np.random.RandomState(seed), folder)
        assert texture.shape == (512, 512, 3) and half.shape == (256, 256, 3)
        assert texture.dtype == half.dtype == np.uint8
        again = cut_texture(np.random.RandomState(seed), folder)[0]
        np.testing.assert_array_equal(texture, again)


def test_a_share_of_the_surfaces_are_photographs(folder):
    options = dataclasses.replace(OPTIONS, photos=folder, textures=24)
    found = reds(options)
    photographs = [red for red in found if red is not None]
    assert 6 <= len(photographs) <= 18
    assert {min(photographs) // 20, max(photographs) // 20} == {2, 10}
    every = reds(dataclasses.replace(options, photo_share=1.0, textures=4))
    assert None not in every


def test_the_other_surfaces_are_the_generated_ones(folder):
    options = dataclasses.replace(OPTIONS, photos=folder)
    for place, red in enumerate(reds(options)):
        if red is None:
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
