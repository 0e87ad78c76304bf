"""Weights in .npz files: written, read, and turned into checkpoints."""

import os

import numpy as np
import pytest

from pwcnet.inference.predictor import Predictor
from pwcnet.weights.archive import write_archive
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.saving import write_checkpoint
from pwcnet.weights.variables import variable_shapes
from tests.helpers.checkpoints import write_checkpoint as write_training_checkpoint
from tests.helpers.golden import golden_weights


@pytest.fixture(scope="module")
def archive(small_checkpoint, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("weights") / "small.npz")
    write_archive(path, Checkpoint(small_checkpoint))
    return path


@pytest.mark.whole_on("tf2")
def test_an_archive_is_the_checkpoint_in_float16(archive, small_checkpoint):
    kept, original = Checkpoint(archive), Checkpoint(small_checkpoint)
    assert (
        kept.config == original.config
        and kept.step == original.step == 7
        and os.path.getsize(archive) < 12e6
    )
    for name, shape in variable_shapes(original.config).items():
        weight = kept.weight(name, shape)
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(
            weight, original.weight(name, shape).astype(np.float16).astype(np.float32)
        )
    assert not kept.inspect().missing and kept.inspect().parameters == 4705064


@pytest.mark.whole_on("tf2")
def test_and_back(archive, tmp_path):
    prefix = write_checkpoint(str(tmp_path / "back"), Checkpoint(archive))
    assert prefix.endswith("pwcnet.ckpt-7")
    with pytest.raises(FileExistsError, match="back"):  # it may be a run's
        write_checkpoint(str(tmp_path / "back"), Checkpoint(archive))
    frames = np.random.RandomState(0).randint(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    flows = []
    assert Checkpoint(str(tmp_path / "back")).path == Checkpoint(prefix).path
    for path in (archive, prefix):
        with Predictor(path, quality="plain") as predictor:
            flows.append(predictor.flow(*frames))
    np.testing.assert_array_equal(flows[0], flows[1])


def test_wrong_files(small_checkpoint, tmp_path):
    (tmp_path / "junk.npz").write_bytes(b"junk")
    with pytest.raises(ValueError, match="junk.npz"):
        Checkpoint(str(tmp_path / "junk.npz"))
    with pytest.raises(FileNotFoundError, match="absent.npz"):
        Checkpoint(str(tmp_path / "absent.npz"))
    np.savez(str(tmp_path / "other.npz"), a=np.zeros(3))
    with open(str(tmp_path / "array.npz"), "wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(ValueError, match="array.npz"):
        Checkpoint(str(tmp_path / "array.npz"))
    with pytest.raises(ValueError, match="other.npz"):
        Checkpoint(str(tmp_path / "other.npz"))
    with pytest.raises(ValueError, match="x.zip"):
        write_archive(str(tmp_path / "x.zip"), Checkpoint(small_checkpoint))


def test_a_truncated_archive_is_named(archive, tmp_path):
    with open(archive, "rb") as stream:
        data = stream.read()
    (tmp_path / "half.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="half.npz"):
        Checkpoint(str(tmp_path / "half.npz"))
    broken = bytearray(data)
    broken[len(data) // 2] ^= 255
    (tmp_path / "broken.npz").write_bytes(bytes(broken))
    with pytest.raises(ValueError, match="broken.npz"):
        Checkpoint(str(tmp_path / "broken.npz")).check_readable()


def test_weights_that_float16_does_not_hold(tmp_path):
    weights = golden_weights("sm", 0)
    weights["pwcnet/featpyr/conv1a/bias"][0] = 1e6
    path = write_training_checkpoint(tmp_path, weights)
    with pytest.raises(ValueError, match="conv1a/bias"):
        write_archive(str(tmp_path / "x.npz"), Checkpoint(path))
    assert not os.path.exists(str(tmp_path / "x.npz"))
