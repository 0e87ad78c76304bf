"""What was extracted is read again, pair by pair, whatever it was saved as."""

import pickle

import numpy as np
import pytest

import pwcnet
from pwcnet.archive.lazy_arrays import map_arrays
from pwcnet.archive.options import ExtractOptions
from pwcnet.io.images import write_image
from tests.archive.test_job import extract
from tests.helpers.archives import dis_flows, write_archive
from tests.helpers.frames import moving_frames


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


@pytest.mark.parametrize("save", ["npz", "flo"])
def test_stacks_of_no_pairs(archive, tmp_path, save):
    extract(archive, tmp_path / "out", ExtractOptions(save=(save,), classical="dis"))
    assert pwcnet.open_flow(tmp_path / "out")["a/x"].flow[3:3].shape[0] == 0
    for number, frame in enumerate(moving_frames(3, 16, 16)):
        write_image(str(tmp_path / "in" / "seq" / ("%d.png" % number)), frame)
    (tmp_path / "in" / "seq" / "1.png").write_bytes(b"")
    skipping = ExtractOptions(save=(save,), classical="dis", skip_bad=True, occlusion=True)
    extract(tmp_path / "in", tmp_path / "none", skipping)
    flows = pwcnet.open_flow(tmp_path / "none")
    item = flows["seq"]
    assert len(item) == 0 and item.frames.shape == item.times.shape == (0, 2)
    if save == "npz":  # of files there is none that says so
        assert np.asarray(item.occlusion).size == 0
    assert np.asarray(item.flow).shape == item.flow.shape == (0, 0, 0, 2)
    assert list(flows.clips(2)) == []


@pytest.mark.parametrize("pair_rows", [False, True])
def test_statistics_alone_have_no_flow(archive, tmp_path, pair_rows):
    options = ExtractOptions(save=("motion",), classical="dis", pair_rows=pair_rows)
    extract(archive, tmp_path, options)
    item = pwcnet.open_flow(tmp_path)["a/x"]
    assert item.motion["pairs"] == 5 and item.backward is None
    for name in ("flow", "frames", "times"):
        with pytest.raises(ValueError, match="a/x"):
            getattr(item, name)


def test_items_are_sent_to_other_processes_without_their_arrays(archive, tmp_path):
    extract(archive, tmp_path, ExtractOptions(save=("npz",), classical="dis"))
    item = pwcnet.open_flow(tmp_path)["a/y"]
    flow = item.flow[0]
    sent = pickle.dumps(item)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).flow[0], flow)
