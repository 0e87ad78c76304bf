"""Crops, flips, shifts and zooms: golden numbers of tfoptflow, and flow that stays right."""

import cv2
import numpy as np
import pytest

from pwcnet.data.augment.augmentation import AugmentOptions, augment, sample_random
from pwcnet.data.augment.geometric import (
    flip_left_right,
    flip_up_down,
    random_crop,
    scale,
    translate,
)
from pwcnet.data.sample import LoadedSample
from pwcnet.data.synthetic.scenes import demo_scene
from tests.helpers.golden import golden

SIZE = (120, 160)
EVERYTHING = AugmentOptions(flip_left_right=1, flip_up_down=1, translate=1, scale=1)
FLIPS = AugmentOptions(translate=0, scale=0)


@pytest.fixture(scope="module")
def scene():
    return demo_scene(number=3, height=SIZE[0], width=SIZE[1], frames=2, max_motion=6)


@pytest.fixture
def dense(scene):
    return LoadedSample(scene.frames[0], scene.frames[1], scene.flows[0], np.ones(SIZE, bool))


@pytest.fixture
def sparse(dense):
    valid = np.random.RandomState(2).uniform(size=SIZE) < 0.15
    return dense._replace(flow=np.where(valid[..., None], dense.flow, np.float32(0)), valid=valid)


def golden_example(numbers):
    return LoadedSample(
        numbers["image"],
        numbers["image"],
        numbers["flow"],
        np.ones(numbers["image"].shape[:2], bool),
    )


def assert_same(one, other):
    for a, b in zip(one[:4], other[:4]):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def warp_error(example, mask=True):
    """Mean absolute grey levels between frame 1 and frame 2 fetched by the flow.

    Where that is valid, `mask` is set and its target lies in the frame.
    """
    height, width = example.valid.shape
    targets = example.flow + np.stack(
        np.meshgrid(np.arange(width), np.arange(height)), axis=-1
    ).astype(np.float32)
    inside = (
        ((targets >= 0) & (targets <= [width - 1, height - 1])).all(axis=-1) & example.valid & mask
    )
    warped = cv2.remap(example.frame2, targets[..., 0], targets[..., 1], cv2.INTER_LINEAR)
    return np.abs(warped.astype(float) - example.frame1)[inside].mean()


@pytest.mark.parametrize("factor", ["0.95", "0.9731", "1", "1.0333", "1.05"])
def test_scale_matches_golden(factor):
    numbers = golden("augment")
    scaled = scale(golden_example(numbers), float(factor))
    for frame in (scaled.frame1, scaled.frame2):
        assert np.abs(frame.astype(int) - numbers["scale_image_" + factor]).max() <= 1
    np.testing.assert_allclose(scaled.flow, numbers["scale_flow_" + factor], atol=1e-4)
    border = ~numbers["scale_image_" + factor].any(axis=(-1)) & ~numbers[
        "scale_flow_" + factor
    ].any(axis=(-1))
    np.testing.assert_array_equal(scaled.valid, ~border)


@pytest.mark.parametrize("shift", [(3, -2), (-3, 0)])
def test_translate_matches_golden(shift):
    numbers = golden("augment")
    moved = translate(golden_example(numbers), *shift)
    np.testing.assert_array_equal(moved.frame1, numbers["image"])
    np.testing.assert_array_equal(moved.frame2, numbers["translate_image2_%d_%d" % shift])
    np.testing.assert_allclose(moved.flow, numbers["translate_flow_%d_%d" % shift], atol=1e-4)
    assert moved.valid.all()


@pytest.mark.parametrize("flip", [flip_left_right, flip_up_down])
def test_flipping_twice_is_the_identity(flip, sparse):
    assert_same(flip(flip(sparse)), sparse)


def test_flips_turn_the_flow(dense):
    np.testing.assert_array_equal(
        flip_left_right(dense).flow, dense.flow[:, ::-1] * np.float32([-1, 1])
    )
    np.testing.assert_array_equal(flip_up_down(dense).flow, dense.flow[::-1] * np.float32([1, -1]))


@pytest.mark.parametrize(
    "change",
    [
        flip_left_right,
        flip_up_down,
        lambda e: translate(e, 5, -4),
        lambda e: translate(e, -7, 2),
        lambda e: random_crop(e, (80, 100), np.random.RandomState(0)),
        lambda e: scale(e, 1.05),
        lambda e: scale(e, 0.95),
        lambda e: scale(e, 0.96, sparse=True),
        lambda e: scale(e, 1.04, sparse=True),
    ],
)
def test_flow_still_leads_to_the_same_pixels(change, dense, scene):
    visible = dense._replace(valid=~scene.occlusions[0] & ~scene.invalids[0])
    before = warp_error(visible)
    changed = change(visible)
    filled = changed.frame2.any(axis=-1).all()
    after = warp_error(changed, True if filled else not_into_border(changed))
    assert before < 1.0 and after < before + 0.5


