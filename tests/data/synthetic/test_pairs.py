import dataclasses
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from pwcnet.data.sample import Loaded
from pwcnet.data.synthetic.layers import Layer, Shape, make_layers
from pwcnet.data.synthetic.masks import make_mask
from pwcnet.data.synthetic.motion import Motion, grid
from pwcnet.data.synthetic.options import EFFECTS, SceneOptions
from pwcnet.data.synthetic.pairs import generate_pair
from pwcnet.data.synthetic.render import coverage, occluded, render
from pwcnet.data.synthetic.textures import make_texture

SIZE = HEIGHT, WIDTH = 64, 96
OPTIONS = SceneOptions(
    height=HEIGHT, width=WIDTH, median_motion=3.0, largest_motion=15.0, textures=12
)
EXACT = OPTIONS.without_effects()
WHOLE = slice(0, HEIGHT), slice(0, WIDTH)


@pytest.fixture(scope="module")
def pairs():
    return [generate_pair(1, number, EXACT) for number in range(24)]


def difference(pair, flow):
    seen = cv2.remap(
        pair.frame2, grid(*SIZE) + flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.abs(seen.astype(float) - pair.frame1).mean(axis=-1)


def same(one, other):
    return all((a == b).all() for a, b in zip(one[:5], other[:5]))


def test_shapes_and_types():
    pair = generate_pair(2, 5, OPTIONS)
    assert isinstance(pair, Loaded) and pair.foreground is None
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
                difference(pair, pair.flow)[~pair.occlusion].mean(),
                difference(pair, 0)[~pair.occlusion].mean(),
            )
            for pair in pairs
        )
    )
    assert np.mean(errors) < 2.5 and np.mean(errors) < 0.25 * np.mean(still)
    assert np.mean(
        [difference(pair, -pair.flow)[~pair.occlusion].mean() for pair in pairs]
    ) > np.mean(still)


def test_occluded_pixels_are_not_seen_in_frame_2(pairs):
    hidden, seen = [], []
    for pair in pairs:
        target = grid(*SIZE) + pair.flow
        outside = ((target < 0) | (target > [WIDTH - 1, HEIGHT - 1])).any(axis=-1)
        assert pair.occlusion[outside].all()
        error = difference(pair, pair.flow)
        hidden.extend(error[pair.occlusion & ~outside])
        seen.extend(error[~pair.occlusion])
    assert np.mean(hidden) > 8 * np.mean(seen)
    assert 0.005 < len(hidden) / len(seen) < 0.2


def test_occlusion_is_where_going_there_and_back_disagrees():
    agreed, count = 0, 0
    for number in range(12):
        layers = make_layers(np.random.RandomState(number), 1, number, EXACT)
        view1, view2 = (render(layers, SIZE, second) for second in (False, True))
        backward = np.zeros_like(view1.flow)
        for index, layer in enumerate(layers):
            backward[view2.index == index] = layer.motion.back_flow(WHOLE)[view2.index == index]
        target = grid(*SIZE) + view1.flow
        inside = ((target > 0) & (target < [WIDTH - 1, HEIGHT - 1])).all(axis=-1)
        returned = cv2.remap(backward, target, None, cv2.INTER_NEAREST)
        returned = np.hypot(*np.moveaxis(view1.flow + returned, -1, 0))
        hidden = occluded(view1, view2)
        assert (returned[inside & ~hidden & _interior(view1.index)] < 1.0).mean() > 0.98
        moved = inside & (returned > 1.5) & _interior(view1.index)
        agreed, count = agreed + hidden[moved].sum(), count + moved.sum()
    assert count > 100 and agreed > 0.85 * count


def _interior(index):
    return cv2.erode(index, np.ones((3, 3))) == cv2.dilate(index, np.ones((3, 3)))


def test_rigid_layers_move_as_told():
    step = np.array([[1.02, -0.05, 3.25], [0.04, 0.98, -1.5], [0, 0, 1]])
    texture = make_texture(np.random.RandomState(3))[0]
    look, colors = np.array([[0.7, 0.2, 20], [-0.2, 0.7, 90]]), np.eye(3, 4)
    place = np.array([[1.0, 0, 80], [0, 1.0, 96]])
    shape = Shape(
        cv2.GaussianBlur(
            np.fromfunction(lambda y, x: 20.0 - np.hypot(x - 128, y - 128), (256, 256)).astype(
                np.float32
            ),
            (0, 0),
            1,
        ),
        place,
        1.0,
        np.array([[26.0, 10, 1], [70, 10, 1], [70, 54, 1], [26, 54, 1]]),
    )
    view = render(
        [
            Layer(texture, look, colors, None, Motion(np.eye(3), SIZE)),
            Layer(texture, look, colors, shape, Motion(step, SIZE)),
        ],
        SIZE,
        False,
    )
    points = np.concatenate([grid(*SIZE), np.ones(SIZE + (1,))], axis=-1)
    disc = np.hypot(points[..., 0] - 48, points[..., 1] - 32)
    expected = points @ step.T[:, :2] - points[..., :2]
    np.testing.assert_allclose(view.flow[disc < 19], expected[disc < 19], atol=1e-4)
    assert (view.flow[disc > 21] == 0).all() and (view.index == (disc < 20)).mean() > 0.99


