"""Which pairs of a data set train and which validate, and parts chosen by scene or id.

The modes are the same for every data set. A set that publishes its validation part (FlyingChairs'
split file, FlyingThings3D's TEST) is split as published, others by share. FlyingThings3D's TEST is
a folder, as Sintel's test split is, and never trains.
"""

from __future__ import annotations

import fnmatch
import math
from typing import Any, Iterable, Sequence

from pwcnet._checks import first_names

VALIDATION_FRACTION = 0.03
SPLIT_SEED = 1969

PARTS = {  # mode: the parts it has, the default one first
    "train_noval": ("train",),  # all pairs train
    "train_with_val": ("train", "val"),
    "val": ("val",),
    "val_notrain": ("val",),  # all pairs validate: what published errors use
    "test": ("test",),  # no ground truth
}
SPLIT_MODES = ("train_with_val", "val")


def split_validation(
    ids: Iterable[Any], fraction: float = VALIDATION_FRACTION, seed: int = SPLIT_SEED
) -> tuple[list[Any], list[Any]]:
    """Splits ids into a training and a validation part, the same whatever order they come in.

    Deviation from tfoptflow: ids are sorted first; there the split followed the directory order,
    which differs by file system.

    Args:
        ids: sortable and unique; for Sintel tuples ("scene/frame_0001.png", "scene/frame_0002.png",
            "scene/frame_0001.flo").
        fraction: the share that validates, in 0..1, rounded up to whole samples.
        seed: of the random choice.

    Returns:
        (train, validation), two sorted lists.

    Raises:
        ValueError: where either part would be empty, or ids repeat.
    """
    ids = sorted(ids)
    for one, other in zip(ids, ids[1:]):
        if one == other:
            raise ValueError("expected ids without repetition, got %s twice" % (one,))
    if not 0.0 < fraction < 1.0:
        raise ValueError("expected a share for validation between 0 and 1, got %r" % (fraction,))
    if len(ids) < 2:
        raise ValueError(
            "expected at least 2 pairs to set some aside for validation, got %d" % len(ids)
        )
    if math.ceil(fraction * len(ids)) >= len(ids):
        raise ValueError(
            "expected pairs left to train on, got a share of %r of %d pairs for validation"
            % (fraction, len(ids))
        )
    # Imported where it is used: nothing else needs scikit-learn.
    from sklearn.model_selection import train_test_split

    train, validation = train_test_split(ids, test_size=fraction, random_state=seed)
    return sorted(train), sorted(validation)


def checked_part(mode: str, part: str | None, without_test: str | None = None) -> str:
    """The part that a mode and a part mean: "train", "val" or "test".

    Args:
        mode: a key of PARTS.
        part: one that the mode has; None is the mode's default.
        without_test: the name of a data set whose pairs all have ground truth, for which mode test
            is refused.

    Raises:
        ValueError: for an unknown mode, and a part that the mode does not have.
    """
    if mode not in PARTS:
        raise ValueError("expected a mode of %s, got %r" % (", ".join(PARTS), mode))
    if part is not None and part not in PARTS[mode]:
        raise ValueError(
            "expected part %s of mode %s, got %r" % (" or ".join(PARTS[mode]), mode, part)
        )
    if mode == "test" and without_test:
        raise ValueError(
            "expected a mode with ground truth of %s, got test; all its pairs have ground truth"
            % without_test
        )
    return part or PARTS[mode][0]


def split_part(samples: Iterable[Any], part: str) -> list[Any]:
    """The samples of one part, "train" or "val", of the 3 % split by id, sorted by id.

    Raises:
        ValueError: for fewer than two samples.
    """
    by_id = {sample.id: sample for sample in samples}
    return [by_id[sample_id] for sample_id in split_validation(by_id)[("train", "val").index(part)]]


def subset(
    samples: Sequence[Any], scenes: Sequence[str] = (), patterns: Sequence[str] = ()
) -> list[Any]:
    """The samples of some scenes, or with some ids, in their order.

    Args:
        samples: to choose from.
        scenes: folders of the ids: "alley_1" has "alley_1/frames_0001_0002", "A/0000" has
            "TEST/A/0000/left/0006". None given is all.
        patterns: of the whole id, as file names in a shell: "alley_*", "*_10". None given is all.

    Raises:
        ValueError: for a scene that no id has, and for a choice that leaves nothing; it names some
            of the scenes or ids that exist.
    """
    for scene in scenes:
        if not any(_lies_in(sample, scene) for sample in samples):
            raise ValueError(
                "expected scenes of these %d pairs, got %r; %s"
                % (len(samples), scene, _known_scenes(samples))
            )
    chosen = [
        sample
        for sample in samples
        if (not scenes or any(_lies_in(sample, scene) for scene in scenes))
        and (not patterns or any(fnmatch.fnmatchcase(sample.id, pattern) for pattern in patterns))
    ]
    if not chosen:
        raise ValueError(
            "expected pairs that match %s, got none of %d; their ids are %s"
            % (
                " or ".join(map(repr, patterns)) or "any",
                len(samples),
                first_names([sample.id for sample in samples], 5) or "none",
            )
        )
    return chosen


def _lies_in(sample, scene):
    return "/%s/" % scene.strip("/") in "/%s/" % sample.id.rpartition("/")[0]


def _known_scenes(samples):
    scenes = sorted({sample.id.rpartition("/")[0] for sample in samples} - {""})
    if scenes:
        return "they have " + first_names(scenes, 5)
    return "they have no scenes, but ids: " + first_names([sample.id for sample in samples], 5)
