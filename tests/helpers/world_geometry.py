"""Points of worlds by rays and planes, without the homographies of the code under test."""

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

NEAR, NEAREST_BOARD = 0.1, 0.15


def moved_plane(plane, pose):
    """(origin, axes) of a plane in the world at a moment."""
    yaw, pitch, roll = plane.turn * pose.turned
    turn = Rotation.from_euler("YXZ", [yaw, pitch, roll]).as_matrix()
    return plane.origin + plane.move * pose.moved, turn @ plane.axes


def pixel_points(height, width):
    """[H * W, 2] float64, (x, y)."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x.ravel(), y.ravel()], axis=-1).astype(float)


def seen_points(world, plane, pose, pixels):
    """(coordinates [n, 2] on the plane, depth [n]) of what pixels [n, 2] would see of it."""
    origin, axes = moved_plane(plane, pose)
    rays = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(world.intrinsics).T
    rays = rays @ pose.rotation.T
    normal = np.cross(*axes.T)
    depth = (normal @ (origin - pose.position)) / (rays @ normal)
    points = pose.position + depth[:, None] * rays
    return (points - origin) @ axes, depth


def projected(world, plane, pose, coordinates):
    """(pixels [n, 2], depth [n]) of points [n, 2] on a plane."""
    origin, axes = moved_plane(plane, pose)
    camera = (origin + coordinates @ axes.T - pose.position) @ pose.rotation
    pixels = camera @ world.intrinsics.T
    return pixels[:, :2] / pixels[:, 2:], camera[:, 2]


def is_drawn(plane, pose):
    """Whether a plane is not a board with a corner behind the camera."""
    if plane.mask is None:
        return True
    origin, axes = moved_plane(plane, pose)
    u0, v0, u1, v1 = plane.bounds
    corners = origin + np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]]) @ axes.T
    return (((corners - pose.position) @ pose.rotation)[:, 2] >= NEAREST_BOARD).all()


def covers(plane, coordinates):
    """[n] bool: whether points [n, 2] are inside the outline of a plane."""
    if plane.bounds is None:
        return np.ones(len(coordinates), bool)
    low, high = np.reshape(plane.bounds, (2, 2))
    inside = ((coordinates >= low) & (coordinates <= high)).all(axis=-1)
    if plane.mask is None:
        return inside
    box_low, box_high = np.reshape(plane.mask.box, (2, 2))
    points = box_low + (coordinates - low) / (high - low) * (box_high - box_low)
    points = np.where(inside[:, None], points, 0)
    level = map_coordinates(plane.mask.level, points.T[::-1], order=1, cval=-256)
    return inside & (level > 0)


def depths(world, pose, pixels):
    """[planes, n]: depth of each plane at pixels, infinite where it is not seen."""
    result = np.full((len(world.planes), len(pixels)), np.inf)
    for index, plane in enumerate(world.planes):
        if not is_drawn(plane, pose):
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            coordinates, depth = seen_points(world, plane, pose, pixels)
            seen = (depth > NEAR) & covers(plane, np.nan_to_num(coordinates))
        result[index, seen] = depth[seen]
    return result


def exact_flow(world, shown, pose, next_pose, every=1):
    """[H, W, 2] float64: flow of a frame that shows the planes `shown` [H, W]; NaN without one."""
    pixels = pixel_points(*shown.shape)
    flow = np.full((shown.size, 2), np.nan)
    for index, plane in enumerate(world.planes):
        chosen = shown.ravel() == index
        coordinates, _ = seen_points(world, plane, pose, pixels[chosen])
        target, depth = projected(world, plane, next_pose, coordinates)
        flow[chosen] = np.where(depth[:, None] > 0, target - pixels[chosen], np.nan)
    return flow.reshape(shown.shape + (2,))


def hidden_points(world, shown, pose, next_pose):
    """[H, W] bool: points of a frame that another plane hides in the next, or which it omits."""
    pixels = pixel_points(*shown.shape)
    result = np.zeros(shown.size, bool)
    for index, plane in enumerate(world.planes):
        chosen = np.flatnonzero(shown.ravel() == index)
        coordinates, _ = seen_points(world, plane, pose, pixels[chosen])
        target, depth = projected(world, plane, next_pose, coordinates)
        others = depths(world, next_pose, target)
        others[index] = np.inf
        result[chosen] = others.min(axis=0) < depth * (1 - 1e-6)
        if not is_drawn(plane, next_pose):
            result[chosen] = True
    return result.reshape(shown.shape)