def not_into_border(example):
    """Where the flow does not lead next to the zeros that a shift or zoom left in frame 2."""
    known = cv2.erode(
        example.frame2.any(axis=-1).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1
    )
    height, width = known.shape
    targets = example.flow + np.stack(
        np.meshgrid(np.arange(width), np.arange(height)), axis=-1
    ).astype(np.float32)
    return cv2.remap(known, targets[..., 0], targets[..., 1], cv2.INTER_NEAREST, borderValue=0) > 0


def test_translate_leaves_invalid_pixels_alone(sparse):
    moved = translate(sparse, 4, -3)
    np.testing.assert_array_equal(moved.valid, sparse.valid)
    np.testing.assert_array_equal(moved.flow[~sparse.valid], sparse.flow[~sparse.valid])
    np.testing.assert_array_equal(
        moved.flow[sparse.valid], sparse.flow[sparse.valid] + np.float32([4, -3])
    )


def test_translate_out_of_the_frame_leaves_zeros(dense):
    for shift in ((SIZE[1], 0), (0, -SIZE[0] - 5), (-1000, 1000)):
        assert not translate(dense, *shift).frame2.any()


@pytest.mark.parametrize("factor", [0.95, 0.983, 1.0, 1.05])
def test_scaled_sparse_flow_stays_sparse_with_exact_values(factor, sparse):
    scaled = scale(sparse, factor, sparse=True)
    known = {tuple(value) for value in sparse.flow[sparse.valid] * np.float32(factor)}
    assert {tuple(value) for value in scaled.flow[scaled.valid]} <= known
    assert abs(scaled.valid.mean() - sparse.valid.mean()) < 0.03


@pytest.mark.parametrize("unknown", [np.nan, 1e10, 777.0])
@pytest.mark.parametrize("factor", [0.95, 1.03])
def test_unknown_flow_never_reaches_valid_pixels(unknown, factor, dense):
    valid = np.ones(SIZE, bool)
    valid[40:60, 50:80] = False
    valid[::17, ::13] = False
    holed = dense._replace(
        flow=np.where(valid[..., None], np.float32([2, -1]), np.float32(unknown)), valid=valid
    )
    for sparse in (False, True):
        scaled = scale(holed, factor, sparse)
        np.testing.assert_allclose(
            scaled.flow[scaled.valid], np.full((scaled.valid.sum(), 2), [2, -1]) * factor, rtol=1e-5
        )
        assert not scaled.flow[~scaled.valid].any()
        assert 0.5 < scaled.valid.mean() < 0.99


def test_zooming_out_marks_its_border_invalid(dense):
    scaled = scale(dense, 0.9)
    assert (
        not scaled.valid[0].any()
        and not scaled.valid[:, -1].any()
        and scaled.valid[10:-10, 10:-10].all()
    )
    assert not scaled.frame1[~scaled.valid].any()


def test_scale_by_one_changes_nothing(dense):
    assert_same(scale(dense, 1.0), dense)
    assert_same(scale(dense, 1.0, sparse=True), dense)


@pytest.mark.parametrize("factor", [0.0, -1.0, 0.001, float("nan"), float("inf")])
def test_scale_refuses_a_factor_that_leaves_nothing(factor, dense):
    with pytest.raises(ValueError, match="at least one pixel"):
        scale(dense, factor)


def test_random_crop_takes_the_same_window_everywhere_and_reaches_all_corners(dense):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    marked = dense._replace(flow=np.stack([x, y], axis=-1).astype(np.float32))
    corners = set()
    for number in range(60):
        crop = random_crop(marked, (SIZE[0] - 1, SIZE[1] - 1), sample_random(3, number))
        left, top = crop.flow[0, 0].astype(int)
        np.testing.assert_array_equal(
            crop.frame1, dense.frame1[top : top + SIZE[0] - 1, left : left + SIZE[1] - 1]
        )
        np.testing.assert_array_equal(
            crop.frame2, dense.frame2[top : top + SIZE[0] - 1, left : left + SIZE[1] - 1]
        )
        corners.add((top, left))
    assert corners == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert_same(random_crop(dense, SIZE, sample_random(0, 0)), dense)


@pytest.mark.parametrize("size", [(121, 160), (120, 161), (0, 10)])
def test_crop_larger_than_the_frame_names_both_sizes(size, dense):
    with pytest.raises(ValueError, match="120x160.*%dx%d" % size):
        augment(dense, size, sample_random(0, 0))


