"""Writing checkpoints: completely or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Mapping

import numpy as np

from pwcnet.io.atomic import sync_file, sync_folder, write_text
from pwcnet.io.names import plain_path
from pwcnet.model.config import SIZE_MULTIPLE
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import CHECKPOINT_NAME, list_checkpoints


def save_checkpoint(session: tf.Session, saver: tf.train.Saver, folder: str, step: int) -> str:
    """Writes `folder/pwcnet.ckpt-<step>` and names it in `folder/checkpoint`.

    The checkpoint is complete or absent: its index comes last, and without an index it exists for
    no reader.

    Args:
        session: The session that holds the variables.
        saver: Of the variables to write.
        folder: Created if it does not exist.
        step: The training step.

    Returns:
        The checkpoint's prefix.

    Raises:
        OSError: The folder is full or not writable.
    """
    prefix = os.path.join(folder, "%s-%d" % (CHECKPOINT_NAME, step))
    _save_files(session, saver, prefix)
    write_text(
        os.path.join(folder, "checkpoint"),
        'model_checkpoint_path: "%s"\n' % os.path.basename(prefix),
    )
    return prefix


def _save_files(session: tf.Session, saver: tf.train.Saver, prefix: str) -> None:
    """Writes the files of a checkpoint, the index last."""
    folder = os.path.dirname(prefix) or os.curdir
    os.makedirs(folder, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix=".partial-", dir=folder)
    try:
        with plain_path(scratch) as plain:
            saver.save(
                session,
                os.path.join(plain, os.path.basename(prefix)),
                write_meta_graph=False,
                write_state=False,
            )
        for name in sorted(os.listdir(scratch)):  # ".data-..." before ".index"
            with open(os.path.join(scratch, name), "rb") as stream:
                sync_file(stream.fileno())
            os.replace(os.path.join(scratch, name), os.path.join(folder, name))
            sync_folder(folder)
    except tf.errors.OpError as error:
        raise OSError(
            "%s cannot be written (%s); free some space or choose another folder"
            % (prefix, cause(error))
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_checkpoint(folder: str, checkpoint: Checkpoint) -> str:
    """Writes the network's weights and the step alone as `folder/pwcnet.ckpt-<step>`.

    Args:
        folder: Must hold no checkpoint: it may be a training run's, with more in it than weights.
        checkpoint: An open checkpoint or archive; a step that is not known is written as 0.

    Returns:
        The prefix of the new checkpoint.

    Raises:
        FileExistsError: The folder holds a checkpoint.
        ValueError: A weight is missing.
        OSError: The folder is full or not writable.
    """
    step = checkpoint.step or 0
    if list_checkpoints(folder):
        raise FileExistsError("The folder %s holds checkpoints already" % folder)
    with tf.Graph().as_default(), tf.Session() as session:
        pwc_net(tf.zeros([1, 2, SIZE_MULTIPLE, SIZE_MULTIPLE, 3]), checkpoint.config)
        tf.get_variable("global_step", initializer=np.int64(step), trainable=False)
        session.run(tf.global_variables_initializer())
        checkpoint.restore(session, tf.trainable_variables())
        return save_checkpoint(session, tf.train.Saver(tf.global_variables()), folder, step)


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
    with tf.Graph().as_default(), tf.Session() as session:
        values = dict(weights, global_step=np.int64(step))
        fed = {tf.placeholder(np.asarray(v).dtype, np.shape(v)): v for v in values.values()}
        variables = [tf.get_variable(name, initializer=p) for name, p in zip(values, fed)]
        session.run(tf.global_variables_initializer(), fed)
        _save_files(session, tf.train.Saver(variables), prefix)
    return prefix
