"""How planes look from a camera: colours, outlines, depth, and which one each pixel shows."""

from __future__ import annotations

from typing import NamedTuple

import torch

from scripts.gpu_training.atlas import look_up
from scripts.gpu_training.bank import Surfaces
from scripts.gpu_training.planes import BIG, BOARDS, PLANES, Planes, rotation, take
from scripts.gpu_training.sampling import sample

FAR, NEAR = 1e6, 0.1  # metres
CLOSEST_BOARD = 0.15  # metres; nearer ones are left out
OPAQUE = 0.5  # coverage from which a pixel belongs to a board


class Pose(NamedTuple):
    """Planes in the coordinates of a camera: origins [n, p, 3] and axes [n, p, 3, 2]."""

    origins: torch.Tensor
    axes: torch.Tensor

    def big(self) -> Pose:
        """Those without outlines."""
        return Pose(self.origins[:, :BIG], self.axes[:, :BIG])

    def taken(self, order: torch.Tensor) -> Pose:
        """Those of the numbers [n, q], in their order."""
        return Pose(take(self.origins, order), take(self.axes, order))


class Sight(NamedTuple):
    """What a camera sees of planes, each for itself.

    Attributes:
        colors: [n, p, 3, H, W], about 0..255.
        inside: [n, p, H, W] bool, where the plane is.
        depth: [n, p, H, W], metres.
        place: two of [n, p, H, W], metres along the plane's axes.
    """

    colors: torch.Tensor
    inside: torch.Tensor
    depth: torch.Tensor
    place: tuple


def pose(planes: Planes, turned: torch.Tensor, position: torch.Tensor, time: torch.Tensor) -> Pose:
    """Planes seen by a camera.

    Args:
        planes: as they are in frame 1.
        turned: [n, 3, 3], the camera's rotation.
        position: [n, 3], its place in metres.
        time: [n], share of the boards' own motion that is past.
    """
    origins = planes.origins + planes.move * time[:, None, None]
    axes = rotation(planes.turn * time.clamp(max=1)[:, None, None]) @ planes.axes
    back = turned.transpose(1, 2)[:, None]
    return Pose((back @ (origins - position[:, None])[..., None])[..., 0], back @ axes)