def test_augment_is_the_same_for_the_same_seed_and_number(sparse):
    def one(seed, number):
        return augment(sparse, (96, 128), sample_random(seed, number), EVERYTHING)

    assert_same(one(4, 9), one(4, 9))
    for other in (one(5, 9), one(4, 10), one(9, 4)):
        assert (other.frame1 != one(4, 9).frame1).any()


def test_augment_keeps_size_types_and_input(sparse):
    copies = [array.copy() for array in sparse[:4]]
    for number in range(20):
        result = augment(sparse, (96, 128), sample_random(0, number))
        assert [array.shape for array in result[:4]] == [
            (96, 128, 3),
            (96, 128, 3),
            (96, 128, 2),
            (96, 128),
        ]
        assert [array.dtype for array in result[:4]] == [np.uint8, np.uint8, np.float32, bool]
    assert_same(sparse, LoadedSample(*copies))


def test_augment_keeps_detected_sparse_flow_sparse(sparse):
    options = AugmentOptions(flip_left_right=0, flip_up_down=0, translate=0, scale=1, zoom=0.04)
    for number in range(5):
        result = augment(sparse, None, sample_random(1, number), options)
        assert 0.1 < result.valid.mean() < 0.2


def test_augment_uses_each_step_about_half_the_time(dense):
    steps = {
        name: AugmentOptions(
            **dict(
                {"flip_left_right": 0, "flip_up_down": 0, "translate": 0, "scale": 0}, **{name: 0.5}
            )
        )
        for name in ("flip_left_right", "flip_up_down", "translate", "scale")
    }
    small = LoadedSample(*(array[:40, :48] for array in dense[:4]))
    for name, options in steps.items():
        changed = sum(
            (augment(small, None, sample_random(8, number), options).flow != small.flow).any()
            for number in range(200)
        )
        assert 70 <= changed <= 130, name


def test_augment_without_probabilities_only_crops(dense):
    nothing = AugmentOptions(flip_left_right=0, flip_up_down=0, translate=0, scale=0)
    assert_same(augment(dense, None, sample_random(0, 0), nothing), dense)


def test_shifts_and_zooms_stay_within_five_percent(dense):
    still = dense._replace(flow=np.zeros_like(dense.flow))
    moved = [
        augment(still, None, sample_random(2, n), AugmentOptions(scale=0, translate=1)).flow[0, 0]
        for n in range(200)
    ]
    assert np.abs(moved).max(axis=0).tolist() == [8, 6] and not np.mod(moved, 1).any()
    ones = dense._replace(flow=np.ones_like(dense.flow))
    options = AugmentOptions(flip_left_right=0, flip_up_down=0, translate=0, scale=1)
    factors = [augment(ones, None, sample_random(2, n), options).flow.max() for n in range(100)]
    assert 0.95 <= min(factors) < 0.96 and 1.04 < max(factors) <= 1.05


def test_augmented_flow_still_leads_to_the_same_pixels(dense, scene):
    visible = dense._replace(valid=~scene.occlusions[0] & ~scene.invalids[0])
    for number in range(10):
        result = augment(visible, (96, 128), sample_random(6, number))
        assert warp_error(result, not_into_border(result)) < warp_error(visible) + 0.7


@pytest.mark.parametrize(
    "wrong",
    [
        {"scale": 1.5},
        {"translate": -0.1},
        {"shift": 1.0},
        {"zoom": -0.05},
        {"flip_up_down": float("nan")},
    ],
)
def test_options_are_checked(wrong):
    with pytest.raises(ValueError, match="expected %s in 0..1" % list(wrong)[0]):
        AugmentOptions(**wrong)


@pytest.mark.parametrize("seed, number", [(-1, 0), (0, 2**32), (0.5, 1)])
def test_sample_random_checks_its_numbers(seed, number):
    with pytest.raises(ValueError, match="expected seed"):
        sample_random(seed, number)


def test_augment_leaves_out_masks_that_it_does_not_change(dense):
    mask = np.zeros(SIZE, bool)
    result = augment(
        dense._replace(occlusion=mask, foreground=mask), None, sample_random(0, 0), EVERYTHING
    )
    assert result.occlusion is None and result.foreground is None


def test_augment_refuses_a_sample_without_ground_truth(dense):
    with pytest.raises(ValueError, match="ground truth"):
        augment(LoadedSample(*dense[:2]), None, sample_random(0, 0))


def test_augment_refuses_arrays_of_other_sizes_and_types(dense):
    with pytest.raises(ValueError, match=r"one size.*\[60, 160, 2\] float32"):
        augment(dense._replace(flow=dense.flow[::2]), (10, 10), sample_random(0, 0))
    with pytest.raises(ValueError, match=r"bool.*\[120, 160\] uint8"):
        augment(dense._replace(valid=dense.valid.astype(np.uint8)), (10, 10), sample_random(0, 0))
