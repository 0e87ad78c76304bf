"""What light, air and cameras do to the two frames of a pair, a batch of pairs at once.

Source: pwcnet/data/synthetic/effects.py, with its order, shares and strengths. Unlike there, some
pairs are grey, light changes more between the frames, and JPEG keeps colours at full resolution.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from pwcnet.data.synthetic.options import SceneOptions
from scripts.gpu_training.jpeg import jpeg
from scripts.gpu_training.random_numbers import RandomNumbers
from scripts.gpu_training.sampling import constant

REACH = 5  # pixels of the blur's kernel on each side: enough for a sigma of 2
EXPOSED = 0.2  # share of a batch's pairs that are exposed for a while: the first ones
COMPRESSED = 0.15  # share of a batch's pairs that went through JPEG: the last ones


def apply_camera_effects(
    pairs: torch.Tensor, random: RandomNumbers, options: SceneOptions
) -> torch.Tensor:
    """Applies the effects that the options allow, each to a share of the pairs.

    Args:
        pairs: [n, 2, 3, H, W] RGB, about 0..255.
        random: draws the effects.
        options: of the scenes.

    Returns:
        [n, 2, 3, H, W] uint8.
    """
    for name, effect in EFFECTS:
        if getattr(options, name):
            pairs = effect(pairs, random)
    pairs = pairs.clamp(0, 255).round()
    packed = int(round(len(pairs) * COMPRESSED)) if options.compression else 0
    if packed:
        quality = random.uniform(35, 96, packed)
        pairs = torch.cat((pairs[:-packed], jpeg(pairs[-packed:], quality)))
    return pairs.to(torch.uint8)


def blur(pairs: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Gaussian blur of [n, 2, c, H, W] with sigma [n] in pixels, up to about 2."""
    n, frames, channels, height, width = pairs.shape
    count = n * frames * channels
    offsets = constant(tuple(float(k) for k in range(-REACH, REACH + 1)), pairs.device)
    kernel = torch.exp(-0.5 * (offsets / sigma[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(frames * channels, 0)
    flat = pairs.reshape(1, count, height, width)
    flat = F.pad(flat, (REACH, REACH, 0, 0), mode="replicate")
    flat = F.conv2d(flat, kernel[:, None, None], groups=count)
    flat = F.pad(flat, (0, 0, REACH, REACH), mode="replicate")
    return F.conv2d(flat, kernel[:, None, :, None], groups=count).view(pairs.shape)


def _some(random, n, share):
    """[n, 1, 1, 1]: 1 for a share of the pairs, 0 for the others."""
    return (random.rand(n) < share).float()[:, None, None, None]


def _lit(pairs, random):
    """Light that falls unevenly, and changes a little from frame 1 to frame 2."""
    n, size = len(pairs), pairs.shape[-2:]
    light = random.field(random.choices.randrange(1, 5), size, n)
    light = light * (random.uniform(0, 0.35, n)[:, None, None, None] * _some(random, n, 0.5))
    change = random.field(2, size, n)
    change = change * (random.uniform(0, 0.25, n) * random.rand(n))[:, None, None, None]
    change = change * _some(random, n, 0.5)
    return pairs * (1 + torch.stack((light, light + change), 1))


def _foggy(pairs, random):
    """A veil of one colour that stays where it is, thicker in some places than in others."""
    n, size = len(pairs), pairs.shape[-2:]
    fog = random.uniform(0.1, 0.55, n)[:, None, None, None]
    fog = fog * (1 + 0.5 * random.field(random.choices.randrange(1, 6), size, n))
    fog = fog.clamp(0, 0.8) * _some(random, n, 0.15)
    veil = random.uniform(90, 245, n, 1) + random.uniform(-20, 20, n, 3)
    return pairs + fog[:, None] * (veil[:, None, :, None, None] - pairs)


def _defocused(pairs, random):
    n = len(pairs)
    sharp = random.rand(n) < 0.6
    return blur(pairs, torch.where(sharp, 0.01, 0.4 + 1.4 * random.rand(n) ** 2))


def _toned(pairs, random):
    """Gamma, contrast, brightness and colour; in most pairs a little different in each frame."""
    n = len(pairs)
    changes = random.uniform(-1, 1, n, 2, 3) * random.rand(n, 2, 1) * (random.rand(n, 1, 1) < 0.6)
    gamma = (random.uniform(-0.3, 0.3, n, 1) + 0.08 * changes[..., 0]).exp()
    gain = (random.uniform(-0.3, 0.15, n, 1) + 0.08 * changes[..., 1]).exp()
    lift = random.uniform(-20, 20, n, 1) + 6 * changes[..., 2]
    gamma, gain, lift = (value[:, :, None, None, None] for value in (gamma, gain, lift))
    white = random.uniform(-0.12, 0.12, n, 3).exp()[:, None, :, None, None]
    pairs = (255 * (pairs.clamp(0.1, 255) / 255) ** gamma * gain + lift) * white
    saturation = torch.where(random.rand(n) < 0.25, random.rand(n), 1.0)
    saturation = torch.where(random.rand(n) < 0.08, 0.0, saturation)[:, None, None, None, None]
    return saturation * pairs + (1 - saturation) * pairs.mean(2, keepdim=True)


def _noisy(pairs, random):
    """Grain of the same strength in both frames, sometimes coarse, sometimes without colour."""
    n = len(pairs)
    level = 12 * random.rand(n) ** 2 * (random.rand(n) >= 0.3)
    noise = random.normal(*pairs.shape)
    coarse = (random.rand(n) < 0.3)[:, None, None, None, None]
    smooth = blur(noise, torch.full((n,), 0.7, device=pairs.device)) * 1.7
    noise = torch.where(coarse, smooth, noise)
    gray = (random.rand(n) < 0.3)[:, None, None, None, None]
    noise = torch.where(gray, noise[:, :, :1], noise)
    return pairs + level[:, None, None, None, None] * noise


EFFECTS = (  # in this order
    ("light", _lit),
    ("fog", _foggy),
    ("defocus", _defocused),
    ("tone", _toned),
    ("noise", _noisy),
)
