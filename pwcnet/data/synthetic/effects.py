"""What light, air and cameras do to the two frames of a pair: mostly the same to both, and a little to each alone."""

import cv2
import numpy as np

from pwcnet.data.synthetic import banks
from pwcnet.data.synthetic.noise import smooth_field

LEVELS = np.arange(256, dtype=np.float32)


def random_exposure(random, options):
    """How long frames are exposed, as a share of the time between them; 0 in most pairs."""
    occurs, share = random.uniform() < 0.2, random.uniform(0.1, 0.6)
    return share if options.motion_blur and occurs else 0.0


def apply_camera_effects(pictures, random, seed, options):
    """Two [H, W, 3] uint8 frames from two float32 pictures in about 0..255. Each effect has numbers of its own, whatever else occurs."""
    states = random.randint(0, 2**31 - 1, len(EFFECTS) + 1)
    for (name, effect), state in zip(EFFECTS, states):
        if getattr(options, name):
            random.seed(state)
            pictures = effect(pictures, random, seed)
    frames = [_rounded(picture) for picture in pictures]
    random.seed(states[-1])
    return _compressed(frames, random) if options.compression else frames


def _rounded(picture):
    return cv2.convertScaleAbs(np.maximum(picture, 0))


def _lit(pictures, random, seed):
    """Light that falls unevenly, and changes a little."""
    if random.uniform() < 0.5:
        return pictures
    size, strength = pictures[0].shape[:2], random.uniform(0, 0.35)
    light = smooth_field(random, random.randint(1, 5), size)
    change = smooth_field(random, 2, size) * np.float32(random.uniform(0, 0.25) * random.uniform())
    return [
        picture * (1 + np.float32(strength) * (light + change * share))[..., None]
        for picture, share in zip(pictures, np.linspace(0, 1, len(pictures), dtype=np.float32))
    ]


def _foggy(pictures, random, seed):
    """A veil of one colour that stays where it is, thicker here than there."""
    if random.uniform() >= 0.15:
        return pictures
    color, share = random.uniform(90, 245) + random.uniform(-20, 20, 3), random.uniform(0.1, 0.55)
    veil = np.clip(
        share * (1 + 0.5 * smooth_field(random, random.randint(1, 6), pictures[0].shape[:2])),
        0,
        0.8,
    ).astype(np.float32)[..., None]
    return [picture + veil * (color.astype(np.float32) - picture) for picture in pictures]


def _defocused(pictures, random, seed):
    if random.uniform() < 0.6:
        return pictures
    sigma = 0.4 + 1.4 * random.uniform() ** 2
    return [cv2.GaussianBlur(picture, (0, 0), sigma) for picture in pictures]


def _toned(pictures, random, seed):
    """Gamma, contrast, brightness and colour."""
    gamma, contrast, lift = (
        np.exp(random.uniform(-0.3, 0.3)),
        np.exp(random.uniform(-0.3, 0.15)),
        random.uniform(-20, 20),
    )
    white, saturation = (
        np.exp(random.uniform(-0.12, 0.12, 3)),
        random.choice([0.0, 1.0, 1.0, 1.0]) or random.uniform(0.0, 1.0),
    )
    result = []
    changes = random.uniform() < 0.6
    for picture in pictures:
        own = changes * random.uniform(-1, 1, 3) * random.uniform()
        curve = (
            255
            * (LEVELS / 255) ** (gamma * np.exp(0.08 * own[0]))
            * contrast
            * np.exp(0.08 * own[1])
            + lift
            + 6 * own[2]
        )
        table = (curve[:, None] * white).astype(np.float32)[None]
        picture = cv2.LUT(cv2.merge([_rounded(picture)]), table)
        result.append(
            cv2.transform(picture, saturation * np.eye(3) + (1 - saturation) / 3)
            if saturation < 1
            else picture
        )
    return result


def _noisy(pictures, random, seed):
    """Grain of the same strength in both frames, sometimes coarser than pixels, sometimes without colour."""
    level = 12 * random.uniform() ** 2
    coarse, grey = random.uniform() < 0.3, random.uniform() < 0.3
    if random.uniform() < 0.3:
        return pictures
    result = []
    for picture in pictures:
        start = random.randint(0, banks.GRAIN_SIZE, 2)
        grain = banks.grain(seed).take(
            range(start[0], start[0] + picture.shape[0]), axis=0, mode="wrap"
        )
        grain = grain.take(range(start[1], start[1] + picture.shape[1]), axis=1, mode="wrap")
        grain = cv2.GaussianBlur(grain, (3, 3), 0.7) * np.float32(1.7) if coarse else grain
        result.append(picture + np.float32(level) * (grain[..., :1] if grey else grain))
    return result


EFFECTS = (
    ("light", _lit),
    ("fog", _foggy),
    ("defocus", _defocused),
    ("tone", _toned),
    ("noise", _noisy),
)  # in this order


def _compressed(frames, random):
    if random.uniform() >= 0.15:
        return frames
    quality = [cv2.IMWRITE_JPEG_QUALITY, random.randint(35, 96)]
    return [
        cv2.imdecode(cv2.imencode(".jpg", frame[..., ::-1], quality)[1], cv2.IMREAD_COLOR)[
            ..., ::-1
        ].copy()
        for frame in frames
    ]
