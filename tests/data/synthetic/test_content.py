"""Further content of scenes: what it changes, and that the ground truth stays exact."""

import dataclasses
import functools

import cv2
import numpy as np
import pytest

from pwcnet.data.geometry import pixel_grid
from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.content import CONTENTS, content_names
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.scenes import generate_pair, generate_scene
from pwcnet.io.images import write_image

SIZE = HEIGHT, WIDTH = 64, 96
OBJECTS = ("thin", "passing")  # that move by themselves
LIGHT = ("spots", "shadows")  # that no flow follows
NUMBERS = range(8)  # some of which have each content, and some not


def options(kind, content=""):
    """Options of scenes with exact flow and smooth textures."""
    return SceneOptions(
        kind=kind,
        height=HEIGHT,
        width=WIDTH,
        median_motion=3.0,
        largest_motion=25.0,
        textures=4,
        texture_scale=3.0,
        content=content,
    ).without_effects()


@pytest.fixture(scope="module", params=["layers", "worlds"])
def plain(request):
    """(kind, scenes without further content)."""
    return request.param, generated(request.param, "")


@functools.lru_cache(maxsize=None)
def generated(kind, content):
    return [generate_scene(1, number, 2, options(kind, content)) for number in NUMBERS]


def difference(frame1, frame2, flow):
    """[H, W]: mean absolute grey levels between frame 1 and frame 2 fetched at the flow."""
    places = (pixel_grid(*SIZE) + np.nan_to_num(flow)).astype(np.float32)
    shown = cv2.remap(frame2, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.abs(shown.astype(float) - frame1).mean(axis=-1)


def changed(one, other):
    return (one.frames[0] != other.frames[0]).any() or (one.frames[1] != other.frames[1]).any()


def check_same_ground_truth(one, other):
    for name in ("flows", "occlusions", "invalids"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("content", CONTENTS)
def test_each_occurs_in_a_share_of_the_scenes_and_always_the_same(content, plain):
    kind, scenes = plain
    others = generated(kind, content)
    count = sum(changed(one, other) for one, other in zip(scenes, others))
    assert 2 <= count <= (8 if content == "repeated" else 7)
    again = generate_scene(1, 2, 2, options(kind, content))
    assert not changed(others[2], again)
    check_same_ground_truth(others[2], again)


@pytest.mark.parametrize("content", [name for name in CONTENTS if name not in OBJECTS])
def test_looks_never_change_the_ground_truth(content, plain):
    kind, scenes = plain
    for one, other in zip(scenes, generated(kind, content)):
        check_same_ground_truth(one, other)


@pytest.mark.parametrize("content", [name for name in CONTENTS if name not in LIGHT])
def test_frame_2_at_the_flow_shows_frame_1_where_it_is_visible(content, plain):
    kind, _ = plain
    errors, hidden = [], []
    for other in generated(kind, content):
        counted = ~other.occlusions[0] & ~other.invalids[0]
        target = pixel_grid(*SIZE) + np.nan_to_num(other.flows[0])
        inside = ((target >= 0) & (target <= [WIDTH - 1, HEIGHT - 1])).all(axis=-1)
        error = difference(*other.frames, other.flows[0])
        still = difference(*other.frames, 0 * other.flows[0])
        errors.append([np.percentile(error[counted], 80), np.percentile(still[counted], 80)])
        hidden.append(error[other.occlusions[0] & inside & ~other.invalids[0]])
    right, still = np.mean(errors, axis=0)
    assert right < 2.0 and right < 0.25 * still
    assert np.mean(np.concatenate(hidden)) > 5 * right


@pytest.mark.parametrize("content", OBJECTS)
def test_objects_move_otherwise_than_what_is_behind_them(content, plain):
    kind, scenes = plain
    shares, differences = [], []
    for one, other in zip(scenes, generated(kind, content)):
        moved = np.hypot(*np.moveaxis(other.flows[0] - one.flows[0], -1, 0))
        differs = np.nan_to_num(moved) > 1.0
        shares.append(differs.mean())
        differences.extend(moved[differs])
    assert 0.001 < np.mean(shares) < 0.3 and np.median(differences) > 1.5


def test_highlights_and_shadows_do_not_follow_the_flow():
    """Frame 2 at the flow differs from frame 1 by more than without them."""
    for content in LIGHT:
        errors = [
            np.mean(
                [
                    difference(*scene.frames, scene.flows[0])[~scene.occlusions[0]].mean()
                    for scene in generated("layers", name)
                ]
            )
            for name in ("", content)
        ]
        assert errors[1] > errors[0] + 0.1


def test_haze_leaves_less_contrast():
    clear, hazy = (
        [np.std(scene.frames[0]) for scene in generated("worlds", name)] for name in ("", "haze")
    )
    assert all(one >= other for one, other in zip(clear, hazy)) and np.sum(hazy) < np.sum(clear)


def test_several_together_and_the_pair_of_a_scene():
    both = generate_pair(1, 2, options("both", "thin+haze"))
    again = generate_pair(1, 2, options("layers", "haze+thin"))
    np.testing.assert_array_equal(both.frame1, again.frame1)
    np.testing.assert_array_equal(both.flow, again.flow)


@pytest.mark.parametrize("content", OBJECTS)
def test_longer_scenes_begin_with_the_shorter_ones(content):
    for kind, number in (("layers", 1), ("layers", 3), ("worlds", 1)):
        short, long = (generate_scene(1, number, count, options(kind, content)) for count in (2, 4))
        np.testing.assert_array_equal(short.flows[0], long.flows[0])
        np.testing.assert_array_equal(short.frames, long.frames[:2])


def test_repeated_textures_are_among_photographs(tmp_path):
    """With all places photographs, some are repeated textures instead."""
    write_image(str(tmp_path / "a.png"), np.full((64, 64, 3), 90, np.uint8))
    photos = dataclasses.replace(
        options("layers", "repeated"), photos=str(tmp_path), photo_share=1.0, textures=12
    )
    single = [(banks.texture(1, 0, place, photos)[0] == 90).all() for place in range(12)]
    assert 0 < sum(single) < 12


def test_names():
    assert content_names("") == () and content_names("thin+haze") == ("thin", "haze")
    for wrong in ("rain", "thin+thin", "thin+", "thin,haze"):
        with pytest.raises(ValueError, match=wrong.replace("+", "\\+")):
            content_names(wrong)