def test_the_way_back_inverts_the_motion():
    random = np.random.RandomState(0)
    for _ in range(10):
        bend = cv2.resize(
            random.uniform(-1, 1, (5, 5, 2)).astype(np.float32),
            SIZE[::-1],
            interpolation=cv2.INTER_CUBIC,
        ) * np.float32(0.09 * HEIGHT / 4)
        matrix = np.eye(3) + np.vstack(
            [
                np.hstack([random.uniform(-0.1, 0.1, (2, 2)), random.uniform(-9, 9, (2, 1))]),
                np.zeros(3),
            ]
        )
        motion = Motion(matrix, SIZE, bend)
        source = grid(*SIZE) + motion.back_flow(WHOLE)
        flow, place = motion.flow(WHOLE), [source[..., 1], source[..., 0]]
        known = np.stack(
            [
                map_coordinates(flow[..., channel], place, order=1, mode="nearest")
                for channel in (0, 1)
            ],
            axis=-1,
        )  # finer than OpenCV looks
        inside = ((source > 1) & (source < [WIDTH - 2, HEIGHT - 2])).all(axis=-1)
        assert np.abs(source + known - grid(*SIZE))[inside].max() < 0.02
        part = slice(13, 40), slice(22, 61)
        np.testing.assert_allclose(motion.back_flow(part), motion.back_flow(WHOLE)[part], atol=0.01)


def test_a_layer_ends_where_its_mask_ends():
    level = np.full((256, 256), -0.2, np.float32)  # as at the rim of a shape that touches it
    level[80:200, 80:200] = 20
    corners = np.array([[0, 0, 1], [WIDTH, 0, 1], [WIDTH, HEIGHT, 1], [0, HEIGHT, 1.0]])
    shape = Shape(
        level, np.array([[4.0, 0, 0], [0, 4.0, 0]]), 0.25, corners
    )  # the mask covers 64 of the 96 columns
    alpha = coverage(Layer(None, None, None, shape, None), grid(*SIZE))
    assert (alpha[20:50, 20:50] == 1).all() and (alpha[:, 66:] == 0).all()


def test_seed_number_and_options_decide_in_any_thread(pairs):
    with ThreadPoolExecutor(4) as threads:
        again = list(
            threads.map(lambda number: generate_pair(1, number, EXACT), reversed(range(24)))
        )
    assert all(same(one, other) for one, other in zip(pairs, reversed(again)))
    assert not same(pairs[0], pairs[1]) and not same(pairs[0], generate_pair(2, 0, EXACT))
    assert not same(generate_pair(1, 0, OPTIONS), generate_pair(1, 10**9, OPTIONS))


def test_motion_sizes(pairs):
    speeds = np.concatenate([np.hypot(*np.moveaxis(pair.flow, -1, 0)).ravel() for pair in pairs])
    assert speeds.max() <= EXACT.largest_motion + 1e-3 and 1 < np.median(speeds) < 6
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
def test_each_effect_changes_frames_and_never_the_truth(effect, pairs):
    options = dataclasses.replace(EXACT, **{effect: True})
    changed = [generate_pair(1, number, options) for number in range(24)]
    assert all(
        (one.flow == other.flow).all() and (one.occlusion == other.occlusion).all()
        for one, other in zip(pairs, changed)
    )
    assert 1 <= sum(not same(one, other) for one, other in zip(pairs, changed)) <= 24


def test_textures_and_masks_of_all_kinds():
    random = np.random.RandomState(7)
    for _ in range(12):
        whole, half = make_texture(random)
        assert (
            whole.shape == (512, 512, 3)
            and half.shape == (256, 256, 3)
            and whole.dtype == half.dtype == np.uint8
            and whole.std() > 1
        )
        level, box = make_mask(random)
        assert (
            level.shape == (256, 256)
            and level.max() > 0
            and max(level[0].max(), level[-1].max(), level[:, 0].max(), level[:, -1].max()) < 0
        )
        rows, columns = np.nonzero(level > 0)
        assert (
            box[0] <= columns.min()
            and box[1] <= rows.min()
            and columns.max() <= box[2]
            and rows.max() <= box[3]
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 16},
        {"median_motion": -1.0},
        {"median_motion": 9.0, "largest_motion": 3.0},
        {"largest_motion": float("inf")},
        {"least_layers": 0},
        {"least_layers": 5, "most_layers": 4},
        {"textures": 0},
    ],
)
def test_refuses_options_that_make_no_scene(wrong):
    with pytest.raises(ValueError, match="expected"):
        SceneOptions(**wrong)


def test_refuses_numbers_out_of_range():
    for seed, number in ((-1, 0), (0, 2**32)):
        with pytest.raises(ValueError, match="4294967295"):
            generate_pair(seed, number, OPTIONS)
