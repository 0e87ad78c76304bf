"""Archives of weights (.npz), as the package ships them: no TensorFlow format, half the size."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from pwcnet.io.atomic import write_bytes
from pwcnet.io.damage import damage_as_value_error
from pwcnet.weights.files import ARCHIVE_EXTENSION
from pwcnet.weights.variables import variable_shapes

if TYPE_CHECKING:
    from pwcnet.weights.checkpoint import Checkpoint


class ArchiveReader:
    """Reads an archive through the interface of TensorFlow's reader of checkpoints.

    Weights are stored as float16 and are float32 again when they are read.
    """

    def __init__(self, path: str):
        with damage_as_value_error():
            self._arrays = np.load(path, allow_pickle=False)
        if not isinstance(self._arrays, np.lib.npyio.NpzFile):
            raise ValueError("a single array")

    def get_variable_to_shape_map(self) -> dict[str, tuple[int, ...]]:
        """Returns {name: shape} of the arrays."""
        with damage_as_value_error():
            return {name: self._arrays[name].shape for name in self._arrays.files}

    def get_tensor(self, name: str) -> np.ndarray:
        """Returns an array, float32 where float16 is stored."""
        with damage_as_value_error():
            array = self._arrays[name]
        return array.astype(np.float32) if array.dtype == np.float16 else array


def write_archive(path: str, checkpoint: Checkpoint) -> None:
    """Writes the network's weights as float16 into an .npz archive, completely or not at all.

    The arrays are called what the checkpoint's variables are, with `global_step` where it is known.

    Args:
        path: The archive.
        checkpoint: An open checkpoint or archive.

    Raises:
        ValueError: The path has another extension, or float16 does not hold a weight.
        OSError: The folder is full or not writable.
    """
    if not path.endswith(ARCHIVE_EXTENSION):
        raise ValueError("%s is no name of an archive: it must end in .npz" % path)
    largest = np.finfo(np.float16).max
    arrays: dict[str, Any] = {}
    for name, shape in variable_shapes(checkpoint.config).items():
        weight = checkpoint.weight(name, shape)
        if not np.abs(weight).max() <= largest:  # true for NaN too
            raise ValueError(
                "%s in %s has weights that are not finite or exceed %g, the largest of float16"
                % (name, checkpoint.path, largest)
            )
        arrays[name] = weight.astype(np.float16)
    if checkpoint.step is not None:
        arrays["global_step"] = np.int64(checkpoint.step)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_bytes(path, content.getvalue())
