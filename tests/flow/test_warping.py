"""Images and flow read along a flow."""

import numpy as np
import pytest

from pwcnet.flow.warping import compose, leaves_frame, on_grid, warp


def constant(height, width, u, v):
    return np.full((height, width, 2), (u, v), np.float32)


def affine(height, width, matrix, shift):
    """flow(x) = matrix x + shift."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return (np.stack([x, y], axis=-1) @ np.float32(matrix).T + np.float32(shift)).astype(np.float32)


@pytest.mark.parametrize("u, v", [(3, -2), (0.5, 0.25), (-1.75, 2.5)])
def test_a_ramp_is_read_where_the_flow_leads(u, v):
    y, x = np.mgrid[:40, :50].astype(np.float32)
    image = np.stack([x, y], axis=-1)
    inside = (slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(
        warp(image, constant(40, 50, u, v))[inside], (image + (u, v))[inside], atol=1e-4
    )


def test_beyond_the_border_its_pixels_repeat():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(warp(image, constant(3, 4, 100, 0)), image[:, -1:].repeat(4, 1))
    np.testing.assert_array_equal(warp(image, constant(3, 4, 0, -100)), image[:1].repeat(3, 0))


def test_a_flow_on_the_grid_is_exact():
    random = np.random.RandomState(0)
    flow = on_grid(random.uniform(-3, 3, (20, 30, 2)).astype(np.float32))
    y, x = np.mgrid[:20, :30].astype(np.float32)
    inside = ~leaves_frame(flow)
    np.testing.assert_allclose(warp(x, flow)[inside], (x + flow[..., 0])[inside], atol=1e-5)
    assert np.abs(on_grid(flow + 0.001) - flow).max() == 0


def test_two_affine_steps_are_one():
    first = affine(60, 80, [[0.03, -0.01], [0.02, 0.04]], (1.5, -2))
    residual = affine(60, 80, [[-0.01, 0.02], [0.0, 0.01]], (0.25, 0.5))
    y, x = np.mgrid[:60, :80].astype(np.float32)
    end = np.stack([x, y], axis=-1) + residual
    expected = residual + end @ np.float32([[0.03, -0.01], [0.02, 0.04]]).T + np.float32((1.5, -2))
    inside = ~leaves_frame(residual)
    # The place is rounded to 1/32 pixel, where this flow changes by 1/25 of a pixel a pixel.
    np.testing.assert_allclose(compose(residual, first)[inside], expected[inside], atol=2e-3)


def test_what_leaves_the_frame():
    flow = constant(3, 4, 1, 0)
    np.testing.assert_array_equal(leaves_frame(flow), [[False, False, False, True]] * 3)
    assert leaves_frame(constant(3, 4, 0, -0.5))[0].all()
    assert not leaves_frame(constant(3, 4, -0.5, 0.5), 0.5).any()
    assert leaves_frame(constant(3, 4, -0.6, 0), 0.5)[:, 0].all()


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match="3x5 .*3x4"):
        warp(np.zeros((3, 4), np.float32), constant(3, 5, 0, 0))
    with pytest.raises(ValueError, match="32766"):
        warp(np.zeros((1, 32767), np.float32), constant(1, 32767, 0, 0))
    assert warp(np.ones((32766, 1), np.float32), constant(32766, 1, 0, 0)).all()
