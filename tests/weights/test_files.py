"""Files of weights: found, listed, identified by their content."""

import hashlib
import os
from pathlib import Path

import pytest

from pwcnet.weights import files
from pwcnet.weights.files import (
    AmbiguousCheckpointError,
    find_checkpoint,
    identify_weights,
    list_checkpoints,
    ranked_steps,
    read_scores,
    shipped_weights,
)


def write(folder, *names):
    """Indexes of checkpoints by these names; their prefixes."""
    for name in names:
        (folder / (name + ".index")).write_bytes(b"")
    return [str(folder / name) for name in names]


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


def test_shipped_weights_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small").mkdir()
    assert find_checkpoint("small") == shipped_weights() == files.SHIPPED
    with pytest.raises(FileNotFoundError, match="./small"):  # a folder without checkpoints
        find_checkpoint("./small")
    with pytest.raises(FileNotFoundError, match="small"):  # a place too: it is the same as ./small
        find_checkpoint(Path("./small"))
    monkeypatch.setattr(files, "SHIPPED_LARGE", str(tmp_path / "absent.npz"))
    with pytest.raises(FileNotFoundError, match="absent.npz"):
        find_checkpoint("large")
    with pytest.raises(ValueError, match="'huge'"):
        shipped_weights("huge")


def test_the_best_by_the_scores_of_a_folder(tmp_path):
    first, second, third = write(tmp_path, "pwcnet.ckpt-8", "pwcnet.ckpt-9", "pwcnet.ckpt-10")
    assert find_checkpoint(tmp_path) == third
    scores = tmp_path / "best.json"
    scores.write_text('{"7": 1.0, "8": 3.0, "9": 2.0, "10": NaN}')  # 7 has been removed
    assert find_checkpoint(tmp_path) == find_checkpoint(tmp_path / "checkpoint") == second
    assert ranked_steps(read_scores(tmp_path)) == [7, 9, 8, 10]
    assert ranked_steps({1: float("nan"), 2: 3.0, 3: 2.0, 4: 3.0}) == [3, 2, 4, 1]
    scores.write_text('{"7": 1.0}')
    assert find_checkpoint(tmp_path) == third
    for damaged in ("{", "[1]", '{"8": null}'):
        scores.write_text(damaged)
        with pytest.raises(ValueError, match=str(scores)):
            find_checkpoint(tmp_path)


def test_a_checkpoint_without_a_step(tmp_path):
    (prefix,) = write(tmp_path, "model.ckpt")
    assert find_checkpoint(tmp_path) == find_checkpoint(str(tmp_path) + "/checkpoint") == prefix
    assert list_checkpoints(tmp_path) == {}
    write(tmp_path, "other.ckpt")
    with pytest.raises(AmbiguousCheckpointError, match="model.ckpt .*other.ckpt"):
        find_checkpoint(tmp_path)
    (numbered,) = write(tmp_path, "pwcnet.ckpt-3")
    assert find_checkpoint(tmp_path) == numbered


def test_the_state_file_means_its_folder(tmp_path, monkeypatch):
    write(tmp_path, "pwcnet.ckpt-3")
    monkeypatch.chdir(tmp_path)
    assert find_checkpoint("checkpoint") == os.path.join(".", "pwcnet.ckpt-3")
    write(tmp_path, "checkpoint")
    assert find_checkpoint("checkpoint") == "checkpoint"
    (tmp_path / "of" / "checkpoint").mkdir(parents=True)
    (prefix,) = write(tmp_path / "of" / "checkpoint", "pwcnet.ckpt-4")
    assert find_checkpoint(tmp_path / "of" / "checkpoint") == prefix


def test_two_checkpoints_of_one_step(tmp_path):
    mine, usual = write(tmp_path, "mine.ckpt-7", "pwcnet.ckpt-7")
    assert list_checkpoints(tmp_path) == {7: usual}
    with pytest.raises(AmbiguousCheckpointError, match="%s and %s" % (usual, mine)):
        find_checkpoint(tmp_path)
    write(tmp_path, "pwcnet.ckpt-8")
    assert find_checkpoint(tmp_path).endswith("-8")


def test_missing_file(tmp_path):
    for path in (tmp_path / "pwcnet.ckpt-1", tmp_path):
        with pytest.raises(FileNotFoundError, match=str(tmp_path)):
            find_checkpoint(path)
