"""Scenes of worlds: frames that fit their flow, the wanted motion, the same numbers everywhere."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from pwcnet.data.geometry import pixel_grid
from pwcnet.data.synthetic.options import EFFECTS, SceneOptions
from pwcnet.data.synthetic.scenes import demo_scene, generate_pair, generate_scene

SIZE = HEIGHT, WIDTH = 64, 96
OPTIONS = SceneOptions(
    kind="worlds", height=HEIGHT, width=WIDTH, median_motion=3.0, largest_motion=25.0, textures=4
)
EXACT = OPTIONS.without_effects()
SMOOTH = dataclasses.replace(EXACT, texture_scale=4.0)  # detail that two frames can share
ARRAYS = "frame1", "frame2", "flow", "valid", "occlusion"

# Weighted means of frame 1, frame 2, flow, valid and occlusion.
CHECKSUMS = {
    ("effects", 1, 0): (45.9939311, 45.1646688, -2.3246430, 1.0000000, 0.1598766),
    ("effects", 7, 2147483651): (151.8270867, 148.1180397, 0.6832334, 0.9963526, 0.2458783),
    ("exact", 1, 0): (65.3804008, 63.1409022, -2.3246430, 1.0000000, 0.1598766),
    ("exact", 4294967295, 11): (48.9767579, 51.5324735, 1.8688370, 0.7436470, 0.5860569),
    ("blurred", 1, 3): (31.2126698, 33.0779308, -3.4543332, 0.9871806, 0.1189388),
}


def difference(frame1, frame2, flow):
    """[H, W]: mean absolute grey levels between frame 1 and frame 2 fetched at the flow."""
    places = (pixel_grid(*frame1.shape[:2]) + np.nan_to_num(flow)).astype(np.float32)
    seen = cv2.remap(frame2, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.abs(seen.astype(float) - frame1).mean(axis=-1)


def checksum(array):
    weights = np.random.RandomState(0).uniform(1, 2, array.shape)
    return (weights * array).sum() / weights.sum()


def speeds(flow):
    return np.hypot(*np.moveaxis(flow, -1, 0))


def steps(scene):
    return zip(scene.frames, scene.frames[1:], scene.flows, scene.occlusions, scene.invalids)


def same(one, other):
    return all((getattr(one, name) == getattr(other, name)).all() for name in ARRAYS)


@pytest.fixture(scope="module")
def scenes():
    return [generate_scene(1, number, 3, SMOOTH) for number in range(12)]


@pytest.fixture(scope="module")
def pairs():
    return [generate_pair(1, number, SMOOTH) for number in range(12)]


def test_shapes_and_types(pairs):
    for pair in [*pairs, generate_pair(2, 5, OPTIONS)]:
        for frame in (pair.frame1, pair.frame2):
            assert frame.shape == SIZE + (3,) and frame.dtype == np.uint8
        assert pair.flow.shape == SIZE + (2,) and pair.flow.dtype == np.float32
        assert np.isfinite(pair.flow).all() and not pair.flow[~pair.valid].any()
        for mask in (pair.valid, pair.occlusion):
            assert mask.shape == SIZE and mask.dtype == bool
    assert np.mean([pair.valid.mean() for pair in pairs]) > 0.97


def test_every_frame_shows_the_one_before_at_its_flow(scenes):
    """Rims aside, which mix what is behind them: the 80th percentile of grey levels."""
    for time in range(2):
        errors = []
        for scene in scenes:
            frame1, frame2, flow, occluded, invalid = list(steps(scene))[time]
            counted = ~occluded & ~invalid
            ways = flow, 0 * flow, flow + [0.5, 0], flow + [0, 0.5]
            errors.append(
                [np.percentile(difference(frame1, frame2, way)[counted], 80) for way in ways]
            )
        right, still, right_aside, down_aside = np.mean(errors, axis=0)
        assert right < 1.7 and right < 0.1 * still
        assert right < 0.7 * right_aside and right < 0.7 * down_aside


def test_occluded_pixels_are_not_seen_in_frame_2(scenes):
    hidden, seen = [], []
    for scene in scenes:
        for frame1, frame2, flow, occluded, invalid in steps(scene):
            target = pixel_grid(*SIZE) + np.nan_to_num(flow)
            outside = ((target < 0) | (target > [WIDTH - 1, HEIGHT - 1])).any(axis=-1)
            assert occluded[outside & ~np.isnan(flow[..., 0])].all()
            error = difference(frame1, frame2, flow)
            hidden.extend(error[occluded & ~outside & ~invalid])
            seen.extend(error[~occluded & ~invalid])
    assert np.mean(hidden) > 5 * np.mean(seen)


def test_seed_number_and_options_decide_in_any_thread(pairs):
    with ThreadPoolExecutor(4) as threads:
        again = list(
            threads.map(lambda number: generate_pair(1, number, SMOOTH), range(11, -1, -1))
        )
    assert all(same(one, other) for one, other in zip(pairs, reversed(again)))
    assert not same(pairs[0], pairs[1]) and not same(pairs[0], generate_pair(2, 0, SMOOTH))


@pytest.mark.parametrize("name, seed, number", sorted(CHECKSUMS))
def test_pairs_are_those_of_every_version(name, seed, number):
    blurred = dataclasses.replace(EXACT, motion_blur=True, median_motion=8.0)
    options = {"effects": OPTIONS, "exact": EXACT, "blurred": blurred}[name]
    pair = generate_pair(seed, number, options)
    sums = [checksum(getattr(pair, name)) for name in ARRAYS]
    assert sums == pytest.approx(CHECKSUMS[name, seed, number], rel=1e-4, abs=1e-4)


def test_longer_scenes_begin_with_the_shorter_ones(scenes, pairs):
    for pair, scene in zip(pairs, scenes):
        np.testing.assert_array_equal(pair.frame1, scene.frames[0])
        np.testing.assert_array_equal(pair.frame2, scene.frames[1])
        np.testing.assert_array_equal(pair.occlusion, scene.occlusions[0])
        np.testing.assert_array_equal(pair.flow, np.nan_to_num(scene.flows[0]))
    longer = generate_scene(1, 4, 5, SMOOTH)
    for short, long in zip(scenes[4], longer):
        np.testing.assert_array_equal(short, long[: len(short)])


@pytest.mark.whole_on("tf2")
def test_median_and_largest_motion_are_those_asked_for():
    """Of 100 pairs alike; a few worlds have no way to move so far or so little."""
    options = dataclasses.replace(SMOOTH, scene_spread=0.0)
    lengths = [
        speeds(pair.flow)[pair.valid]
        for pair in (generate_pair(1, number, options) for number in range(100))
    ]
    medians = np.array([np.median(length) for length in lengths])
    assert abs(np.median(medians) - 3) < 0.15
    assert (np.abs(medians - 3) < 0.45).mean() >= 0.9
    assert max(length.max() for length in lengths) <= 25


@pytest.mark.full
def test_motion_varies_between_scenes_by_the_spread():
    options = dataclasses.replace(SMOOTH, median_motion=2.0, largest_motion=60.0)
    pairs = [generate_pair(1, number, options) for number in range(60)]
    logarithms = np.log([np.median(speeds(pair.flow)[pair.valid]) for pair in pairs])
    assert 0.7 < logarithms.std() < 1.5 and abs(np.median(logarithms) - np.log(2)) < 0.5


def test_motion_keeps_its_pace(scenes):
    medians = np.array([[np.nanmedian(speeds(flow)) for flow in scene.flows] for scene in scenes])
    assert (np.abs(medians[:, 1] - medians[:, 0]) < 0.3 * medians[:, 0] + 0.3).mean() > 0.8


def test_without_motion_frames_are_the_same():
    still = generate_pair(1, 3, dataclasses.replace(SMOOTH, median_motion=0.0))
    assert np.abs(still.flow).max() < 1e-5 and still.valid.all()
    np.testing.assert_array_equal(still.frame1, still.frame2)


def test_a_camera_that_is_off_leaves_the_backdrop_still():
    for number in range(4):
        pair = generate_pair(1, number, dataclasses.replace(SMOOTH, camera=False))
        assert (np.abs(pair.flow).max(axis=-1) < 1e-5).mean() > 0.3


@pytest.mark.full
@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_changes_frames_and_never_the_ground_truth(effect, pairs):
    options = dataclasses.replace(SMOOTH, **{effect: True})
    changed = [generate_pair(1, number, options) for number in range(12)]
    for one, other in zip(pairs, changed):
        for name in ("flow", "valid", "occlusion"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert 1 <= sum((one.frame2 != other.frame2).any() for one, other in zip(pairs, changed)) <= 12


def test_effects_change_frames_and_never_the_ground_truth(pairs):
    changed = [
        generate_pair(1, number, dataclasses.replace(OPTIONS, texture_scale=4.0))
        for number in range(4)
    ]
    for one, other in zip(pairs, changed):
        for name in ("flow", "valid", "occlusion"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (one.frame2 != other.frame2).any()


def test_motion_blur_follows_the_motion():
    """Frames smear along the flow: less detail, the same mean colours."""
    sharp, blurred = (
        [
            generate_pair(
                1,
                number,
                dataclasses.replace(SMOOTH, median_motion=10.0, motion_blur=blur),
            ).frame2.astype(np.float32)
            for number in range(12)
        ]
        for blur in (False, True)
    )
    changed = [
        (one, other) for one, other in zip(sharp, blurred) if np.abs(one - other).mean() > 0.5
    ]
    assert changed
    for one, other in changed:
        assert np.abs(one.mean() - other.mean()) < 6
        assert np.abs(np.diff(other, axis=1)).mean() < np.abs(np.diff(one, axis=1)).mean()


def test_both_kinds_come_by_turns():
    both, layers = (dataclasses.replace(SMOOTH, kind=kind) for kind in ("both", "layers"))
    assert same(generate_pair(1, 4, both), generate_pair(1, 4, layers))
    assert same(generate_pair(1, 5, both), generate_pair(1, 5, SMOOTH))


def test_demo_scenes_keep_their_limit():
    scene = demo_scene(2, 48, 64, 4, 8, kind="worlds")
    assert [len(part) for part in scene] == [4, 3, 3, 3]
    for flow, invalid in zip(scene.flows, scene.invalids):
        assert np.nanmax(speeds(flow)) <= 8 and invalid[np.isnan(flow[..., 0])].all()
