"""Generated pairs as a data set: endless ones for training, a few others for validation."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import Any, Callable, Hashable

from pwcnet._checks import require
from pwcnet.data.sample import BaseSample, EndlessSamples, LoadedSample
from pwcnet.data.splits import checked_part
from pwcnet.data.synthetic.content import CONTENTS, SEPARATOR
from pwcnet.data.synthetic.options import KINDS, SceneOptions
from pwcnet.data.synthetic.photos import photo_paths
from pwcnet.data.synthetic.scenes import generate_pair

VALIDATION_PAIRS, FIRST_VALIDATION = 16, 2**31  # numbers that training does not reach
NOMINAL_PAIRS = 100000  # that count as one epoch
SHORT_NAMES = {"median": "median_motion", "largest": "largest_motion"}
PHOTOS = "photos="  # how the folder of photographs begins in a text of values
NUMBERS = {"int": int, "float": float}
TYPES: dict[str, Callable[[str], Any]] = {
    field.name: NUMBERS[field.type] for field in fields(SceneOptions) if field.type in NUMBERS
}


def _absolute(folder: str) -> str:
    """The same from any directory; none stays none."""
    return os.path.abspath(os.path.expanduser(folder)) if folder else folder


TEXTS: dict[str, Callable[[str], Any]] = {"kind": str, "photos": _absolute, "content": str}


@dataclass(frozen=True)
class GeneratedSample(BaseSample):
    """One generated pair; its arrays follow from the seed, the number and the options."""

    id: str
    seed: int
    number: int
    options: SceneOptions

    @property
    def has_ground_truth(self) -> bool:
        """True."""
        return True

    @property
    def has_invalid_mask(self) -> bool:
        """False: `load` leaves out pixels without flow always."""
        return False

    @property
    def key(self) -> Hashable:
        """The seed, the number and the options."""
        return self.seed, self.number, self.options

    def describe(self) -> str:
        """The id, the kind and the motion."""
        return "%s, median %g, largest %g pixels, %s" % (
            self.id,
            self.options.median_motion,
            self.options.largest_motion,
            self.options.kind_of(self.number),
        )

    def load(self, masked: bool = False, with_occlusion: bool = True) -> LoadedSample:
        """Generates the pair; every pixel of layers is valid, and nearly every one of worlds."""
        return generate_pair(self.seed, self.number, self.options)


class GeneratedSamples(EndlessSamples):
    """The generated pairs of training: number n is pair n of the seed."""

    def __init__(self, seed: int, options: SceneOptions, nominal_count: int):
        super().__init__(nominal_count)
        self._seed, self._options = seed, options

    def sample(self, number: int) -> GeneratedSample:
        """The pair of a whole number."""
        number = int(number)
        return GeneratedSample(
            "pair_%d_%06d" % (self._seed, number), self._seed, number, self._options
        )

    def __contains__(self, sample: object) -> bool:
        return (
            isinstance(sample, GeneratedSample)
            and (sample.seed, sample.options) == (self._seed, self._options)
            and sample.number < FIRST_VALIDATION
        )


def generated_samples(
    values: str, mode: str = "train_noval", part: str | None = None
) -> GeneratedSamples | list[GeneratedSample]:
    """The samples of the generator.

    Args:
        values: what the pairs are like, as "seed=1,height=256,width=448,median=6,largest=60": any
            number of `pwcnet.data.synthetic.options.SceneOptions`, its `kind` ("kind=worlds"),
            `content` ("content=thin+haze") and `photos`, a folder without a comma in its name;
            `seed` (default 0), and `pairs`, how many count as one epoch (default 100,000; the next
            epoch goes on with others).
        mode: as in `pwcnet.data.splits`.
        part: as in `pwcnet.data.splits`.

    Returns:
        Endless samples for training, a list of 16 others for validation.

    Raises:
        ValueError: quotes what is wrong, or names a folder of photographs without any.
        FileNotFoundError: names a folder of photographs that is not there.
    """
    seed, pairs, options = parse_values(values)
    if options.photos:
        photo_paths(options.photos)
    samples = GeneratedSamples(seed, options, pairs)
    if checked_part(mode, part, without_test="generated pairs") == "train":
        return samples
    return [samples.sample(FIRST_VALIDATION + index) for index in range(VALIDATION_PAIRS)]


def parse_values(text: str) -> tuple[int, int, SceneOptions]:
    """(seed, pairs, options) of the text that `generated_samples` takes. Raises ValueError."""
    values: dict[str, Any] = {}
    for entry in filter(None, text.split(",")):
        name, equals, number = entry.partition("=")
        name = SHORT_NAMES.get(name, name)
        kind = int if name in ("seed", "pairs") else {**TYPES, **TEXTS}.get(name)
        if not equals or kind is None:
            raise ValueError(
                "expected NAME=NUMBER of seed, pairs, median, largest, %s, kind=%s, content=%s "
                "joined by %s or photos=FOLDER without a comma in its name, got %r"
                % (
                    ", ".join(sorted(TYPES)),
                    "|".join(KINDS),
                    "|".join(CONTENTS),
                    SEPARATOR,
                    entry,
                )
            )
        try:
            values[name] = kind(number)
        except ValueError:
            raise ValueError(
                "expected %s for %s, got %r"
                % ("a whole number" if kind is int else "a number", name, number)
            ) from None
    seed, pairs = values.pop("seed", 0), values.pop("pairs", NOMINAL_PAIRS)
    require(
        0 <= seed < 2**32 and 1 <= pairs < FIRST_VALIDATION,
        "a seed in 0..4294967295 and at least 1 pair",
        (seed, pairs),
    )
    return seed, pairs, replace(SceneOptions(), **values)


def photos_of(text: str) -> str:
    """The folder of photographs in the text that `generated_samples` takes, as it was given."""
    folders = [entry[len(PHOTOS) :] for entry in text.split(",") if entry.startswith(PHOTOS)]
    return folders[-1] if folders else ""


def absolute_values(text: str) -> str:
    """The same text with the absolute folder of photographs."""
    return ",".join(
        PHOTOS + _absolute(entry[len(PHOTOS) :]) if entry.startswith(PHOTOS) else entry
        for entry in text.split(",")
    )