def mapping(seen: Pose, camera: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """From pixels to points of planes.

    Args:
        seen: the planes.
        camera: [n, 3, 3], from directions to pixels.

    Returns:
        [n, p, 3, 3] that takes a pixel (x, y, 1) to w (u, v, 1), and [n, p], the distance d to the
        plane in metres: depth = d / w.
    """
    first, second = seen.axes.unbind(-1)
    normal = torch.linalg.cross(first, second)
    distance = (normal * seen.origins).sum(-1, keepdim=True)
    rows = [
        distance * axis - (axis * seen.origins).sum(-1, keepdim=True) * normal
        for axis in (first, second)
    ]
    matrix = torch.stack((*rows, normal), -2) @ torch.linalg.inv_ex(camera)[0][:, None]
    return matrix, distance[..., 0]


def see(
    planes: Planes, seen: Pose, camera: torch.Tensor, here: torch.Tensor, bank: Surfaces
) -> Sight:
    """What a camera sees of each plane; here [1, 2, H, W] are the pixels."""
    matrix, distance = mapping(seen, camera)
    n, p = distance.shape
    x, y = here[0]
    u, v, w = (
        matrix[..., i, 0, None, None] * x
        + matrix[..., i, 1, None, None] * y
        + matrix[..., i, 2, None, None]
        for i in range(3)
    )
    w = torch.where(w.abs() < 1e-9, 1e-9, w)
    u, v, depth = u / w, v / w, distance[..., None, None] / w
    left, top, right, bottom = (edge[..., None, None] for edge in planes.bounds.unbind(-1))
    inside = (depth > NEAR) & (u >= left) & (u <= right) & (v >= top) & (v <= bottom)
    inside = inside & planes.present[..., None, None]
    level = _mip_level(matrix, u, v, w, planes.texels)
    points = torch.stack((u, v), 2) * planes.texels[..., None, None, None]
    points = torch.where(inside[:, :, None], points + planes.start[..., None, None], 0.0)
    atlas = bank.atlas[planes.texture.flatten()]
    colors = look_up(atlas, points.flatten(0, 1), level.flatten(0, 1))
    colors = torch.einsum("mij,mjhw->mihw", planes.matrix.flatten(0, 1), colors)
    colors = colors + planes.lift.flatten(0, 1)[:, :, None, None]
    return Sight(colors.view(n, p, 3, *depth.shape[2:]), inside, depth, (u, v))


def _mip_level(matrix, u, v, w, texels):
    """[n, p, H, W]: the level whose texels are about as large as the pixel's footprint."""
    lengths = []
    for k in (0, 1):
        across = (matrix[..., 0, k, None, None] - u * matrix[..., 2, k, None, None]) / w
        along = (matrix[..., 1, k, None, None] - v * matrix[..., 2, k, None, None]) / w
        lengths.append(across.square() + along.square())
    footprint = (lengths[0] * lengths[1]).clamp(1e-20, 1e20)  # its side to the power of 4
    return (0.25 * footprint.log2() + texels.log2()[..., None, None]).clamp(min=0)


def boards_coverage(
    boards: Planes, sight: Sight, camera: torch.Tensor, bank: Surfaces
) -> torch.Tensor:
    """[n, p, H, W] in 0..1, smooth at the outlines."""
    n, p = sight.depth.shape[:2]
    box, bounds = bank.boxes[boards.mask], boards.bounds
    scale = (box[..., 2:] - box[..., :2]) / (bounds[..., 2:] - bounds[..., :2])
    places = [
        box[..., k, None, None]
        + (sight.place[k] - bounds[..., k, None, None]) * scale[..., k, None, None]
        for k in (0, 1)
    ]
    places = torch.where(sight.inside[:, :, None], torch.stack(places, 2), 0.0)
    level = sample(bank.levels[boards.mask.flatten()], places.flatten(0, 1))
    level = level.view(n, p, *sight.depth.shape[2:])
    focal = camera[:, 0, 0, None, None, None]
    pixels = focal / sight.depth.clamp(min=NEAR) / scale[..., 0, None, None]
    return (level * pixels + 0.5).clamp(0, 1) * sight.inside


def render(
    planes: Planes, seen: Pose, camera: torch.Tensor, here: torch.Tensor, bank: Surfaces
) -> tuple[torch.Tensor, torch.Tensor]:
    """Renders a frame of each world.

    Big planes hide one another by depth, boards are laid over them from far to near.

    Returns:
        The frames [n, 3, H, W], about 0..255, and [n, H, W], the number of the plane that a pixel
        shows, PLANES where there is none.
    """
    sight = see(planes.big(), seen.big(), camera, here, bank)
    depth, top = torch.where(sight.inside, sight.depth, FAR).min(1)
    index = top[:, None, None].expand(-1, -1, 3, -1, -1)
    frame = torch.gather(sight.colors, 1, index)[:, 0] * (depth < FAR)[:, None]
    top = torch.where(depth < FAR, top, PLANES)
    order = torch.argsort(seen.origins[:, BIG:, 2], 1, descending=True) + BIG
    boards, seen = planes.taken(order), seen.taken(order)
    near = seen.origins[..., 2, None] + torch.stack(
        [
            boards.bounds[..., i] * seen.axes[..., 2, 0]
            + boards.bounds[..., j] * seen.axes[..., 2, 1]
            for i in (0, 2)
            for j in (1, 3)
        ],
        -1,
    )
    boards = boards._replace(present=boards.present & (near > CLOSEST_BOARD).all(-1))
    sight = see(boards, seen, camera, here, bank)
    coverage = boards_coverage(boards, sight, camera, bank)
    for number in range(BOARDS):
        alpha = coverage[:, number] * (sight.depth[:, number] < depth)
        frame = frame + alpha[:, None] * (sight.colors[:, number] - frame)
        depth = torch.where(alpha >= OPAQUE, sight.depth[:, number], depth)
        top = torch.where(alpha >= OPAQUE, order[:, number, None, None], top)
    return frame, top
