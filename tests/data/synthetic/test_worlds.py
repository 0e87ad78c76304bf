"""Worlds: exact flow, depth and occlusion by rays, motion of the wanted size, frames that go on."""

import dataclasses

import cv2
import numpy as np
import pytest

from pwcnet.data.geometry import pixel_grid
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.scenes import STREAMS
from pwcnet.data.synthetic.world_motion import WorldPath, flow_between
from pwcnet.data.synthetic.world_render import NONE, render_world
from pwcnet.data.synthetic.world_scenes import occluded
from pwcnet.data.synthetic.worlds import make_world
from tests.helpers import world_geometry

SIZE = HEIGHT, WIDTH = 96, 128
OPTIONS = SceneOptions(
    kind="worlds", height=HEIGHT, width=WIDTH, median_motion=4, largest_motion=60, textures=4
).without_effects()
NUMBERS = range(8)


class Step:
    """Two frames of a world."""

    def __init__(self, number, options=OPTIONS, size=SIZE):
        content, paths = (
            np.random.RandomState([1, STREAMS["worlds"][stream], number]) for stream in (0, 2)
        )
        self.world = make_world(content, 1, number, options)
        self.path = WorldPath(self.world, paths)
        self.pose, self.view = self.path.pose, render_world(self.world, size, self.path.pose)
        self.next_pose = self.path.advance(self.view.plane)
        self.next_view = render_world(self.world, size, self.next_pose)
        self.flow, self.depth = flow_between(self.world, self.view.plane, self.pose, self.next_pose)

    @property
    def occluded(self):
        return occluded(
            self.world, self.view, self.next_view, self.next_pose, self.flow, self.depth
        )


@pytest.fixture(scope="module")
def steps():
    return [Step(number) for number in NUMBERS]


def test_flow_is_the_reprojection_of_points(steps):
    for step in steps:
        exact = world_geometry.exact_flow(step.world, step.view.plane, step.pose, step.next_pose)
        known = np.isfinite(step.flow[..., 0])
        assert known.mean() > 0.8
        assert np.abs(step.flow - exact)[known].max() < 1e-3
        assert np.median(np.hypot(*exact[known].T)) > 0.1


@pytest.mark.full
def test_flow_of_large_frames_is_as_exact():
    size = 436, 1024
    options = dataclasses.replace(OPTIONS, height=size[0], width=size[1])
    step = Step(3, options, size)
    exact = world_geometry.exact_flow(step.world, step.view.plane, step.pose, step.next_pose)
    known = np.isfinite(step.flow[..., 0])
    assert np.abs(step.flow - exact)[known].max() < 1e-3


def test_the_nearest_plane_is_shown(steps):
    pixels = world_geometry.pixel_points(*SIZE)
    boards = 0
    for step in steps:
        for view, pose in ((step.view, step.pose), (step.next_view, step.next_pose)):
            depths = world_geometry.depths(step.world, pose, pixels)
            nearest = np.where(np.isinf(depths.min(axis=0)), NONE, depths.argmin(axis=0))
            same = nearest.reshape(SIZE) == view.plane
            # Pixels that mix planes are cut by rims thinner than the rays see.
            assert same[~view.mixed].mean() > 0.998 and same.mean() > 0.99
            agreed = same & (view.plane != NONE)
            depth = depths.min(axis=0).reshape(SIZE)
            np.testing.assert_allclose(view.depth[agreed], depth[agreed], rtol=1e-4)
            boards += np.unique(view.plane[view.plane != NONE] >= step.world.boards).size == 2
    assert boards > 8


def test_occlusion_agrees_with_a_depth_test_of_every_point(steps):
    wrong, hidden = [], []
    for step in steps:
        target = pixel_grid(*SIZE) + step.flow
        inside = ((target >= 0) & (target <= [WIDTH - 1, HEIGHT - 1])).all(axis=-1)
        assert step.occluded[~inside].all()
        exact = world_geometry.hidden_points(step.world, step.view.plane, step.pose, step.next_pose)
        solid = inside & ~step.view.mixed
        wrong.append((step.occluded != exact)[solid].mean())
        hidden.append(exact[solid].mean())
    # What differs are rims, which a frame shows to the pixel.
    assert np.mean(wrong) < 0.25 * np.mean(hidden) and max(wrong) < 0.012
    assert 0.005 < np.mean(hidden) < 0.2


def test_two_steps_make_one():
    """Flow to frame 1, and from there to frame 2, is where the points are in frame 2."""
    errors = []
    for number in NUMBERS:
        step = Step(number)
        last_pose = step.path.advance(step.next_view.plane)
        second, _ = flow_between(step.world, step.next_view.plane, step.next_pose, last_pose)
        exact = world_geometry.exact_flow(step.world, step.view.plane, step.pose, last_pose)
        target = pixel_grid(*SIZE) + np.nan_to_num(step.flow)
        onwards = cv2.remap(second, target, None, cv2.INTER_LINEAR)  # NaN beside unknown flow
        error = np.hypot(*np.moveaxis(step.flow + onwards - exact, -1, 0))
        planes = cv2.remap(step.next_view.plane, target, None, cv2.INTER_NEAREST)
        near = cv2.dilate(step.next_view.plane, np.ones((3, 3))) == cv2.erode(
            step.next_view.plane, np.ones((3, 3))
        )
        solid = cv2.remap(near.astype(np.uint8), target, None, cv2.INTER_NEAREST) > 0
        counted = ~step.occluded & solid & (planes == step.view.plane) & np.isfinite(error)
        errors.extend(error[counted])
        assert counted.mean() > 0.3
    assert np.percentile(errors, 99) < 0.05 and np.median(errors) < 0.01


@pytest.mark.full
def test_boards_near_the_camera_are_left_out_with_what_they_hid():
    """A board that a frame omits is hidden there, whatever that frame shows instead."""
    step = next(
        step
        for step in map(Step, range(60))
        if set(np.flatnonzero(~step.next_view.drawn)) & set(np.unique(step.view.plane))
    )
    for index in np.flatnonzero(~step.next_view.drawn):
        assert step.occluded[step.view.plane == index].all()
        assert not (step.next_view.plane == index).any()


@pytest.mark.full
def test_the_camera_stays_in_the_world_for_long():
    for number in range(4):
        step = Step(number)
        first = step.pose
        for _ in range(30):
            step.path.advance(render_world(step.world, SIZE, step.path.pose).plane)
        backdrop = step.world.planes[0]
        origin, axes = world_geometry.moved_plane(backdrop, first)
        normal = np.cross(*axes.T)
        before, after = (normal @ (origin - pose.position) for pose in (first, step.path.pose))
        assert after / before > 0.15
        view = render_world(step.world, SIZE, step.path.pose)
        assert (view.plane != NONE).mean() > 0.9
