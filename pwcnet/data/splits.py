"""Which samples are kept from training to validate with."""
import math

from sklearn.model_selection import train_test_split

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
            raise ValueError("expected ids without repetition, got %s twice; try a split of distinct pairs" % (one,))
    if not 0.0 < fraction < 1.0:
        raise ValueError("expected a share for validation between 0 and 1, got %r; try %s" % (fraction, VALIDATION_FRACTION))
    if len(ids) < 2:
        raise ValueError("expected at least 2 pairs to set some aside for validation, got %d; try a mode without a split" % len(ids))
    if math.ceil(fraction * len(ids)) >= len(ids):
        raise ValueError("expected pairs left to train on, got a share of %r of %d pairs for validation; try a smaller share" % (fraction, len(ids)))
    train, validation = train_test_split(ids, test_size=fraction, random_state=seed)
    return sorted(train), sorted(validation)
