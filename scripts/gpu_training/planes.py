"""The textured planes of worlds, and the geometry of planes and cameras.

World: x right, y down, z ahead in metres, the first camera at the origin. A plane has an origin
[3], two orthonormal axes [3, 2], and bounds along them. Tensors are of n worlds of p planes each.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from scripts.gpu_training.sampling import constant
from scripts.gpu_training.scenes import Scenes

BIG, BOARDS = 4, 9  # backdrop, ground, left and right wall; boards with outlines
PLANES = BIG + BOARDS
PERIOD = 1024.0  # texels after which a mirrored texture repeats
UNBOUNDED = 1e4  # metres


class Planes(NamedTuple):
    """The planes of n worlds, first the big ones, then boards.

    Attributes:
        origins: [n, p, 3], metres.
        axes: [n, p, 3, 2].
        bounds: [n, p, 4], metres along the axes: u and v from, u and v to.
        texels: [n, p], texels a metre.
        start: [n, p, 2], texel at the origin.
        move: [n, p, 3], metres that a board moves between the frames.
        turn: [n, p, 3], radians that it turns: yaw, pitch, roll.
        present: [n, p] bool.
        matrix: [n, p, 3, 3], of the texture's colours.
        lift: [n, p, 3], added to them.
        texture: [n, p], index of the atlas.
        mask: [n, p], index of a board's outline.
    """

    origins: torch.Tensor
    axes: torch.Tensor
    bounds: torch.Tensor
    texels: torch.Tensor
    start: torch.Tensor
    move: torch.Tensor
    turn: torch.Tensor
    present: torch.Tensor
    matrix: torch.Tensor
    lift: torch.Tensor
    texture: torch.Tensor
    mask: torch.Tensor

    def big(self) -> Planes:
        """Those without outlines."""
        return Planes(*(value[:, :BIG] for value in self))

    def taken(self, order: torch.Tensor) -> Planes:
        """The planes of the numbers [n, q], in their order."""
        return Planes(*(take(value, order) for value in self))


class Camera(NamedTuple):
    """The first camera of n worlds.

    Attributes:
        matrix: [n, 3, 3], from directions to pixels.
        rotation: [n, 3, 3].
    """

    matrix: torch.Tensor
    rotation: torch.Tensor


def rotation(angles: torch.Tensor) -> torch.Tensor:
    """[..., 3, 3] of yaw, pitch and roll [..., 3] in radians."""
    (cy, cp, cr), (sy, sp, sr) = angles.cos().unbind(-1), angles.sin().unbind(-1)
    one, zero = torch.ones_like(cy), torch.zeros_like(cy)

    def matrix(*rows):
        return torch.stack([torch.stack(row, -1) for row in rows], -2)

    yaw = matrix((cy, zero, sy), (zero, one, zero), (-sy, zero, cy))
    pitch = matrix((one, zero, zero), (zero, cp, -sp), (zero, sp, cp))
    roll = matrix((cr, -sr, zero), (sr, cr, zero), (zero, zero, one))
    return yaw @ pitch @ roll


def take(values: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """values [n, p, ...] at the numbers [n, q] of each."""
    index = order.reshape(order.shape + (1,) * (values.ndim - 2))
    return torch.gather(values, 1, index.expand(*order.shape, *values.shape[2:]))


def make_planes(scenes: Scenes, n: int) -> tuple[Planes, Camera]:
    """Random worlds.

    Args:
        scenes: draws them.
        n: how many.
    """
    device = scenes.device
    focal = scenes.options.width * scenes.uniform(0.55, 1.5, n)
    centre = scenes.size * (0.5 + scenes.uniform(-0.1, 0.1, n, 2))
    camera = torch.zeros(n, 3, 3, device=device)
    camera[:, 0, 0] = camera[:, 1, 1] = focal
    camera[:, :2, 2], camera[:, 2, 2] = centre, 1
    angles = scenes.uniform(-0.3, 0.3, n), scenes.uniform(-0.2, 0.15, n), 0.05 * scenes.normal(n)
    turned = rotation(torch.stack(angles, -1))
    depth, ground = scenes.log_uniform(12, 70, n), scenes.uniform(0.7, 1.6, n)
    big = _big_planes(scenes, focal, depth, ground)
    boards = _boards(scenes, focal, depth, ground)
    present = _present(scenes, n)
    matrix, lift = scenes.colors(n * PLANES)
    mask = scenes.integers(len(scenes.bank.levels), n, BOARDS)
    depths, moving, move = boards.pop("depths"), boards.pop("moving"), boards.pop("move")
    boards["texels"] = focal[:, None] / depths * scenes.uniform(0.5, 1.6, n, BOARDS)
    start = scenes.uniform(0, PERIOD, n, PLANES, 2)
    turn = 0.08 * scenes.normal(n, BOARDS, 3) * moving
    still = torch.zeros(n, BIG, 3, device=device)
    planes = Planes(
        **{name: torch.cat((big[name], boards[name]), 1) for name in big},
        start=start,
        move=torch.cat((still, move), 1),
        turn=torch.cat((still, turn), 1),
        present=present,
        matrix=matrix.view(n, PLANES, 3, 3),
        lift=lift.view(n, PLANES, 3),
        texture=scenes.bank.pick(n * PLANES, scenes).view(n, PLANES),
        mask=torch.cat((torch.zeros_like(mask[:, :BIG]), mask), 1),
    )
    return planes, Camera(camera, turned)


def _present(scenes, n):
    """[n, p] bool: always a backdrop, mostly a ground, some walls and boards."""
    always = torch.ones(n, 1, dtype=torch.bool, device=scenes.device)
    ground, walls = scenes.rand(n, 1) < 0.85, scenes.rand(n, 2) < 0.5
    numbers = torch.arange(BOARDS, device=scenes.device)
    boards = numbers < scenes.integers(BOARDS + 1, n, 1, low=2)
    return torch.cat((always, ground, walls, boards), 1)


def _big_planes(scenes, focal, depth, ground):
    """{name: [n, 4, ...]} of backdrop, ground and walls."""
    n, (ex, ey, ez) = len(focal), torch.eye(3, device=scenes.device)
    zero, far = torch.zeros_like(focal), torch.full_like(focal, UNBOUNDED)
    backdrop = rotation(0.15 * scenes.normal(n, 3))[..., :2]
    origins = [torch.stack((zero, zero, depth), -1), torch.stack((zero, ground, zero), -1)]
    axes = [backdrop, torch.stack((ex, ez), -1).expand(n, 3, 2)]
    bounds = [torch.stack((-far, -far, far, far), -1)] * 2
    texels = [
        focal / depth * scenes.uniform(0.4, 1.6, n),
        focal / 5 * scenes.uniform(0.3, 1.3, n),
    ]
    for side in (-1, 1):
        x, near = side * scenes.log_uniform(1.5, 9, n), scenes.uniform(1, 8, n)
        origins.append(torch.stack((x, zero, zero), -1))
        axes.append(torch.stack((ez, ey), -1).expand(n, 3, 2))
        begin = scenes.rand(n) * (near + 20) - 20
        top = -scenes.uniform(-1, 2, n).exp()
        end = near + scenes.uniform(1, 4, n).exp()
        bounds.append(torch.stack((begin, top, end, ground), -1))
        texels.append(focal / x.abs() / 2 * scenes.uniform(0.3, 1.3, n))
    columns = {"origins": origins, "axes": axes, "bounds": bounds, "texels": texels}
    return {name: torch.stack(column, 1) for name, column in columns.items()}


def _boards(scenes, focal, depth, ground):
    """{name: [n, 9, ...]} of boards: some stand on the ground, half of them move."""
    shape, frame = (len(focal), BOARDS), scenes.frame
    farthest = torch.log(depth.clamp(max=25) / 1.6)[:, None]
    z = (math.log(1.6) + scenes.rand(*shape) * farthest).exp()
    pixel = z / focal[:, None]  # metres there
    high = scenes.log_uniform(0.07, 0.9, *shape) * pixel * frame[0]
    wide = high * scenes.uniform(-0.7, 0.7, *shape).exp()
    standing = scenes.rand(*shape) < 0.55
    y = scenes.uniform(-1.1, 0.9, *shape) * pixel * frame[0] / 2
    y = torch.where(standing, ground[:, None] - high / 2, y)
    x = scenes.uniform(-1.15, 1.15, *shape) * pixel * frame[1] / 2
    upright = scenes.rand(*shape) < 0.7
    roll = scenes.uniform(-0.3, 0.3, *shape), scenes.uniform(-3.1, 3.1, *shape)
    yaw, pitch = 0.5 * scenes.normal(*shape), 0.15 * scenes.normal(*shape)
    facing = rotation(torch.stack((yaw, pitch, torch.where(upright, *roll)), -1))[..., :2]
    moving = (scenes.rand(*shape) < 0.5).float()[..., None]
    move = scenes.normal(*shape, 3) * constant((1.0, 0.35, 1.0), scenes.device)
    move = move * (0.8 * scenes.normal(*shape, 1)).exp() * 0.25 * moving
    return {
        "origins": torch.stack((x, y, z), -1),
        "axes": facing,
        "bounds": torch.stack((-wide, -high, wide, high), -1) / 2,
        "depths": z,
        "moving": moving,
        "move": move,
    }
