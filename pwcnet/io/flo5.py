"""Flow in HDF5 files, .flo5: a dataset `flow` of [H, W, 2] (Spring, https://spring-benchmark.org).

h5py is an extra: it is imported where such a file is read.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pwcnet.io.flow_files import valid_pixels

EXTENSION, DATASET = ".flo5", "flow"


def read_flo5(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads a .flo5 file.

    Args:
        path: The file.

    Returns:
        flow: [H, W, 2] float32, pixels, channels (u, v).
        valid: [H, W] bool, False where the flow is NaN or beyond 1e9.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: h5py is missing, or the file is damaged or holds no flow.
    """
    h5py = _import_h5py(path)
    if not os.path.isfile(path):
        raise FileNotFoundError("No file at %s" % path)
    try:
        with h5py.File(path, "r") as file:
            flow = np.asarray(file[DATASET][()], np.float32)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            "%s is not an HDF5 file with a dataset called %s (%s)" % (path, DATASET, error)
        ) from None
    if flow.ndim != 3 or flow.shape[2] != 2 or not flow.size:
        raise ValueError(
            "The flow of %s must have the shape [H, W, 2], got %s" % (path, flow.shape)
        )
    return flow, valid_pixels(flow)


def _import_h5py(path: str) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ValueError(
            "%s needs the package h5py (pip install h5py), which is missing (%s)" % (path, error)
        ) from None
    return h5py
