"""Generated scenes: frames, flow, occlusions, reproducible numbers, motion that continues."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from pwcnet.data.geometry import pixel_grid
from pwcnet.data.sample import LoadedSample
from pwcnet.data.synthetic.options import EFFECTS, SceneOptions
from pwcnet.data.synthetic.scenes import demo_scene, generate_pair, generate_scene

SIZE = HEIGHT, WIDTH = 64, 96
OPTIONS = SceneOptions(
    height=HEIGHT, width=WIDTH, median_motion=3.0, largest_motion=15.0, textures=12
)
EXACT = OPTIONS.without_effects()
DEMO = 96, 128
BLURRED = dataclasses.replace(EXACT, motion_blur=True, median_motion=12.0)

# Weighted means of frame 1, frame 2, flow and occlusion, which every version has given so far.
CHECKSUMS = {
    ("effects", 1, 0): (107.5937218, 112.5040216, -4.2274219, 0.0915370),
    ("effects", 1, 3): (136.4903475, 145.8846678, -2.8229136, 0.1475735),
    ("effects", 7, 2147483651): (53.5634364, 62.8165142, 0.0085680, 0.0006094),
    ("effects", 4294967295, 11): (42.6783070, 46.0453103, -0.1348710, 0.0301684),
    ("exact", 1, 0): (128.5090200, 133.3900073, -4.2274219, 0.0915370),
    ("exact", 1, 3): (166.6517050, 176.3296430, -2.8229136, 0.1475735),
    ("exact", 7, 2147483651): (79.7280043, 79.6624586, 0.0085680, 0.0006094),
    ("exact", 4294967295, 11): (62.0718074, 62.8260820, -0.1348710, 0.0301684),
    ("blurred", 1, 0): (128.5090200, 133.9747226, -4.3512207, 0.0999015),
    ("blurred", 1, 3): (166.9821783, 178.6432659, -3.3015073, 0.1738403),
    ("blurred", 7, 2147483651): (79.7294737, 79.4706429, 0.0342721, 0.0026116),
    ("blurred", 4294967295, 11): (62.0727443, 65.2622382, -0.5275095, 0.0677186),
}


def difference(frame1, frame2, flow):
    """[H, W]: mean absolute grey levels between frame 1 and frame 2 fetched at the flow."""
    seen = cv2.remap(
        frame2,
        pixel_grid(*frame1.shape[:2]) + flow,
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.abs(seen.astype(float) - frame1).mean(axis=-1)


def checksum(array):
    weights = np.random.RandomState(0).uniform(1, 2, array.shape)
    return (weights * array).sum() / weights.sum()


def steps(scene):
    return zip(scene.frames, scene.frames[1:], scene.flows, scene.occlusions, scene.invalids)


def speeds(flow):
    return np.hypot(*np.moveaxis(flow, -1, 0))


@pytest.fixture(scope="module")
def pairs():
    return [generate_pair(1, number, EXACT) for number in range(24)]


def same(one, other):
    return all((a == b).all() for a, b in zip(one[:5], other[:5]))


def test_shapes_and_types():
    pair = generate_pair(2, 5, OPTIONS)
    assert isinstance(pair, LoadedSample) and pair.foreground is None
    assert all(
        frame.shape == SIZE + (3,) and frame.dtype == np.uint8
        for frame in (pair.frame1, pair.frame2)
    )
    assert (
        pair.flow.shape == SIZE + (2,)
        and pair.flow.dtype == np.float32
        and np.isfinite(pair.flow).all()
    )
    assert (
        all(mask.shape == SIZE and mask.dtype == bool for mask in (pair.valid, pair.occlusion))
        and pair.valid.all()
    )


def test_frame_2_at_the_flow_shows_frame_1(pairs):
    errors, still = zip(
        *(
            (
                difference(pair.frame1, pair.frame2, pair.flow)[~pair.occlusion].mean(),
                difference(pair.frame1, pair.frame2, 0)[~pair.occlusion].mean(),
            )
            for pair in pairs
        )
    )
    assert np.mean(errors) < 2.5 and np.mean(errors) < 0.25 * np.mean(still)
    assert np.mean(
        [difference(pair.frame1, pair.frame2, -pair.flow)[~pair.occlusion].mean() for pair in pairs]
    ) > np.mean(still)


def test_occluded_pixels_are_not_seen_in_frame_2(pairs):
    hidden, seen = [], []
    for pair in pairs:
        target = pixel_grid(*SIZE) + pair.flow
        outside = ((target < 0) | (target > [WIDTH - 1, HEIGHT - 1])).any(axis=-1)
        assert pair.occlusion[outside].all()
        error = difference(pair.frame1, pair.frame2, pair.flow)
        hidden.extend(error[pair.occlusion & ~outside])
        seen.extend(error[~pair.occlusion])
    assert np.mean(hidden) > 8 * np.mean(seen)
    assert 0.005 < len(hidden) / len(seen) < 0.2


def test_seed_number_and_options_decide_in_any_thread(pairs):
    with ThreadPoolExecutor(4) as threads:
        again = list(
            threads.map(lambda number: generate_pair(1, number, EXACT), reversed(range(24)))
        )
    assert all(same(one, other) for one, other in zip(pairs, reversed(again)))
    assert not same(pairs[0], pairs[1]) and not same(pairs[0], generate_pair(2, 0, EXACT))
    assert not same(generate_pair(1, 0, OPTIONS), generate_pair(1, 10**9, OPTIONS))


def test_motion_sizes(pairs):
    speed = np.concatenate([speeds(pair.flow).ravel() for pair in pairs])
    assert speed.max() <= EXACT.largest_motion + 1e-3 and 1 < np.median(speed) < 6
    still = generate_pair(1, 3, dataclasses.replace(EXACT, median_motion=0.0, deformation=False))
    assert (
        (still.flow == 0).all()
        and not still.occlusion.any()
        and (still.frame1 == still.frame2).all()
    )


def test_a_camera_that_is_off_leaves_the_background_still():
    options = dataclasses.replace(
        EXACT, camera=False, deformation=False, least_layers=1, most_layers=1
    )
    assert not generate_pair(1, 8, options).flow.any()


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_changes_frames_and_never_the_ground_truth(effect, pairs):
    options = dataclasses.replace(EXACT, **{effect: True})
    changed = [generate_pair(1, number, options) for number in range(24)]
    assert all(
        (one.flow == other.flow).all() and (one.occlusion == other.occlusion).all()
        for one, other in zip(pairs, changed)
    )
    assert 1 <= sum(not same(one, other) for one, other in zip(pairs, changed)) <= 24


def test_refuses_numbers_out_of_range():
    for seed, number in ((-1, 0), (0, 2**32)):
        with pytest.raises(ValueError, match="4294967295"):
            generate_pair(seed, number, OPTIONS)


@pytest.mark.parametrize("name, seed, number", sorted(CHECKSUMS))
def test_pairs_are_those_of_every_version(name, seed, number):
    options = {"effects": OPTIONS, "exact": EXACT, "blurred": BLURRED}[name]
    pair = generate_pair(seed, number, options)
    arrays = pair.frame1, pair.frame2, pair.flow, pair.occlusion
    for array, expected in zip(arrays, CHECKSUMS[name, seed, number]):
        assert checksum(array) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.fixture(scope="module", params=[3.0, 12.0], ids=["slow", "fast"])
def long_scenes(request):
    """Scenes of 8 frames, more than layers take to swing to and fro."""
    options = dataclasses.replace(EXACT, median_motion=request.param)
    return options, [generate_scene(1, number, 8, options) for number in range(8)]


def test_two_frames_of_a_scene_are_the_pair():
    for number, options in ((0, OPTIONS), (3, BLURRED)):
        pair, scene = generate_pair(1, number, options), generate_scene(1, number, 2, options)
        for one, other in zip(pair[:3], scene.frames + scene.flows):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(pair.occlusion, scene.occlusions[0])


def test_longer_scenes_begin_with_the_shorter_ones(long_scenes):
    options, scenes = long_scenes
    for count in (2, 5):
        for short, long in zip(generate_scene(1, 4, count, options), scenes[4]):
            np.testing.assert_array_equal(short, long[: len(short)])


def test_every_frame_shows_the_one_before_at_its_flow(long_scenes):
    _, scenes = long_scenes
    for time in range(7):
        errors, still = [], []
        for scene in scenes:
            frame1, frame2, flow, occluded, invalid = list(steps(scene))[time]
            counted = ~occluded & ~invalid
            errors.append(difference(frame1, frame2, flow)[counted].mean())
            still.append(difference(frame1, frame2, 0)[counted].mean())
        assert np.mean(errors) < 2.5 and np.mean(errors) < 0.2 * np.mean(still)


def test_motion_keeps_its_limit_and_its_pace_in_every_frame(long_scenes):
    options, scenes = long_scenes
    means = np.array([[speeds(flow).mean() for flow in scene.flows] for scene in scenes])
    largest = max(speeds(flow).max() for scene in scenes for flow in scene.flows)
    assert largest <= options.largest_motion + 1e-2
    assert (np.abs(means[:, 1:] - means[:, :-1]) < 0.3 * means[:, :-1] + 0.3).all()
    assert means.mean(axis=0).min() > 0.6 * means[:, 0].mean()


def test_effects_occur_in_all_frames_and_never_change_the_ground_truth():
    plain, changed = (generate_scene(1, 2, 4, options) for options in (EXACT, OPTIONS))
    for name in ("flows", "occlusions", "invalids"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(changed, name))
    assert all((one != other).any() for one, other in zip(plain.frames, changed.frames))


def test_a_scene_has_at_least_two_frames():
    with pytest.raises(ValueError, match="2 frames"):
        generate_scene(0, 0, 1, OPTIONS)


@pytest.fixture(scope="module")
def demo_scenes():
    return [demo_scene(number, *DEMO, 4, 8) for number in range(5)]


def test_demo_scenes_have_frames_flows_and_masks(demo_scenes):
    for scene in demo_scenes:
        assert [len(part) for part in scene] == [4, 3, 3, 3]
        assert all(frame.shape == DEMO + (3,) and frame.dtype == np.uint8 for frame in scene.frames)
        assert all(flow.shape == DEMO + (2,) and flow.dtype == np.float32 for flow in scene.flows)
        assert all(
            mask.shape == DEMO and mask.dtype == bool for mask in scene.occlusions + scene.invalids
        )


def test_warping_demo_scenes_back_reproduces_what_is_visible(demo_scenes):
    for scene in demo_scenes:
        for frame1, frame2, flow, occluded, invalid in steps(scene):
            error, still = difference(frame1, frame2, flow), difference(frame1, frame2, 0)
            assert error[~occluded].mean() < 1.5
            assert error[~occluded & ~invalid].mean() < 1.0
            assert error[~occluded].mean() < 0.35 * still[~occluded].mean()
            # The rest leads to pixels that mix two layers.
            assert np.percentile(error[~occluded & ~invalid], 97) < 8


def test_occluded_pixels_of_demo_scenes_do_not_reproduce(demo_scenes):
    seen, hidden = [], []
    for scene in demo_scenes:
        for frame1, frame2, flow, occluded, _ in steps(scene):
            target = pixel_grid(*DEMO) + flow
            inside = ((target >= 0) & (target <= [DEMO[1] - 1, DEMO[0] - 1])).all(axis=-1)
            assert occluded[~inside].all()
            error = difference(frame1, frame2, flow)
            seen.extend(error[~occluded])
            hidden.extend(error[occluded & inside])
    assert np.mean(hidden) > 15 * np.mean(seen)
    assert 0.01 < len(hidden) / len(seen) < 0.2


def test_demo_scenes_use_their_limit_of_motion_and_keep_it(demo_scenes):
    largest = [speeds(flow).max() for scene in demo_scenes for flow in scene.flows]
    assert max(largest) <= 8 and min(largest) > 3


def test_demo_scenes_have_several_layers_and_detail(demo_scenes):
    for scene in demo_scenes:
        jumps = np.abs(np.diff(scene.flows[0], axis=1)).max(axis=-1) > 0.5
        assert jumps.sum() > 40
        assert scene.frames[0].std() > 20


def test_demo_scenes_without_motion_have_zero_flow():
    scene = demo_scene(3, 32, 48, 2, 0)
    assert not scene.flows[0].any() and not scene.occlusions[0].any()
    np.testing.assert_array_equal(*scene.frames)


def test_long_and_fast_demo_scenes_stay_right():
    scene = demo_scene(5, 64, 80, 25, 12)
    for frame1, frame2, flow, occluded, invalid in list(steps(scene))[-3:]:
        assert 8 < speeds(flow).max() <= 12
        assert difference(frame1, frame2, flow)[~occluded & ~invalid].mean() < 1.2


def test_same_number_same_demo_scene(demo_scenes):
    again = demo_scene(1, *DEMO, 4, 8)
    for one, other in zip(demo_scenes[1], again):
        np.testing.assert_array_equal(one, other)
    assert (demo_scenes[0].frames[0] != again.frames[0]).any()


@pytest.mark.parametrize(
    "wrong",
    [(8, 64, 2, 4), (64, 8, 2, 4), (64, 64, 1, 4), (64, 64, 2, -1), (64, 64, 2, float("nan"))],
)
def test_refuses_sizes_that_make_no_demo_scene(wrong):
    with pytest.raises(ValueError, match="expected"):
        demo_scene(0, *wrong)
