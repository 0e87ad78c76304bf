"""Which weights were evaluated: their files by what is in them."""
import glob
import hashlib

FROZEN, CHECKPOINT = "frozen", "checkpoint"


def weights_of(path):
    """{"path", "sha256", "kind"} of a frozen graph (a file ending in .pb) or of a checkpoint's prefix, whose .index and .data files count, in this order.

    Raises FileNotFoundError where they are missing.
    """
    path = str(path)
    if path.endswith(".pb"):
        return {"path": path, "sha256": _sha256([path]), "kind": FROZEN}
    return {"path": path, "sha256": _sha256([path + ".index"] + sorted(glob.glob(glob.escape(path) + ".data-*"))), "kind": CHECKPOINT}


def _sha256(paths):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()
