"""Which pairs of a data set train and which validate, by the same modes for every set, and parts chosen by scene or id.

A set that publishes its own validation part (FlyingChairs' split file, FlyingThings3D's TEST) is split as published, others by share. FlyingThings3D's TEST is
a folder of its own, as Sintel's test split is, and never trains.
"""

import fnmatch
import math

from pwcnet._checks import first_names

VALIDATION_FRACTION = 0.03
SPLIT_SEED = 1969


def split_validation(ids, fraction=VALIDATION_FRACTION, seed=SPLIT_SEED):
    """(train, validation): two sorted lists that share `ids` among them, the same whatever order these come in.

    ids: sortable and unique; for Sintel tuples ("scene/frame_0001.png", "scene/frame_0002.png", "scene/frame_0001.flo").
    fraction: the share that validates, in 0..1, rounded up to whole samples. Raises ValueError where either part would be empty.

    Deviation from tfoptflow: ids are sorted first; there the split followed the directory order, which differs by file system.
    """
    ids = sorted(ids)
    for one, other in zip(ids, ids[1:]):
        if one == other:
            raise ValueError(
                "expected ids without repetition, got %s twice; try a split of distinct pairs"
                % (one,)
            )
    if not 0.0 < fraction < 1.0:
        raise ValueError(
            "expected a share for validation between 0 and 1, got %r; try %s"
            % (fraction, VALIDATION_FRACTION)
        )
    if len(ids) < 2:
        raise ValueError(
            "expected at least 2 pairs to set some aside for validation, got %d; try a mode without a split"
            % len(ids)
        )
    if math.ceil(fraction * len(ids)) >= len(ids):
        raise ValueError(
            "expected pairs left to train on, got a share of %r of %d pairs for validation; try a smaller share"
            % (fraction, len(ids))
        )
    from sklearn.model_selection import train_test_split

    train, validation = train_test_split(ids, test_size=fraction, random_state=seed)
    return sorted(train), sorted(validation)


PARTS = {  # mode: the parts it has, the usual one first
    "train_noval": ("train",),  # all pairs train
    "train_with_val": ("train", "val"),
    "val": ("val",),
    "val_notrain": ("val",),  # all pairs validate: what published errors use
    "test": ("test",),  # no ground truth
}
SPLIT_MODES = ("train_with_val", "val")


def checked_part(mode, part, without_test=None):
    """The part that `mode` and `part` mean: "train", "val" or "test". Raises ValueError for a mode that is none, and a part that the mode does not have.

    part: None is the mode's first. without_test: the name of a data set that publishes no pairs without truth, whose mode test is refused.
    """
    if mode not in PARTS:
        raise ValueError("expected a mode of %s, got %r" % (", ".join(PARTS), mode))
    if part is not None and part not in PARTS[mode]:
        raise ValueError(
            "expected part %s of mode %s, got %r; try mode train_with_val, which has train and val"
            % (" or ".join(PARTS[mode]), mode, part)
        )
    if mode == "test" and without_test:
        raise ValueError(
            "expected a mode with ground truth of %s, got test; try val: all pairs of this set have truth"
            % without_test
        )
    return part or PARTS[mode][0]


def split_part(samples, part):
    """The samples of one part, "train" or "val", of the 3 % split by id, sorted by id. Raises ValueError where there are fewer than two."""
    by_id = {sample.id: sample for sample in samples}
    return [by_id[sample_id] for sample_id in split_validation(by_id)[("train", "val").index(part)]]


def subset(samples, scenes=(), patterns=()):
    """The samples, in their order, that lie in one of the scenes and whose id matches one of the patterns; all where neither is given.

    scenes: folders of the ids: "alley_1" has "alley_1/frames_0001_0002", "A/0000" has "TEST/A/0000/left/0006". patterns: as file names in a shell, of the whole
    id: "alley_*", "*_10". Raises ValueError, which names some of what there is, for a scene that no id has and for a choice that leaves nothing.
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
    return (
        "try " + first_names(scenes, 5)
        if scenes
        else "they have no scenes, try patterns of their ids: "
        + first_names([sample.id for sample in samples], 5)
    )
