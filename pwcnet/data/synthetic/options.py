"""Options of generated scenes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from pwcnet._checks import require
from pwcnet.data.synthetic.content import content_names

LAYERS, WORLDS, BOTH = KINDS = ("layers", "worlds", "both")
# The fields of effects, in the order of SceneOptions.
EFFECTS = ("motion_blur", "light", "fog", "tone", "defocus", "noise", "compression")
INFINITY = float("inf")
LARGEST_MOTION = 10000  # pixels; coordinates far outside of a frame lose their fractions


@dataclass(frozen=True)
class SceneOptions:
    """What generated scenes look like and how they move.

    Attributes:
        height, width: of all frames, in pixels.
        median_motion: about half of all pixels move further than this from frame to frame, in
            pixels.
        largest_motion: no pixel of layers moves further than this from frame to frame, in pixels;
            in worlds the flow of those that do is unknown.
        scene_spread, layer_spread: standard deviations of the logarithm of speed, between scenes
            and between the layers of one scene. Together the defaults give many slow and few fast
            pixels, as in films. Worlds take the first one.
        least_layers, most_layers: how many layers a scene has, including its background; drawn
            evenly. This, the next line and `deformation` are of layers alone.
        smallest_shape, largest_shape: distance from a layer's middle to its rim, as a share of the
            frame's shorter side; drawn evenly in the logarithm.
        textures: how many textures are in use at a time; one takes 1 MB.
        texture_scale: magnification of the textures; above 1 they have less fine detail.
        simple: shapes are blobs, polygons, discs and boxes, textures are rich in contrast; without
            it there are also branches, letters, holes, plain walls and writing.
        deformation: layers bend.
        camera: the camera pans, zooms and turns; without it, the background stands still.
        camera_speed: speed of the camera relative to that of the layers.
        motion_blur, light, fog, tone, defocus, noise, compression: these effects occur, each in a
            share of the scenes. They change the frames alone, never the layers or the flow.
        kind: "layers" that move and bend over one another, "worlds" of planes in space seen by a
            moving camera, or "both": scenes of even numbers are layers, those of odd ones worlds.
        photos: folder of images of which surfaces are cut, or "" for none.
        photo_share: this share of the surfaces, 0..1, are from `photos`, the others are generated.
        content: further content, names of `pwcnet.data.synthetic.content` joined by "+", or "" for
            none. Without it scenes are the same as before there was any.

    Raises:
        ValueError: for values that give no scene.
    """

    height: int = 256
    width: int = 256
    median_motion: float = 6.0
    largest_motion: float = 60.0
    scene_spread: float = 1.3
    layer_spread: float = 1.0
    least_layers: int = 2
    most_layers: int = 9
    smallest_shape: float = 0.1
    largest_shape: float = 0.75
    textures: int = 96
    texture_scale: float = 1.0
    camera_speed: float = 1.0
    simple: bool = False
    deformation: bool = True
    camera: bool = True
    motion_blur: bool = True
    light: bool = True
    fog: bool = True
    tone: bool = True
    defocus: bool = True
    noise: bool = True
    compression: bool = True
    kind: str = LAYERS
    photos: str = ""
    photo_share: float = 0.5
    content: str = ""

    def __post_init__(self):
        require(self.kind in KINDS, "a kind of %s" % ", ".join(KINDS), self.kind)
        require(0 <= self.photo_share <= 1, "a photo_share of 0 to 1", self.photo_share)
        content_names(self.content)
        require(
            min(self.height, self.width) >= 32 and max(self.height, self.width) <= 16384,
            "frames of 32x32 to 16384x16384 pixels (height x width)",
            (self.height, self.width),
        )
        for low, high in ("median_motion", "largest_motion"), ("smallest_shape", "largest_shape"):
            smaller, larger = getattr(self, low), getattr(self, high)
            require(
                0 <= smaller <= larger < INFINITY, "0 <= %s <= %s" % (low, high), (smaller, larger)
            )
        require(
            self.largest_motion <= LARGEST_MOTION,
            "a largest_motion of at most %d" % LARGEST_MOTION,
            self.largest_motion,
        )
        require(self.smallest_shape > 0, "smallest_shape above 0", self.smallest_shape)
        require(
            1 <= self.least_layers <= self.most_layers <= 250,
            "1 <= least_layers <= most_layers <= 250",
            (self.least_layers, self.most_layers),
        )
        for name in ("scene_spread", "layer_spread", "camera_speed"):
            require(
                0 <= getattr(self, name) < INFINITY, "%s of 0 or more" % name, getattr(self, name)
            )
        require(0 < self.texture_scale < INFINITY, "texture_scale above 0", self.texture_scale)
        require(1 <= self.textures <= 256, "1 to 256 textures", self.textures)

    def without_effects(self) -> SceneOptions:
        """The options of the same scenes without any of the effects."""
        changes: dict[str, Any] = dict.fromkeys(EFFECTS, False)
        return dataclasses.replace(self, **changes)

    def holds(self, name: str) -> bool:
        """Whether scenes can hold the content of a name."""
        return name in content_names(self.content)

    def kind_of(self, number: int) -> str:
        """The kind of the scene of a number, "layers" or "worlds"."""
        return (LAYERS, WORLDS)[number % 2] if self.kind == BOTH else self.kind


def demo_options(height: int, width: int, max_motion: float, **changes: Any) -> SceneOptions:
    """Options of scenes that are easy to learn and pleasant to look at.

    They have few plain, rigid shapes with smooth textures, and no effects. Worlds have fast pixels
    beside slow ones: where they go beyond the limit, flow is unknown.

    Args:
        height: of the frames, in pixels.
        width: of the frames, in pixels.
        max_motion: no pixel moves further than this from frame to frame, in pixels.
        changes: other options than those, as `kind`.
    """
    options = SceneOptions(
        height=height,
        width=width,
        median_motion=0.45 * max_motion,
        largest_motion=max_motion,
        camera_speed=0.5,
        scene_spread=0.15,
        layer_spread=0.5,
        least_layers=5,
        most_layers=8,
        smallest_shape=0.12,
        largest_shape=0.35,
        textures=12,
        texture_scale=3.0,
        simple=True,
        deformation=False,
    ).without_effects()
    return dataclasses.replace(options, **changes)
