"""What the tests of several workers run in each of them: `worker_program.py TASK FOLDER`.

Results go to FOLDER/<rank>.json.
"""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from pwcnet.cli.common import load_tensorflow, run

SAMPLES, STEPS = 4, 5


def sums(workers, folder):
    """Means, averaged gradients and broadcast variables of a tiny graph."""
    from pwcnet.runtime.tensorflow import tf

    value = float(workers.rank + 1)
    number = tf.get_variable("number", initializer=tf.constant(workers.rank + 7, tf.int64))
    weight = tf.get_variable("weight", initializer=tf.fill([2, 3], value))
    unused = tf.get_variable("unused", initializer=value)
    gradients = [(weight * value, weight), (None, unused), (tf.constant(value), unused)]
    averaged, also = workers.average_gradients(gradients, [tf.constant(10 * value)])
    mean = workers.mean([tf.fill([2, 2], value)])
    synchronize = workers.broadcast([number, weight])
    with workers.session() as session:
        session.run(tf.global_variables_initializer())
        first = session.run([[gradient for gradient, _ in averaged], also, mean])
        session.run(synchronize)
        after = session.run([number, weight, unused])
    return {
        "size": workers.size,
        "names": [variable.op.name for _, variable in averaged],
        "first": _lists(first),
        "after": _lists(after),
    }


def training(workers, folder):
    """Losses of a few steps of a network, each worker on its share of the same samples."""
    import numpy as np

    from pwcnet.model.config import ModelConfig
    from pwcnet.runtime.tensorflow import tf
    from pwcnet.training.losses import loss_multiscale, weight_decay
    from pwcnet.training.optimizers import make_optimizer
    from tests.helpers.training import light_network

    random = np.random.RandomState(0)
    pairs, truths = (
        random.rand(SAMPLES, 2, 64, 64, 3).astype(np.float32),
        random.randn(SAMPLES, 64, 64, 2).astype(np.float32),
    )
    mine = slice(workers.rank, None, workers.size)
    tf.set_random_seed(workers.rank)  # only the broadcast makes them start alike
    _, pyramid = light_network(tf.constant(pairs[mine]), ModelConfig.small())
    loss = tf.add_n(
        list(
            loss_multiscale(
                pyramid,
                tf.constant(truths[mine]),
                tf.ones([SAMPLES // workers.size, 64, 64], tf.bool),
            ).values()
        )
    )
    loss += weight_decay(tf.trainable_variables())
    optimizer = make_optimizer("adam", tf.constant(1e-4))
    averaged, (mean_loss,) = workers.average_gradients(
        optimizer.compute_gradients(loss, tf.trainable_variables()), [loss]
    )
    with tf.control_dependencies([mean_loss]):
        train_op = optimizer.apply_gradients(averaged)
    synchronize = workers.broadcast(tf.global_variables())
    with workers.session() as session:
        session.run(tf.global_variables_initializer())
        session.run(synchronize)
        losses = [float(session.run([mean_loss, train_op])[0]) for _ in range(STEPS)]
        return {"losses": losses}


def killed(workers, folder):
    """The last worker is killed while the leader waits for it.

    The leader reads a variable afterwards, as for saving it.
    """
    from pwcnet.runtime.tensorflow import cause, tf

    weight = tf.get_variable("weight", initializer=float(workers.rank))
    mean = workers.mean([weight])[0]
    advance = tf.assign_add(weight, mean + 1.0)
    with workers.session() as session:
        session.run(tf.global_variables_initializer())
        session.run(advance)
        if workers.rank == workers.size - 1:
            time.sleep(1)
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            session.run(advance)
        except tf.errors.OpError as error:
            _write(
                folder, workers.rank, {"saved": float(session.run(weight)), "cause": cause(error)}
            )
            raise ValueError("step 2 failed: %s" % cause(error))


def _lists(arrays):
    return [_lists(each) if isinstance(each, list) else each.tolist() for each in arrays]


def _write(folder, rank, result):
    with open(os.path.join(folder, "%d.json" % rank), "w") as stream:
        json.dump(result, stream)


def main(argv, prog):
    task, folder = argv
    load_tensorflow()
    from pwcnet.distributed.engines import open_workers
    from pwcnet.runtime.devices import session_config
    from pwcnet.runtime.tensorflow import tf

    with open_workers(session_config(threads=1)) as workers, tf.Graph().as_default():
        _write(folder, workers.rank, globals()[task](workers, folder))


if __name__ == "__main__":
    run(main)
