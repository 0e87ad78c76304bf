"""Writing checkpoints."""

import errno
import os

import pytest

from pwcnet.io.partial_files import is_partial
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import (
    find_checkpoint,
    identify_weights,
    list_checkpoints,
    plain_checkpoint,
    remove_checkpoint,
)
from pwcnet.weights.saving import save_checkpoint, write_checkpoint

# TensorFlow takes some for patterns, and wants UTF-8.
STRANGE_NAMES = ["run[1]", "a*b", "what?", "back\\slash", "\u00fc", os.fsdecode(b"latin-\xfc")]


def test_save_is_complete_or_absent(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("pwcnet/a", [3], initializer=tf.ones_initializer())
        saver = tf.train.Saver(max_to_keep=None)
        session.run(tf.global_variables_initializer())
        prefix = save_checkpoint(session, saver, str(tmp_path), 3)
        save_checkpoint(session, saver, str(tmp_path), 12)
    assert sorted(os.listdir(str(tmp_path))) == [
        "checkpoint",
        "pwcnet.ckpt-12.data-00000-of-00001",
        "pwcnet.ckpt-12.index",
        "pwcnet.ckpt-3.data-00000-of-00001",
        "pwcnet.ckpt-3.index",
    ]
    assert find_checkpoint(tmp_path).endswith("-12") and tf.train.latest_checkpoint(
        str(tmp_path)
    ).endswith("pwcnet.ckpt-12")
    remove_checkpoint(prefix)
    assert list(list_checkpoints(str(tmp_path))) == [12]


@pytest.mark.whole_on("tf1")
def test_an_exported_checkpoint_appears_last(small_checkpoint, tmp_path, monkeypatch):
    """A call that is killed before leaves a folder that the next one fills."""
    folder, replace, names = tmp_path / "out", os.replace, []

    def noted(source, target):
        if not is_partial(target):
            names.append(os.path.basename(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", noted)
    write_checkpoint(str(folder), Checkpoint(small_checkpoint))
    assert names == ["checkpoint", "pwcnet.ckpt-7.data-00000-of-00001", "pwcnet.ckpt-7.index"]
    (folder / "pwcnet.ckpt-7.index").unlink()
    write_checkpoint(str(folder), Checkpoint(small_checkpoint))
    assert sorted(os.listdir(str(folder))) == sorted(set(names))


def test_a_refused_folder_is_rid_of_what_was_left_there(small_checkpoint, tmp_path, monkeypatch):
    cleared = []
    monkeypatch.setattr("pwcnet.weights.saving.remove_abandoned", cleared.append)
    (tmp_path / "pwcnet.ckpt-7.index").write_text("")
    with pytest.raises(FileExistsError) as caught:
        write_checkpoint(str(tmp_path), Checkpoint(small_checkpoint))
    assert str(tmp_path) in str(caught.value) and cleared == [str(tmp_path)]


def test_data_without_an_index_does_not_stay(tmp_path, monkeypatch):
    replace = os.replace

    def full(source, target):
        if str(target).endswith(".index"):
            raise OSError(errno.ENOSPC, "No space left on device", source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("pwcnet/a", [3], initializer=tf.ones_initializer())
        session.run(tf.global_variables_initializer())
        with pytest.raises(OSError) as caught:
            save_checkpoint(session, tf.train.Saver(), str(tmp_path), 3)
    assert caught.value.filename == str(tmp_path / "pwcnet.ckpt-3")
    assert not os.listdir(str(tmp_path))


@pytest.mark.parametrize("name", STRANGE_NAMES, ids=ascii)
def test_a_checkpoint_in_any_folder_is_saved_and_read(name, tmp_path):
    folder = str(tmp_path / name)
    with tf.Graph().as_default(), tf.Session() as session:
        variable = tf.get_variable("pwcnet/a", [3], initializer=tf.ones_initializer())
        saver = tf.train.Saver(max_to_keep=None)
        session.run(tf.global_variables_initializer())
        prefix = save_checkpoint(session, saver, folder, 3)
        session.run(tf.assign(variable, [0.0, 0.0, 0.0]))
        with plain_checkpoint(find_checkpoint(folder)) as plain:
            saver.restore(session, plain)
            assert tf.train.NewCheckpointReader(plain).get_tensor("pwcnet/a").tolist() == [1, 1, 1]
        assert session.run(variable).tolist() == [1, 1, 1]
    assert prefix == os.path.join(folder, "pwcnet.ckpt-3")
    assert len(identify_weights(prefix)["sha256"]) == 64


@pytest.mark.parametrize("name", STRANGE_NAMES, ids=ascii)
def test_the_network_of_a_checkpoint_in_any_folder(name, small_checkpoint, tmp_path):
    prefix = write_checkpoint(str(tmp_path / name), Checkpoint(small_checkpoint))
    read = Checkpoint(prefix)
    read.check_readable()
    assert read.step == 7
    with pytest.raises(ValueError) as caught:  # the error has the user's path, not the link's
        read.weight("pwcnet/none", [1])
    assert prefix in str(caught.value)
