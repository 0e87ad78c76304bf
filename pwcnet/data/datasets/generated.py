"""Generated pairs as a data set without files: an endless one to train on, and a few pairs of their own to validate on."""

import functools
from dataclasses import fields, replace

from pwcnet.data.sample import Endless, Sample
from pwcnet.data.splits import checked_part
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.scenes import generate_pair

VALIDATION_PAIRS, FIRST_VALIDATION = 16, 2**31  # numbers that training does not reach
NOMINAL_PAIRS = 100000
NAMES = {"median": "median_motion", "largest": "largest_motion"}  # short forms
NUMBERS = {"int": int, "float": float}
TYPES = {field.name: NUMBERS[field.type] for field in fields(SceneOptions) if field.type in NUMBERS}


def generated_samples(root, mode="train_noval", part=None):
    """The samples of the generator: an `Endless` for training, a list of 16 others for validation.

    root: in the place of a folder what the pairs are like, as "seed=1,height=256,width=448,median=6,largest=60"; any number of
    pwcnet.data.synthetic.options.SceneOptions, `seed` (0), and `pairs`, how many count as one epoch (100,000; the next goes on with others).
    mode, part: as in `pwcnet.data.splits`. Raises ValueError that quotes what is wrong.
    """
    values = _values(root)
    seed, pairs = values.pop("seed", 0), values.pop("pairs", NOMINAL_PAIRS)
    if not (0 <= seed < 2**32 and 1 <= pairs < FIRST_VALIDATION):
        raise ValueError(
            "expected a seed in 0..4294967295 and at least 1 pair, got %d and %d" % (seed, pairs)
        )
    options = replace(SceneOptions(), **values)
    made = functools.partial(_sample, seed, options)
    if checked_part(mode, part, without_test="generated pairs") == "train":
        return Endless(made, pairs)
    return [made(FIRST_VALIDATION + index) for index in range(VALIDATION_PAIRS)]


def _sample(seed, options, number):
    name = "pair_%d_%06d" % (seed, number)
    told = "%s, median %g, largest %g pixels" % (
        name,
        options.median_motion,
        options.largest_motion,
    )
    return Sample(
        name,
        told + ", frame 1",
        told + ", frame 2",
        told + ", flow",
        make=functools.partial(generate_pair, seed, number, options),
    )


def _values(root):
    values = {}
    for entry in filter(None, root.split(",")):
        name, equals, text = entry.partition("=")
        name = NAMES.get(name, name)
        kind = int if name in ("seed", "pairs") else TYPES.get(name)
        if not equals or kind is None:
            raise ValueError(
                "expected NAME=NUMBER of seed, pairs, median, largest, %s, got %r in %r"
                % (", ".join(sorted(TYPES)), entry, root)
            )
        try:
            values[name] = kind(text)
        except ValueError:
            raise ValueError(
                "expected %s for %s, got %r in %r"
                % ("a whole number" if kind is int else "a number", name, text, root)
            ) from None
    return values
