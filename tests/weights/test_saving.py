"""Writing checkpoints."""

import os

from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.files import find_checkpoint, list_checkpoints, remove_checkpoint
from pwcnet.weights.saving import save_checkpoint


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
