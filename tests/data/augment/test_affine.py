"""Affine changes: the flow follows them."""

import cv2
import numpy as np
import pytest

from pwcnet.data.augment.affine import AffineOptions, random_maps, transform
from pwcnet.data.augment.augmentation import AugmentOptions, augment, sample_random
from pwcnet.data.sample import LoadedSample
from pwcnet.data.synthetic.scenes import demo_scene

SIZE, CROP = (160, 224), (96, 128)
STILL = {"flip_left_right": 0, "flip_up_down": 0, "translate": 0, "scale": 0}
CHANGES = {
    "common": AffineOptions(common=1, relative=0),
    "relative": AffineOptions(common=0, relative=1, relative_rotation=4, relative_zoom=0.05),
    "both": AffineOptions(
        common=1, relative=1, smallest=0.6, largest=1.8, rotation=30, stretch=0.3
    ),
}


@pytest.fixture(scope="module")
def scene():
    return demo_scene(number=5, height=SIZE[0], width=SIZE[1], frames=2, max_motion=8)


@pytest.fixture
def visible(scene):
    """What can be seen in both frames is valid."""
    return LoadedSample(
        scene.frames[0], scene.frames[1], scene.flows[0], ~scene.occlusions[0] & ~scene.invalids[0]
    )


@pytest.fixture
def sparse(visible):
    valid = visible.valid & (np.random.RandomState(2).uniform(size=SIZE) < 0.2)
    return visible._replace(
        flow=np.where(valid[..., None], visible.flow, np.float32(0)), valid=valid
    )


def warp_errors(example):
    """Absolute grey levels between frame 1 and frame 2 fetched by the flow.

    At valid pixels whose target lies in the filled part of frame 2.
    """
    height, width = example.valid.shape
    targets = example.flow + np.stack(
        np.meshgrid(np.arange(width), np.arange(height)), axis=-1
    ).astype(np.float32)
    filled = cv2.erode(
        example.frame2.any(axis=-1).astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0
    )
    seen = cv2.remap(filled, targets, None, cv2.INTER_NEAREST, borderValue=0) > 0
    warped = cv2.remap(example.frame2, targets, None, cv2.INTER_LINEAR)
    return np.abs(warped.astype(float) - example.frame1)[seen & example.valid]


def similarity(zoom, degrees, shift):
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((110.0, 75.0), degrees, zoom)
    matrix[:2, 2] += shift
    return matrix


@pytest.mark.parametrize("name", sorted(CHANGES))
@pytest.mark.parametrize("is_sparse", [False, True])
def test_flow_still_leads_to_the_same_pixels(name, is_sparse, visible, sparse):
    example = sparse if is_sparse else visible
    before = warp_errors(example).mean()
    for number in range(8):
        result = augment(
            example, CROP, sample_random(1, number), AugmentOptions(affine=CHANGES[name], **STILL)
        )
        errors = warp_errors(result)
        # A known pixel of sparse flow is moved by up to half a pixel, and so is its target.
        assert len(errors) > (200 if is_sparse else 4000) and errors.mean() < before + (
            2.5 if is_sparse else 1.0
        )


