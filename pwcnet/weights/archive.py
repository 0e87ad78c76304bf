"""Weights alone, without a training run's state: as .npz files, as the project ships them, and as checkpoints."""

import io

import numpy as np

from pwcnet.io.atomic import write_bytes
from pwcnet.model.config import SIZE_MULTIPLE
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import ARCHIVE, list_checkpoints, save_checkpoint, variable_shapes


def write_archive(path, checkpoint):
    """Writes the network's weights as float16 into an .npz file, completely or not at all: half the size, and no TensorFlow to read them.

    checkpoint: an open pwcnet.weights.checkpoint.Checkpoint. The names are those of the checkpoint's variables, beside them `global_step` where it is known.
    Raises ValueError for another ending, and for a weight that float16 does not hold.
    """
    if not path.endswith(ARCHIVE):
        raise ValueError(
            "expected a name ending in %s, got %s; try %s%s" % (ARCHIVE, path, path, ARCHIVE)
        )
    arrays = {}
    for name, shape in variable_shapes(checkpoint.config).items():
        weight = checkpoint.weight(name, shape)
        if not np.abs(weight).max() <= np.finfo(np.float16).max:
            raise ValueError(
                "expected finite weights of at most %g, got others in %s of %s; try an earlier checkpoint"
                % (np.finfo(np.float16).max, name, checkpoint.path)
            )
        arrays[name] = weight.astype(np.float16)
    if checkpoint.step is not None:
        arrays["global_step"] = np.int64(checkpoint.step)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_bytes(path, content.getvalue())


def write_checkpoint(folder, checkpoint):
    """Writes the network's weights and the step alone as `folder/pwcnet.ckpt-<step>`; returns the prefix. A step that is not known is 0.

    checkpoint: an open pwcnet.weights.checkpoint.Checkpoint, of an .npz file too. Raises ValueError for a weight that is missing, OSError for a folder that is full,
    FileExistsError for one that holds a checkpoint, which may be a training run's, with more in it than weights.
    """
    step = checkpoint.step or 0
    if list_checkpoints(folder):
        raise FileExistsError(
            "expected a folder without checkpoints, got %s, which holds some; try another --output"
            % folder
        )
    with tf.Graph().as_default(), tf.Session() as session:
        pwc_net(tf.zeros([1, 2, SIZE_MULTIPLE, SIZE_MULTIPLE, 3]), checkpoint.config)
        tf.get_variable("global_step", initializer=np.int64(step), trainable=False)
        session.run(tf.global_variables_initializer())
        checkpoint.restore(session, tf.trainable_variables())
        return save_checkpoint(session, tf.train.Saver(tf.global_variables()), folder, step)
