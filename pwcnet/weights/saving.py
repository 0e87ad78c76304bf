"""Writing checkpoints: completely or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from typing import Iterator, Mapping

import numpy as np

from pwcnet.io.atomic import os_errors_naming, sync_file, sync_folder, write_text
from pwcnet.io.folder_lock import folder_locked
from pwcnet.io.names import plain_path
from pwcnet.io.partial_files import partial_prefix, remove_abandoned
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import CHECKPOINT_NAME, LOCK_FILE, STATE_FILE, list_checkpoints
from pwcnet.weights.variables import variable_shapes


def save_checkpoint(
    session: tf.Session, saver: tf.train.Saver, folder: str, step: int, state_first: bool = False
) -> str:
    """Writes `folder/pwcnet.ckpt-<step>` and names it in `folder/checkpoint`.

    The checkpoint is complete or absent: its index comes last, and without an index it exists for
    no reader.

    Args:
        session: The session that holds the variables.
        saver: Of the variables to write.
        folder: Created if it does not exist.
        step: The training step.
        state_first: The file `checkpoint` appears before the checkpoint that it names, which is
            then the last; otherwise it never names one that does not exist yet.

    Returns:
        The checkpoint's prefix.

    Raises:
        OSError: The folder is full or not writable.
    """
    prefix = os.path.join(folder, "%s-%d" % (CHECKPOINT_NAME, step))
    state = 'model_checkpoint_path: "%s"\n' % os.path.basename(prefix)
    _save_files(session, saver, prefix, state if state_first else None)
    if not state_first:
        write_text(os.path.join(folder, STATE_FILE), state)
    return prefix


def _save_files(
    session: tf.Session, saver: tf.train.Saver, prefix: str, state: str | None = None
) -> None:
    """Writes the files of a checkpoint: `checkpoint` with this state, data, the index last."""
    folder = os.path.dirname(prefix) or os.curdir
    os.makedirs(folder, exist_ok=True)
    remove_abandoned(folder)
    with os_errors_naming(prefix):
        scratch = tempfile.mkdtemp(prefix=partial_prefix(), dir=folder)
    try:
        with plain_path(scratch) as plain:
            saver.save(
                session,
                os.path.join(plain, os.path.basename(prefix)),
                write_meta_graph=False,
                write_state=False,
            )
        with os_errors_naming(prefix):
            if state is not None:
                write_text(os.path.join(scratch, STATE_FILE), state)
            _move_checkpoint(scratch, folder)
    except tf.errors.OpError as error:
        raise OSError(
            "%s cannot be written (%s); free some space or choose another folder"
            % (prefix, cause(error).split("; ")[-1])  # without the temporary name
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _move_checkpoint(scratch: str, folder: str) -> None:
    """Moves the files of a checkpoint; where its index cannot follow, its data does not stay."""
    moved: list[str] = []
    try:
        for name in sorted(os.listdir(scratch)):  # "checkpoint", ".data-...", ".index"
            with open(os.path.join(scratch, name), "rb") as stream:
                sync_file(stream.fileno())
            target = os.path.join(folder, name)
            if not os.path.exists(target):
                moved.append(target)
            os.replace(os.path.join(scratch, name), target)
            sync_folder(folder)
    except OSError:
        for target in moved:
            with suppress(OSError):
                os.remove(target)
        raise


def write_checkpoint(folder: str, checkpoint: Checkpoint) -> str:
    """Writes the network's weights and the step alone as `folder/pwcnet.ckpt-<step>`.

    Args:
        folder: Must hold no checkpoint: it may be a training run's, with more in it than weights.
        checkpoint: An open checkpoint or archive; a step that is not known is written as 0.

    Returns:
        The prefix of the new checkpoint.

    Raises:
        FileExistsError: The folder holds a checkpoint.
        BlockingIOError: Another program is writing checkpoints to the folder.
        ValueError: A weight is missing.
        OSError: The folder is full or not writable.
    """
    with folder_locked(folder, LOCK_FILE, "program"):
        remove_abandoned(folder)
        if list_checkpoints(folder):
            raise FileExistsError("The folder %s holds checkpoints already" % folder)
        return _write_weights(folder, checkpoint)


def _write_weights(folder: str, checkpoint: Checkpoint) -> str:
    shapes, step = variable_shapes(checkpoint.config), checkpoint.step or 0
    weights = {name: checkpoint.weight(name, shape) for name, shape in shapes.items()}
    with _session_with(weights, step) as (session, saver):
        return save_checkpoint(session, saver, folder, step, state_first=True)


def save_weights(prefix: str, weights: Mapping[str, np.ndarray], step: int = 0) -> str:
    """Writes weights that are arrays, and the step, as a checkpoint of any name.

    Args:
        prefix: Of the files; a checkpoint of this name is replaced, and its folder is created where
            it is missing.
        weights: {name: array}.
        step: The training step.

    Returns:
        The prefix.

    Raises:
        OSError: The folder is full or not writable.
    """
    with _session_with(weights, step) as (session, saver):
        _save_files(session, saver, prefix)
    return prefix


@contextmanager
def _session_with(
    weights: Mapping[str, np.ndarray], step: int
) -> Iterator[tuple[tf.Session, tf.train.Saver]]:
    """A session whose variables are these weights and the step, and their Saver."""
    values = dict(weights, global_step=np.array(step, np.int64))
    with tf.Graph().as_default(), tf.Session() as session:
        fed = {tf.placeholder(value.dtype, value.shape): value for value in values.values()}
        variables = [
            tf.get_variable(name, initializer=placeholder) for name, placeholder in zip(values, fed)
        ]
        session.run(tf.global_variables_initializer(), fed)
        yield session, tf.train.Saver(variables)
