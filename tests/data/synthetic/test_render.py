"""Rendering of layers: where they are, which flow they have, what they hide."""

import cv2
import numpy as np
import pytest

from pwcnet.data.geometry import pixel_grid
from pwcnet.data.synthetic.layers import Layer, Shape, make_layers
from pwcnet.data.synthetic.motion import Motion
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.render import coverage, occluded, render
from pwcnet.data.synthetic.textures import make_texture

SIZE = HEIGHT, WIDTH = 64, 96
WHOLE = slice(0, HEIGHT), slice(0, WIDTH)
EXACT = SceneOptions(
    height=HEIGHT, width=WIDTH, median_motion=3.0, largest_motion=15.0, textures=12
).without_effects()


def backward_flow(layers, view, time):
    """[H, W, 2]: from frame time + 1, which the view shows, back to frame `time`."""
    flow = np.zeros(SIZE + (2,), np.float32)
    for index, layer in enumerate(layers):
        back = layer.motions[time].inverse_displacement(WHOLE)
        if time:
            back = back + layer.motions[time - 1].displacement_of(pixel_grid(*SIZE) + back)
        flow[view.layer == index] = back[view.layer == index]
    return flow


@pytest.mark.parametrize("time", [0, 3])
def test_occlusion_is_where_going_there_and_back_disagrees(time):
    agreed, count = 0, 0
    for number in range(12):
        layers = make_layers(
            np.random.RandomState(number), 1, number, EXACT, 5, np.random.RandomState(number)
        )
        view1, view2 = (render(layers, SIZE, moment) for moment in (time, time + 1))
        target = pixel_grid(*SIZE) + view1.flow
        inside = ((target > 0) & (target < [WIDTH - 1, HEIGHT - 1])).all(axis=-1)
        returned = cv2.remap(backward_flow(layers, view2, time), target, None, cv2.INTER_NEAREST)
        returned = np.hypot(*np.moveaxis(view1.flow + returned, -1, 0))
        hidden = occluded(view1, view2)
        assert (returned[inside & ~hidden & _interior(view1.layer)] < 1.0).mean() > 0.98
        moved = inside & (returned > 1.5) & _interior(view1.layer)
        agreed, count = agreed + hidden[moved].sum(), count + moved.sum()
    assert count > 100 and agreed > 0.85 * count


def _interior(index):
    return cv2.erode(index, np.ones((3, 3))) == cv2.dilate(index, np.ones((3, 3)))


def test_rigid_layers_move_as_their_matrix_says():
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
            Layer(texture, look, colors, None, [Motion(np.eye(3), SIZE)]),
            Layer(texture, look, colors, shape, [Motion(step, SIZE)]),
        ],
        SIZE,
        0,
    )
    points = np.concatenate([pixel_grid(*SIZE), np.ones(SIZE + (1,))], axis=-1)
    disc = np.hypot(points[..., 0] - 48, points[..., 1] - 32)
    expected = points @ step.T[:, :2] - points[..., :2]
    np.testing.assert_allclose(view.flow[disc < 19], expected[disc < 19], atol=1e-4)
    assert (view.flow[disc > 21] == 0).all() and (view.layer == (disc < 20)).mean() > 0.99
    assert view.mixed[np.abs(disc - 20) < 0.3].all()
    assert not view.mixed[np.abs(disc - 20) > 1].any()


def test_a_layer_ends_where_its_mask_ends():
    level = np.full((256, 256), -0.2, np.float32)  # as at the rim of a shape that touches it
    level[80:200, 80:200] = 20
    corners = np.array([[0, 0, 1], [WIDTH, 0, 1], [WIDTH, HEIGHT, 1], [0, HEIGHT, 1.0]])
    shape = Shape(
        level, np.array([[4.0, 0, 0], [0, 4.0, 0]]), 0.25, corners
    )  # the mask covers 64 of the 96 columns
    alpha = coverage(Layer(None, None, None, shape, []), pixel_grid(*SIZE))
    assert (alpha[20:50, 20:50] == 1).all() and (alpha[:, 66:] == 0).all()
