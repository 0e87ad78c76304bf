"""Which pairs of a data set train and which validate: the same modes for every set.

A set that publishes its own validation part (FlyingChairs' split file, FlyingThings3D's TEST) is split as published, others by share. FlyingThings3D's TEST is
a folder of its own, as Sintel's test split is, and never trains.
"""
from pwcnet.data.splits import split_validation

PARTS = {                           # mode: the parts it has, the usual one first
    "train_noval": ("train",),      # all pairs train
    "train_with_val": ("train", "val"),
    "val": ("val",),
    "val_notrain": ("val",),        # all pairs validate: what published errors use
    "test": ("test",),              # no ground truth
}
SPLIT_MODES = ("train_with_val", "val")


def checked_part(mode, part, without_test=None):
    """The part that `mode` and `part` mean: "train", "val" or "test". Raises ValueError for a mode that is none, and a part that the mode does not have.

    part: None is the mode's first. without_test: the name of a data set that publishes no pairs without truth, whose mode test is refused.
    """
    if mode not in PARTS:
        raise ValueError("expected a mode of %s, got %r" % (", ".join(PARTS), mode))
    if part is not None and part not in PARTS[mode]:
        raise ValueError("expected part %s of mode %s, got %r; try mode train_with_val, which has train and val" % (
            " or ".join(PARTS[mode]), mode, part))
    if mode == "test" and without_test:
        raise ValueError("expected a mode with ground truth of %s, got test; try val: all pairs of this set have truth" % without_test)
    return part or PARTS[mode][0]


def split_part(samples, part):
    """The samples of one part, "train" or "val", of the 3 % split by id, sorted by id. Raises ValueError where there are fewer than two."""
    by_id = {sample.id: sample for sample in samples}
    return [by_id[sample_id] for sample_id in split_validation(by_id)[("train", "val").index(part)]]
