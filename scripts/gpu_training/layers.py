"""Scenes of layers that shift, turn, zoom and bend over one another, a batch at once.

Source: pwcnet/data/synthetic/layers.py and render.py, with their distributions. All layers of all
pairs are computed at once, m = pairs * layers of them, and laid over one another in turn.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from pwcnet.data.synthetic.layers import CALIBRATION, STEEPEST, STILL
from scripts.gpu_training.effects import EXPOSED, apply_camera_effects
from scripts.gpu_training.layer_looks import Look, Outline
from scripts.gpu_training.sampling import constant, rotation, sample, transform
from scripts.gpu_training.scenes import Batch, Scenes

STEP_SHARES = (0.45, 0.35, 0.12, 0.12)  # of turn, zoom, shear and skew in the speed
ITERATIONS = 6  # that invert a bend
PASSES = 5  # of motion blur; each doubles the number of moments that are averaged
BEND_SPEED = 1.2  # pixels of the fastest point of a bend with values up to 1
OPAQUE = 0.5  # coverage from which a pixel belongs to a layer


class Motions(NamedTuple):
    """How layers move from frame 1 to frame 2: p -> linear p + shift + bend(p).

    Attributes:
        linear: [m, 2, 2].
        shift: [m, 2].
        bend: [m, 2, H, W], pixels.
    """

    linear: torch.Tensor
    shift: torch.Tensor
    bend: torch.Tensor


class Layers(Scenes):
    """Pairs of layers; see `Scenes`."""

    saturation, gain = (0.4, 1.2), (0.6, 1.15)

    @torch.no_grad()
    def batch(self, n: int) -> Batch:
        """The next n pairs; all flow is known."""
        count = self.options.most_layers
        backmost = torch.arange(n * count, device=self.device) % count == 0
        pace = self.options.scene_spread * self.normal(n)
        pace = CALIBRATION * self.options.median_motion * pace.exp()
        camera = self._camera(pace)
        outline = Outline(self, n * count)
        motions = self._motions(pace, camera, outline, backmost)
        moved = transform(motions.linear, motions.shift, self.here) + motions.bend - self.here
        back = self._inverse(motions)
        look = Look(self, n * count)
        drawn = self.integers(count + 1, n, low=self.options.least_layers).repeat_interleave(count)
        active = (torch.arange(n * count, device=self.device) % count < drawn).float()
        exposed = int(round(n * EXPOSED)) if self.options.motion_blur else 0
        shutter = self.uniform(0.1, 0.6, exposed).repeat_interleave(count)
        frames, shown = [], []
        here = self.here.expand(n * count, -1, -1, -1)
        for points, travelled in ((here, moved), (back, self.here - back)):
            cover = torch.where(backmost[:, None, None, None], 1.0, outline.coverage(points))
            alpha = cover * active[:, None, None, None]
            layers = torch.cat((look.colors(points) * alpha, alpha), 1)
            some = exposed * count
            blurred = motion_blurred(layers[:some], travelled[:some], shutter, self.here)
            layers = torch.cat((blurred, layers[some:])) if some else layers
            frames.append(laid_over(layers.unflatten(0, (n, count))))
            shown.append(top_layer(alpha.unflatten(0, (n, count))[:, :, 0]))
        flow = _of_layer(moved.unflatten(0, (n, count)), shown[0])
        pairs = apply_camera_effects(torch.stack(frames, 1), self, self.options)
        return Batch(pairs, flow, self._visible(flow, *shown))

    def _camera(self, pace):
        """(linear [n, 2, 2], shift [n, 2]) of the camera, for paces [n] in pixels."""
        n = len(pace)
        moves = (self.rand(n) >= STILL) * (self.options.camera_speed * self.options.camera)
        return self._step(
            pace * moves, (self.size / 2).expand(n, 2), (self.size.norm() / 2).expand(n)
        )

    def _step(self, speed, centre, reach):
        """(linear [m, 2, 2], shift [m, 2]): a shift of about `speed` [m] pixels, and more.

        A turn, a zoom and a shear about centre [m, 2] move points at the distance reach [m] by
        less than the shift, mostly.
        """
        m = len(speed)
        shares = self.normal(m, 4) * constant(STEP_SHARES, self.device) * (speed / reach)[:, None]
        turn, zoom, shear, skew = shares.clamp(-0.4, 0.4).unbind(1)
        upper = torch.stack(((zoom + shear).exp(), skew), -1)
        lower = torch.stack((torch.zeros_like(skew), (zoom - shear).exp()), -1)
        linear = rotation(turn) @ torch.stack((upper, lower), -2)
        heading = self.uniform(0, 2 * math.pi, m)
        direction = torch.stack((heading.cos(), heading.sin() * self.uniform(0.5, 1, m)), -1)
        shift = centre - _applied(linear, centre) + direction * speed[:, None]
        return linear, shift

    def _motions(self, pace, camera, outline, backmost):
        """The `Motions`; backmost [m] bool are the layers that cover the frame."""
        count, m = self.options.most_layers, len(backmost)
        camera = [value.repeat_interleave(count, 0) for value in camera]
        centre = (outline.low + outline.high) / 2
        reach = (outline.high - outline.low).norm(dim=1) / 2
        speed = pace.repeat_interleave(count) * (self.options.layer_spread * self.normal(m)).exp()
        own = self._step(speed * (self.rand(m) >= STILL), centre, reach)
        carried = _applied(camera[0], centre) + camera[1] - centre
        # At rest nearer to the camera than the background: it has more of the camera's shift.
        resting = (self.rand(m) < 0.3) | backmost
        strength = torch.where(backmost, 0.0, self.uniform(-0.3, 1.5, m))
        eye = torch.eye(2, device=self.device)
        linear = torch.where(resting[:, None, None], eye, own[0])
        shift = torch.where(resting[:, None], carried * strength[:, None], own[1])
        linear, shift = camera[0] @ linear, _applied(camera[0], shift) + camera[1]
        low = torch.where(backmost[:, None], 0.0, outline.low)
        high = torch.where(backmost[:, None], self.size - 1, outline.high)
        return self._limited(linear, shift, (low, high), torch.where(backmost, 0.25, 0.5))

    def _limited(self, linear, shift, box, most):
        """The `Motions`, shrunk where a point of the box within the frame would move too far.

        box: lowest and highest (x, y), [m, 2] each; most: [m], bend relative to the motion.
        """
        m, cells = len(shift), self.choices.randrange(2, 7)
        low, high = (edge.clamp(min=0).minimum(self.size - 1) for edge in box)
        corners = _corners(low, high)
        moved = corners @ linear.transpose(1, 2) + shift[:, None] - corners
        fastest = moved.norm(dim=-1).amax(1)
        steepest = STEEPEST * min(self.frame) / cells
        strength = most * self.rand(m) * (fastest + 0.2 * self.options.median_motion)
        bends = (self.rand(m) < 0.55) * self.options.deformation
        strength = strength.clamp(max=steepest) * bends
        fastest = fastest + strength * BEND_SPEED
        largest = self.options.largest_motion
        # Not all of them at the limit: that would be a speed more frequent than others.
        limited = self.uniform(0.6, 1.0, m) * largest / fastest
        share = torch.where(fastest > largest, limited, 1.0)
        bend = self.field(cells, self.frame, m, 2) * (strength * share)[:, None, None, None]
        eye = torch.eye(2, device=self.device)
        return Motions(eye + share[:, None, None] * (linear - eye), share[:, None] * shift, bend)

    def _inverse(self, motions):
        """[m, 2, H, W]: the points of frame 1 that the pixels of frame 2 show."""
        inverse = torch.linalg.inv_ex(motions.linear)[0]
        zero, shift = torch.zeros_like(motions.shift), motions.shift[:, :, None, None]
        back = self.here.expand(len(inverse), -1, -1, -1)
        for _ in range(ITERATIONS):
            back = transform(inverse, zero, self.here - sample(motions.bend, back) - shift)
        return back

    def _visible(self, flow, top1, top2):
        """[n, H, W] bool: pixels of frame 1 whose point frame 2 shows; tops [n, 1, H, W]."""
        target = self.here + flow
        inside = ((target >= 0) & (target <= (self.size - 1)[None, :, None, None])).all(1)
        in_front = sample(top2.float(), target, "nearest")[:, 0] > top1[:, 0]
        return inside & ~in_front


def laid_over(layers: torch.Tensor) -> torch.Tensor:
    """[n, 3, H, W]: layers [n, layers, 4, H, W], premultiplied by alpha, back to front."""
    frame = layers[:, 0, :3]
    for number in range(1, layers.shape[1]):
        frame = frame * (1 - layers[:, number, 3:]) + layers[:, number, :3]
    return frame


def top_layer(alpha: torch.Tensor) -> torch.Tensor:
    """[n, 1, H, W]: the number of the front one of the layers with coverage [n, layers, H, W]."""
    numbers = torch.arange(alpha.shape[1], device=alpha.device)[:, None, None]
    return torch.where(alpha >= OPAQUE, numbers, 0).amax(1, keepdim=True)


def motion_blurred(
    layers: torch.Tensor, moved: torch.Tensor, shutter: torch.Tensor, here: torch.Tensor
) -> torch.Tensor:
    """The mean of layers over moments around their own.

    Args:
        layers: [m, 4, H, W], premultiplied by alpha.
        moved: [m, 2, H, W], their way between the two frames in pixels.
        shutter: [m], for what share of it they are exposed.
        here: [1, 2, H, W], the pixels.
    """
    for index in range(PASSES):
        reach = moved * (shutter / 2 ** (index + 2))[:, None, None, None]
        layers = (sample(layers, here + reach) + sample(layers, here - reach)) / 2
    return layers


def _of_layer(values, number):
    """[n, 2, H, W] of values [n, layers, 2, H, W] at layer numbers [n, 1, H, W]."""
    n, _, channels, height, width = values.shape
    index = number[:, :, None].expand(n, 1, channels, height, width)
    return torch.gather(values, 1, index)[:, 0]


def _applied(linear, points):
    """linear [m, 2, 2] of points [m, 2]."""
    return (linear @ points[..., None])[..., 0]


def _corners(low, high):
    """[m, 4, 2] of boxes low, high [m, 2]."""
    return torch.stack(
        [torch.stack((a[:, 0], b[:, 1]), -1) for a in (low, high) for b in (low, high)], 1
    )
