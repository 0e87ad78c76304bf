"""What was extracted is read again, pair by pair, whatever it was saved as."""

import numpy as np
import pytest

import pwcnet
from pwcnet.archive.options import ExtractOptions
from pwcnet.archive.reader import map_arrays
from tests.archive.test_job import extract
from tests.helpers.archives import dis_flows, write_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("archive"))


@pytest.mark.parametrize("save, tolerance", [("npz", 0.02), ("flo", 0), ("xy-jpg", 1)])
def test_items(archive, tmp_path, save, tolerance):
    options = ExtractOptions(save=(save,), classical="dis", backward=True, occlusion=True)
    extract(archive, tmp_path, options)
    flows = pwcnet.open_flow(tmp_path)
    assert list(flows) == ["a/x", "a/y", "b/z"]
    item = flows["a/y"]
    expected = dis_flows(item.path)
    assert len(item) == len(item.flow) == 8
    assert item.flow[-1].dtype == np.float32
    np.testing.assert_allclose(np.asarray(item.flow), expected, atol=tolerance)
    np.testing.assert_allclose(item.flow[2:4], expected[2:4], atol=tolerance)
    assert item.frames.tolist() == [[n, n + 1] for n in range(1, 9)]
    np.testing.assert_allclose(item.times[:, 1] - item.times[:, 0], 0.1, atol=1e-6)
    assert item.backward[0].shape == (48, 64, 2) and item.occlusion[0].shape == (48, 64)
    with pytest.raises(IndexError):
        item.flow[8]
    assert item.flow.shape == (8, 48, 64, 2) and item.flow.dtype == np.float32
    np.testing.assert_array_equal(item.flow[[5, 0]], np.stack([item.flow[5], item.flow[0]]))


def test_clips_and_dataset(archive, tmp_path):
    from pwcnet.runtime.tensorflow import tf

    extract(archive, tmp_path, ExtractOptions(save=("npz",), classical="dis", dtype="float32"))
    flows = pwcnet.open_flow(tmp_path)
    clips = list(flows.clips(3, stride=2))
    assert [name for name, _ in clips] == ["a/x"] * 2 + ["a/y"] * 3 + ["b/z"]
    np.testing.assert_array_equal(clips[1][1], flows["a/x"].flow[2:5])
    with tf.Graph().as_default(), tf.Session() as session:
        batch = tf.data.make_one_shot_iterator(flows.dataset(3, stride=2).batch(6)).get_next()
        names, stacks = session.run(batch)
    assert names.tolist() == [name.encode() for name, _ in clips]
    np.testing.assert_array_equal(stacks, [stack for _, stack in clips])


def test_folders_without_a_manifest(tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        pwcnet.open_flow(tmp_path)


def test_arrays_are_those_of_numpy(tmp_path):
    arrays = {"a": np.arange(6).reshape(2, 3), "b": np.zeros((0, 4)), "c": np.ones(3, bool)}
    np.savez(str(tmp_path / "a.npz"), **arrays)
    mapped = map_arrays(str(tmp_path / "a.npz"))
    assert set(mapped) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(mapped[name], array)
    np.savez_compressed(str(tmp_path / "b.npz"), **arrays)
    with pytest.raises(ValueError, match="b.npz"):
        map_arrays(str(tmp_path / "b.npz"))
