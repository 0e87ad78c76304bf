"""Flow in NumPy's and HDF5's files."""

import io
import sys

import numpy as np
import pytest

from pwcnet.io.flow_files import read_flow, write_flow

FLOW = np.arange(24, dtype=np.float32).reshape(3, 4, 2)


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16])
def test_channels_last_or_first_of_any_number(dtype, tmp_path):
    np.save(str(tmp_path / "a.npy"), FLOW.astype(dtype))
    np.save(str(tmp_path / "b.npy"), np.moveaxis(FLOW, -1, 0).astype(dtype))
    for name in ("a.npy", "b.npy"):
        flow, valid = read_flow(tmp_path / name)
        assert flow.dtype == np.float32 and valid.all()
        np.testing.assert_array_equal(flow, FLOW)


def test_masks_and_names_of_archives(tmp_path):
    (tmp_path / "a.npz").write_bytes(npz(flow=FLOW, valid=np.eye(3, 4), other=1))
    (tmp_path / "b.npz").write_bytes(npz(anything=FLOW))
    assert read_flow(tmp_path / "a.npz")[1].sum() == 3
    np.testing.assert_array_equal(read_flow(tmp_path / "b.npz")[0], FLOW)


@pytest.mark.parametrize(
    "name, data",
    [
        ("a.npy", b"\x93NUMPY broken"),
        ("a.npy", npy(FLOW)[:-5]),
        ("a.npy", npy(FLOW[..., :1])),
        ("a.npy", npy(np.array(["flow"]))),
        ("a.npy", npz(flow=FLOW)),
        ("a.npz", npy(FLOW)),
        ("a.npz", npz(flow=FLOW)[:-30]),
        ("a.npz", npz(first=FLOW, second=FLOW)),
        ("a.npz", npz(flow=FLOW, valid=np.ones((2, 2)))),
        ("a.npz", b""),
        ("a.flo5", b"no HDF5"),
    ],
)
def test_refusals_name_the_file(name, data, tmp_path):
    if name.endswith("5"):
        pytest.importorskip("h5py")
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError) as caught:
        read_flow(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_hdf5_as_spring_writes_it(tmp_path):
    h5py = pytest.importorskip("h5py")
    flow = FLOW.copy()
    flow[0, 0] = np.nan
    with h5py.File(str(tmp_path / "a.flo5"), "w") as file:
        file.create_dataset("flow", data=flow, compression="gzip", compression_opts=5)
    read, valid = read_flow(tmp_path / "a.flo5")
    np.testing.assert_array_equal(read, flow)
    assert valid.sum() == 11
    write_flow(tmp_path / "b.flo5", FLOW)
    with h5py.File(str(tmp_path / "b.flo5"), "r") as file:
        np.testing.assert_array_equal(file["flow"][()], FLOW)


def test_without_h5py_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ValueError, match="h5py"):
        write_flow(tmp_path / "a.flo5", FLOW)
    (tmp_path / "b.flo5").write_bytes(b"1")
    with pytest.raises(ValueError, match=r"b\.flo5.*h5py"):
        read_flow(tmp_path / "b.flo5")
