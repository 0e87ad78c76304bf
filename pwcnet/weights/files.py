"""Where the project's own weights are."""

import glob
import hashlib
import os

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pwcnet-sm-scenes.npz")


def shipped_weights():
    """The path of the weights that come with the project: the small network, trained on generated scenes alone. Raises FileNotFoundError."""
    if not os.path.isfile(SHIPPED):
        raise FileNotFoundError(
            "expected the project's own weights, found none at %s; name others with --ckpt"
            % SHIPPED
        )
    return SHIPPED


FROZEN, CHECKPOINT = "frozen", "checkpoint"


def weights_of(path):
    """{"path", "sha256", "kind"} of a frozen graph (.pb), of weights in an .npz file, or of a checkpoint's prefix, whose .index and .data files count.

    Raises FileNotFoundError where they are missing.
    """
    path = str(path)
    if path.endswith(".pb"):
        return {"path": path, "sha256": _sha256([path]), "kind": FROZEN}
    if path.endswith(".npz"):
        return {"path": path, "sha256": _sha256([path]), "kind": CHECKPOINT}
    return {
        "path": path,
        "sha256": _sha256([path + ".index"] + sorted(glob.glob(glob.escape(path) + ".data-*"))),
        "kind": CHECKPOINT,
    }


def _sha256(paths):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()
