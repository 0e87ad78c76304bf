"""What generated pairs are like."""

import dataclasses
from dataclasses import dataclass

EFFECTS = ("motion_blur", "light", "fog", "tone", "defocus", "noise", "compression")


@dataclass(frozen=True)
class SceneOptions:
    """Raises ValueError for what makes no scene.

    height, width: of both frames, pixels. median_motion: about half of all pixels move further than this, in pixels. largest_motion: no pixel moves further.
    least_layers, most_layers: how many layers a scene has, its background among them, drawn evenly. textures: how many are in use at a time; one takes 1 MB.
    deformation: layers bend. camera: the camera pans, zooms and turns; without it, the background stands still.
    motion_blur, light, fog, tone, defocus, noise, compression: these effects occur, each in a share of the pairs; off, the same scenes are seen without them.
    """

    height: int = 256
    width: int = 256
    median_motion: float = 6.0
    largest_motion: float = 60.0
    least_layers: int = 2
    most_layers: int = 9
    textures: int = 96
    deformation: bool = True
    camera: bool = True
    motion_blur: bool = True
    light: bool = True
    fog: bool = True
    tone: bool = True
    defocus: bool = True
    noise: bool = True
    compression: bool = True

    def __post_init__(self):
        if min(self.height, self.width) < 32 or max(self.height, self.width) > 16384:
            raise ValueError(
                "expected frames of 32x32 to 16384x16384 pixels, got %dx%d (height x width); try 256x256"
                % (self.height, self.width)
            )
        if not 0.0 <= self.median_motion <= self.largest_motion < float("inf"):
            raise ValueError(
                "expected 0 <= median_motion <= largest_motion, got %r and %r; try 6 and 60"
                % (self.median_motion, self.largest_motion)
            )
        if not 1 <= self.least_layers <= self.most_layers <= 250:
            raise ValueError(
                "expected 1 <= least_layers <= most_layers <= 250, got %r and %r; try 2 and 9"
                % (self.least_layers, self.most_layers)
            )
        if not 1 <= self.textures <= 256:
            raise ValueError("expected 1 to 256 textures, got %r; try 96" % (self.textures,))

    def without_effects(self):
        """The same scenes, as they are seen without any of the effects."""
        return dataclasses.replace(self, **dict.fromkeys(EFFECTS, False))