def test_flow_follows_the_formula_exactly():
    """A flow that is affine itself is interpolated without error."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    flow = np.stack([0.05 * x - 0.02 * y + 3, 0.01 * x + 0.04 * y - 2], axis=-1)
    frame = np.zeros(SIZE + (3,), np.uint8)
    first, second = similarity(1.3, 12, (-40.3, -20.8)), similarity(1.25, 9, (-38.0, -22.5))
    result = transform(
        LoadedSample(frame, frame, flow, np.ones(SIZE, bool)), CROP, first, second, sparse=False
    )
    assert result.valid.mean() > 0.95 and not result.flow[~result.valid].any()
    for row, column in np.argwhere(result.valid)[::397]:
        place = np.linalg.inv(first) @ [column, row, 1]
        moved = place[:2] + [
            0.05 * place[0] - 0.02 * place[1] + 3,
            0.01 * place[0] + 0.04 * place[1] - 2,
        ]
        expected = (second @ np.append(moved, 1))[:2] - [column, row]
        np.testing.assert_allclose(
            result.flow[row, column], expected, atol=3e-3
        )  # OpenCV rounds places to 1/32 pixel


@pytest.mark.parametrize("zoom", [0.5, 0.9, 1.0, 1.7])
def test_sparse_stays_sparse_with_transformed_values(zoom, sparse):
    first, second = similarity(zoom, 7, (-20.4, -10.2)), similarity(zoom * 1.02, 5, (-19.0, -11.0))
    result = transform(sparse, SIZE, first, second, sparse=True)
    assert 0 < result.valid.sum() <= sparse.valid.sum() and not result.flow[~result.valid].any()
    rows, columns = np.nonzero(sparse.valid)
    points = np.stack([columns, rows], axis=-1)
    places = points @ first[:2, :2].T + first[:2, 2]
    values = (points + sparse.flow[sparse.valid]) @ second[:2, :2].T + second[:2, 2] - places
    by_pixel = {}
    for place, value in zip(np.rint(places).astype(int), values):
        by_pixel.setdefault(tuple(place), []).append(value)
    for row, column in np.argwhere(result.valid):
        assert (
            np.abs(np.array(by_pixel[column, row]) - result.flow[row, column]).max(axis=-1).min()
            < 1e-3
        )
    inside = [place for place in by_pixel if 0 <= place[0] < SIZE[1] and 0 <= place[1] < SIZE[0]]
    assert len(inside) == result.valid.sum()


@pytest.mark.parametrize("unknown", [np.nan, np.inf, 1e10, 777.0])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_unknown_flow_never_reaches_valid_pixels(unknown, is_sparse, visible):
    valid = np.ones(SIZE, bool)
    valid[40:60, 50:80] = False
    valid[::17, ::13] = False
    holed = visible._replace(
        flow=np.where(valid[..., None], np.float32([2, -1]), np.float32(unknown)), valid=valid
    )
    matrix = similarity(1.1, 10, (-30, -20))
    result = transform(holed, CROP, matrix, matrix, is_sparse)
    np.testing.assert_allclose(
        result.flow[result.valid],
        np.tile(matrix[:2, :2] @ [2, -1], (result.valid.sum(), 1)),
        atol=1e-4,
    )
    assert not result.flow[~result.valid].any() and 0.5 < result.valid.mean() < 0.99


def test_two_motions_are_never_mixed(visible):
    flow = np.zeros(SIZE + (2,), np.float32)
    flow[:, 100:] = [20, -10]
    matrix = similarity(1.37, 13, (-60.3, -30.7))
    result = transform(
        visible._replace(flow=flow, valid=np.ones(SIZE, bool)), CROP, matrix, matrix, sparse=False
    )
    known = np.array([[0, 0], matrix[:2, :2] @ [20, -10]])
    distance = np.abs(result.flow[result.valid][:, None] - known).max(axis=-1)
    assert (
        distance.min(axis=1).max() < 1e-3
        and (distance.argmin(axis=1) == 0).any()
        and (distance.argmin(axis=1) == 1).any()
    )


def test_what_lies_outside_the_frame_is_invalid_and_empty(visible):
    matrix = similarity(0.5, 0, (0, 0))
    result = transform(
        visible._replace(valid=np.ones(SIZE, bool)), SIZE, matrix, matrix, sparse=False
    )
    assert (
        not result.valid[:30].any()
        and not result.valid[:, -45:].any()
        and 0.2 < result.valid.mean() < 0.26
    )
    assert not result.frame1[:30].any() and not result.frame2[:30].any()


def test_without_a_change_it_is_a_crop(visible):
    nothing = AffineOptions(common=0, relative=0)
    for example in (
        visible,
        visible._replace(valid=visible.valid & (np.random.RandomState(0).uniform(size=SIZE) < 0.3)),
    ):
        result = augment(
            example, CROP, sample_random(0, 3), AugmentOptions(affine=nothing, **STILL)
        )
        first, second = random_maps(nothing, SIZE, CROP, sample_random(0, 3))
        left, top = -first[:2, 2].astype(int)
        window = slice(top, top + CROP[0]), slice(left, left + CROP[1])
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(result.frame1, example.frame1[window])
        np.testing.assert_array_equal(result.frame2, example.frame2[window])
        np.testing.assert_array_equal(result.valid, example.valid[window])
        np.testing.assert_array_equal(result.flow[result.valid], example.flow[window][result.valid])


def test_frame_covers_the_crop_unless_it_is_turned(visible):
    options = AffineOptions(common=1, relative=0, smallest=0.3, largest=0.9, rotation=0)
    full = visible._replace(valid=np.ones(SIZE, bool))
    for number in range(10):
        result = augment(
            full, (128, 192), sample_random(3, number), AugmentOptions(affine=options, **STILL)
        )
        assert result.valid[2:-2, 2:-2].all()


def test_maps_are_seeded_and_stay_in_their_ranges():
    options = AffineOptions(common=1, relative=1)
    for number in range(50):
        first, second = random_maps(options, SIZE, CROP, sample_random(0, number))
        again = random_maps(options, SIZE, CROP, sample_random(0, number))
        np.testing.assert_array_equal(first, again[0])
        np.testing.assert_array_equal(second, again[1])
        step = second @ np.linalg.inv(first)
        zoom = np.sqrt(np.linalg.det(step[:2, :2]))
        assert 0.98 <= zoom <= 1.02 and abs(np.rad2deg(np.arctan2(step[1, 0], step[0, 0]))) <= 2
        centre = (np.array(CROP[::-1]) - 1) / 2
        assert (
            np.abs((step @ np.append(centre, 1))[:2] - centre) <= 0.01 * np.array(CROP[::-1]) + 1e-9
        ).all()
        factors = np.linalg.norm(first[:2, :2], axis=0)
        assert (
            factors.min() > 0.85
            and factors.max() < 1.58
            and factors.max() / factors.min() < 1.1 + 1e-9
        )


@pytest.mark.parametrize(
    "wrong, word",
    [
        ({"common": 1.5}, "common"),
        ({"smallest": 0.0}, "smallest"),
        ({"largest": 0.5}, "largest"),
        ({"rotation": -1}, "rotation"),
        ({"relative_zoom": 1.0}, "relative_zoom"),
        ({"relative_shift": float("nan")}, "relative_shift"),
    ],
)
def test_options_are_checked(wrong, word):
    with pytest.raises(ValueError, match="expected .*" + word):
        AffineOptions(**wrong)


def test_crop_that_does_not_fit(visible):
    with pytest.raises(ValueError, match="160x224.*161x224"):
        augment(visible, (161, 224), sample_random(0, 0), AugmentOptions(affine=AffineOptions()))


def test_nothing_known_stays_nothing(visible):
    nothing = visible._replace(valid=np.zeros(SIZE, bool))
    for is_sparse in (False, True):
        assert not transform(nothing, CROP, np.eye(3), np.eye(3), is_sparse).valid.any()
