"""Codecs of flow in files of arrays: NumPy's .npy and .npz, HDF5 .flo5.

Formats:
    .npy: one array [H, W, 2], or [2, H, W] as PyTorch has it, of numbers.
    .npz: the array `flow`, or the only one, as above; beside it `valid` [H, W], non-zero = valid.
    .flo5: an HDF5 file whose dataset `flow` is [H, W, 2] (Spring, https://spring-benchmark.org);
        needs h5py.
Unknown flow is NaN.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from pwcnet.io.damage import damage_as_value_error

FLOW, VALID = "flow", "valid"
COMPRESSION_LEVEL = 5  # of Spring's own files


def decode_npy(data: bytes, path: str) -> tuple[np.ndarray, None]:
    """The flow of an .npy file; raises ValueError for other content."""
    array = _loaded(data, path)
    if not isinstance(array, np.ndarray):
        raise ValueError("%s is not an .npy file: it holds several arrays" % path)
    return _as_flow(array, path), None


def decode_npz(data: bytes, path: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The flow of an .npz file, and its mask or None; raises ValueError for other content."""
    archive = _loaded(data, path)
    if isinstance(archive, np.ndarray):
        raise ValueError("%s is not an .npz file: it is a single array" % path)
    try:
        with damage_as_value_error():
            arrays = {name: archive[name] for name in archive.files}
    except ValueError as error:
        raise ValueError("%s is damaged (%s); copy it again" % (path, error)) from None
    valid = arrays.pop(VALID, None)
    if FLOW not in arrays and len(arrays) != 1:
        raise ValueError(
            "%s must hold an array called flow, or only one; it has %s"
            % (path, ", ".join(sorted(arrays)) or "none")
        )
    flow = _as_flow(arrays.get(FLOW, next(iter(arrays.values()))), path)
    if valid is not None and valid.shape != flow.shape[:2]:
        raise ValueError("%s has a mask of shape %s, its flow %s" % (path, valid.shape, flow.shape))
    return flow, None if valid is None else valid != 0


def decode_flo5(data: bytes, path: str) -> tuple[np.ndarray, None]:
    """The flow of an HDF5 file; raises ValueError for other content, or where h5py is missing."""
    h5py = _h5py(path)
    try:
        with damage_as_value_error(), h5py.File(io.BytesIO(data), "r") as file:
            flow = file[FLOW][()]
    except ValueError as error:
        raise ValueError(
            "%s is not an HDF5 file with a dataset called flow (%s)" % (path, error)
        ) from None
    return _as_flow(np.asarray(flow), path), None


def encode_npy(flow: np.ndarray, valid: np.ndarray | None, path: str) -> bytes:
    """An .npy file of [H, W, 2] float32; pixels that are not valid are NaN."""
    stream = io.BytesIO()
    np.save(stream, _marked(flow, valid))
    return stream.getvalue()


def encode_npz(flow: np.ndarray, valid: np.ndarray | None, path: str) -> bytes:
    """An .npz file with flow [H, W, 2] float32, and valid [H, W] bool where there is a mask."""
    stream = io.BytesIO()
    arrays: dict[str, Any] = {FLOW: _marked(flow, valid)}
    if valid is not None:
        arrays[VALID] = valid
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def encode_flo5(flow: np.ndarray, valid: np.ndarray | None, path: str) -> bytes:
    """An HDF5 file with the dataset flow; raises ValueError where h5py is missing."""
    h5py = _h5py(path)
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        settings = {"compression": "gzip", "compression_opts": COMPRESSION_LEVEL}
        file.create_dataset(FLOW, data=_marked(flow, valid), **settings)
    return stream.getvalue()


def _h5py(path: str) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ValueError(
            "%s needs the package h5py (pip install h5py), which is missing (%s)" % (path, error)
        ) from None
    return h5py


def _loaded(data: bytes, path: str) -> Any:
    try:
        with damage_as_value_error():
            return np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        raise ValueError(
            "%s is no file of NumPy's arrays, or damaged (%s)" % (path, error)
        ) from None


def _as_flow(array: np.ndarray, path: str) -> np.ndarray:
    """[H, W, 2] float32 of an array, also where the two channels come first."""
    if array.ndim == 3 and array.shape[0] == 2 != array.shape[2]:
        array = np.moveaxis(array, 0, -1)
    if array.ndim != 3 or array.shape[2] != 2 or not array.size or array.dtype.kind not in "fiu":
        raise ValueError(
            "%s must hold numbers of shape [H, W, 2], got %s of %s"
            % (path, list(array.shape), array.dtype)
        )
    return np.ascontiguousarray(array, np.float32)


def _marked(flow: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    return flow if valid is None else np.where(valid[..., np.newaxis], flow, np.float32(np.nan))
