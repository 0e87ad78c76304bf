"""Names of what scenes hold beside their usual content, each in a share of the scenes."""

from __future__ import annotations

import numpy as np

from pwcnet._checks import require

THIN, REPEATED, PASSING, SPOTS, SHADOWS, HAZE = CONTENTS = (
    "thin",
    "repeated",
    "passing",
    "spots",
    "shadows",
    "haze",
)
SEPARATOR = "+"
SHARE = 0.5  # of the scenes that hold each of them
STREAMS = dict(zip(CONTENTS, range(31, 37)))  # of random numbers, apart from all others


def random_states(
    content: str, seed: int, number: int
) -> tuple[np.random.RandomState, np.random.RandomState]:
    """What draws the content of a scene, and how it moves on."""
    first, second = (
        np.random.RandomState([seed, STREAMS[content], number, part]) for part in (0, 1)
    )
    return first, second


def content_names(text: str) -> tuple[str, ...]:
    """The names in a text such as "thin+repeated"; none in an empty one.

    Raises:
        ValueError: for a name of no content, and one that is there twice.
    """
    names = tuple(text.split(SEPARATOR)) if text else ()
    require(
        set(names) <= set(CONTENTS) and len(set(names)) == len(names),
        "a content of %s, or several as %s" % (", ".join(CONTENTS), SEPARATOR.join(CONTENTS[:2])),
        text,
    )
    return names
