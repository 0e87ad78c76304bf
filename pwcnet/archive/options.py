"""What is computed for every item of an archive, and what of it is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

KINDS = ("npz", "flo", "xy-jpg", "motion")
FOLDER_KINDS = ("flo", "xy-jpg")  # a file or two a pair
DTYPES = ("float16", "float32")
LARGEST_SCALE = 64


@dataclass(frozen=True)
class ExtractOptions:
    """The options that the results depend on.

    Attributes:
        save: Some of KINDS.
        weights: The path of the weights; None for a classical method.
        weights_sha256: Of the weights' file; None for a classical method.
        classical: A method of pwcnet.flow.classical instead of the network.
        quality: The level; None for a classical method.
        precision: As of Predictor.
        step: Pairs are frames this far apart, in frames that are kept.
        every: Every n-th frame is kept.
        sample_fps: Frames per second of a video that are kept; instead of `every`.
        scale: Frames are scaled by this factor; flow is in pixels of that size.
        short_side: Frames are scaled so that their shorter side has this many pixels.
        backward: Also the flow from the second frame to the first.
        occlusion: Also where both disagree; needs both.
        skip_bad: Frames that cannot be read leave a gap.
        bound: Pixels of motion at the ends of 8-bit images.
        dtype: Of arrays in npz, one of DTYPES.
        still: Pixels of motion up to which a pixel stands still.
        pair_rows: Whether motion is also kept pair by pair.
        table: The format of tables of motion, "jsonl" or "parquet".
    """

    save: tuple[str, ...]
    weights: str | None = None
    weights_sha256: str | None = None
    classical: str | None = None
    quality: str | None = None
    precision: str = "float32"
    step: int = 1
    every: int = 1
    sample_fps: float | None = None
    scale: float = 1.0
    short_side: int | None = None
    backward: bool = False
    occlusion: bool = False
    skip_bad: bool = False
    bound: float = 20.0
    dtype: str = "float16"
    still: float = 0.5
    pair_rows: bool = False
    table: str = "jsonl"

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.save if kind not in KINDS]
        if unknown or not self.save:
            raise ValueError("Results are some of %s, not %r" % (", ".join(KINDS), self.save))
        if self.dtype not in DTYPES:
            raise ValueError("Arrays are %s, not %r" % (" or ".join(DTYPES), self.dtype))
        if self.scale > LARGEST_SCALE:
            raise ValueError(
                "Frames are made up to %d times as large, not %g times"
                % (LARGEST_SCALE, self.scale)
            )
        if self.scale != 1 and self.short_side:
            raise ValueError("Frames have a scale or a shorter side, not both")
        if self.every != 1 and self.sample_fps:
            raise ValueError("Frames are kept by their number or by their rate, not both")

    @property
    def in_folders(self) -> bool:
        """Whether an item's result is a folder of files."""
        return any(kind in self.save for kind in FOLDER_KINDS)

    @property
    def both_ways(self) -> bool:
        """Whether the backward flow is computed."""
        return self.backward or self.occlusion

    def recorded(self) -> dict[str, Any]:
        """The options as JSON has them; where weights lie does not matter, but which they are."""
        facts = asdict(self)
        facts["save"] = sorted(self.save)
        del facts["weights"]
        return facts


def different_options(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """The names of recorded options that differ, but for those that no complete item depends on.

    With `skip_bad` or without, an item that lacks no frame is the same.
    """
    names = [field.name for field in fields(ExtractOptions)]
    return [
        name
        for name in names
        if name not in ("weights", "skip_bad") and ours.get(name) != theirs.get(name)
    ]
