"""Flow in HDF5 files."""

import sys

import numpy as np
import pytest

from pwcnet.io.flo5 import read_flo5

h5py = pytest.importorskip("h5py")


def write(path, name, values):
    with h5py.File(str(path), "w") as file:
        file.create_dataset(name, data=values, compression="gzip")
    return str(path)


def test_unknown_flow_is_not_valid(tmp_path):
    values = np.arange(24, dtype=np.float32).reshape(3, 4, 2)
    values[0, 0, 1] = np.nan
    flow, valid = read_flo5(write(tmp_path / "a.flo5", "flow", values))
    assert flow.dtype == np.float32
    np.testing.assert_array_equal(flow, values)
    assert valid.sum() == 11 and not valid[0, 0]


def test_other_files_are_named(tmp_path, monkeypatch):
    path = tmp_path / "a.flo5"
    with pytest.raises(FileNotFoundError, match=str(path)):
        read_flo5(str(path))
    path.write_bytes(b"PIEH")
    with pytest.raises(ValueError, match=str(path)):
        read_flo5(str(path))
    for name, values in (("disparity", np.zeros((2, 2))), ("flow", np.zeros((2, 2)))):
        with pytest.raises(ValueError, match=str(path)):
            read_flo5(write(path, name, values))
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ValueError, match="%s .*h5py" % path):
        read_flo5(str(path))
