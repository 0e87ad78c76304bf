"""Files of weights: found, listed, identified by their content."""

import hashlib
import os

import pytest

from pwcnet.weights.files import find_checkpoint, identify_weights, list_checkpoints


def test_content_counts_and_names_do_not(tmp_path):
    for name in ("a", "b"):
        (tmp_path / (name + ".index")).write_bytes(b"index")
        (tmp_path / (name + ".data-00000-of-00001")).write_bytes(b"data")
    (tmp_path / "a.pb").write_bytes(b"graph")
    first, second = (identify_weights(tmp_path / name) for name in ("a", "b"))
    assert first == {
        "path": str(tmp_path / "a"),
        "sha256": hashlib.sha256(b"indexdata").hexdigest(),
        "kind": "checkpoint",
    }
    assert first["sha256"] == second["sha256"]
    assert identify_weights(str(tmp_path / "a.pb")) == {
        "path": str(tmp_path / "a.pb"),
        "sha256": hashlib.sha256(b"graph").hexdigest(),
        "kind": "frozen",
    }
    (tmp_path / "a.npz").write_bytes(b"graph")
    assert identify_weights(tmp_path / "a.npz") == {
        "path": str(tmp_path / "a.npz"),
        "sha256": hashlib.sha256(b"graph").hexdigest(),
        "kind": "checkpoint",
    }
    (tmp_path / "b.data-00000-of-00001").write_bytes(b"other")
    assert identify_weights(tmp_path / "b")["sha256"] != first["sha256"]
    with pytest.raises(FileNotFoundError, match="absent"):
        identify_weights(tmp_path / "absent")


def test_named_by_prefix_file_or_folder(small_checkpoint):
    folder = os.path.dirname(small_checkpoint)
    for path in (
        small_checkpoint,
        small_checkpoint + ".index",
        small_checkpoint + ".data-00000-of-00001",
        folder,
    ):
        assert find_checkpoint(path) == small_checkpoint
    assert list_checkpoints(folder) == {7: small_checkpoint}


def test_missing_file(tmp_path):
    for path in (tmp_path / "pwcnet.ckpt-1", tmp_path):
        with pytest.raises(FileNotFoundError, match=str(tmp_path)):
            find_checkpoint(path)
