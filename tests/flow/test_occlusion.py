"""Occlusion from forward-backward consistency; distances to occlusion boundaries."""

import numpy as np
import pytest

from pwcnet.data.synthetic import render as rendering
from pwcnet.data.synthetic.layers import make_layers
from pwcnet.data.synthetic.options import demo_options
from pwcnet.flow.occlusion import forward_backward_occlusion, occlusion_distance


def moving_square(u, v):
    """(forward, backward, occluded) of a square that moves by whole pixels, 40x60."""
    first, second = np.zeros((40, 60), bool), np.zeros((40, 60), bool)
    first[10:25, 15:35] = True
    second[10 + v : 25 + v, 15 + u : 35 + u] = True
    forward, backward = np.zeros((40, 60, 2), np.float32), np.zeros((40, 60, 2), np.float32)
    forward[first], backward[second] = (u, v), (-u, -v)
    return forward, backward, second & ~first


def scene_both_ways(number, motion):
    """Exact flow there and back of a generated scene, occlusion, and pixels of two layers."""
    size, random = (96, 128), np.random.RandomState([number, 1])
    layers = make_layers(random, 0, number, demo_options(*size, max_motion=motion))
    view1, view2 = (rendering.render(layers, size, time) for time in range(2))
    window, backward = (slice(0, size[0]), slice(0, size[1])), np.zeros_like(view1.flow)
    for index, layer in enumerate(layers):
        seen = view2.layer == index
        backward[seen] = layer.motions[0].inverse_displacement(window)[seen]
    return view1.flow, backward, rendering.occluded(view1, view2), view1.mixed


@pytest.mark.parametrize("u, v", [(6, 0), (0, 5), (-7, 4), (3, -9)])
def test_a_moving_square_occludes_the_ground_before_it(u, v):
    forward, backward, occluded = moving_square(u, v)
    occlusion = forward_backward_occlusion(forward, backward)
    assert occlusion.dtype == bool and occlusion.shape == (40, 60)
    np.testing.assert_array_equal(occlusion, occluded)


def test_pixels_that_leave_the_frame_are_occluded():
    forward = np.zeros((20, 30, 2))
    forward[...] = 4, -3
    occlusion = forward_backward_occlusion(forward, -forward)
    assert occlusion[:3].all() and occlusion[:, -4:].all() and not occlusion[3:, :-4].any()
    assert not forward_backward_occlusion(0 * forward, 0 * forward).any()


def test_the_limit_is_that_of_the_paper():
    forward, backward = np.zeros((3, 40, 2), np.float32), np.zeros((3, 40, 2), np.float32)
    forward[..., 0] = 10
    for back, occluded in (
        (-10, False),
        (-8.6, False),
        (-8.4, True),
        (-11.6, False),
        (-11.8, True),
        (10, True),
    ):
        backward[..., 0] = back
        assert ((10 + back) ** 2 >= 0.01 * (100 + back**2) + 0.5) == occluded
        assert (forward_backward_occlusion(forward, backward)[:, :30] == occluded).all(), back


def test_unknown_flow_is_occluded():
    forward, backward, occluded = moving_square(6, 0)
    forward[2, 3], forward[30, 30], backward[35, 50] = np.nan, 1e10, np.inf
    occlusion = forward_backward_occlusion(forward, backward)
    assert occlusion[2, 3] and occlusion[30, 30] and occlusion[35, 50]
    assert occlusion.sum() == occluded.sum() + 3


def test_generated_scenes_agree_with_their_ground_truth():
    right = wrong = missed = agreeing = pixels = 0
    for seed in range(6):
        for motion in (4.0, 12.0):
            forward, backward, occluded, mixed = scene_both_ways(seed, motion)
            occlusion = forward_backward_occlusion(forward, backward)
            agreeing, pixels = agreeing + (occlusion == occluded).sum(), pixels + occlusion.size
            right, wrong, missed = (
                total + (mask & ~mixed).sum()
                for total, mask in (
                    (right, occlusion & occluded),
                    (wrong, occlusion & ~occluded),
                    (missed, ~occlusion & occluded),
                )
            )
    assert agreeing / pixels > 0.98
    assert right / (right + missed) > 0.97 and right / (right + wrong) > 0.85, (
        right,
        wrong,
        missed,
    )


def test_other_shapes_are_refused():
    for forward, backward in (
        (np.zeros((4, 5, 2)), np.zeros((4, 6, 2))),
        (np.zeros((4, 5)), np.zeros((4, 5))),
        (np.zeros((0, 5, 2)), np.zeros((0, 5, 2))),
    ):
        with pytest.raises(ValueError, match="one shape"):
            forward_backward_occlusion(forward, backward)


def test_distances_count_from_both_sides_of_the_boundary():
    occlusions = np.zeros((3, 6), bool)
    occlusions[:, 4:] = True
    expected = [3, 2, 1, 0, 0, 1]
    np.testing.assert_array_equal(occlusion_distance(occlusions), [expected] * 3)
    np.testing.assert_array_equal(occlusion_distance(occlusions.T), np.transpose([expected] * 3))
    single = np.zeros((5, 5))
    single[0, 0] = 1
    assert occlusion_distance(single)[1, 1] == 1 and occlusion_distance(single)[4, 4] == 5
