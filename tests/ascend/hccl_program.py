"""What the tests of HCCL run in each of two workers: `hccl_program.py TASK FOLDER`.

Results go to FOLDER/<rank>.json.
"""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from pwcnet.cli.common import load_tensorflow, run

SAMPLES, STEPS = 4, 3


def training(workers, loss_scale=None):
    """Losses and last weight of a tiny model, each worker on its share of the same samples."""
    import numpy as np

    from pwcnet.ascend.optimizer import loss_scale_optimizer
    from pwcnet.runtime.tensorflow import tf

    random = np.random.RandomState(0)
    x, y = random.randn(SAMPLES, 3).astype(np.float32), random.randn(SAMPLES).astype(np.float32)
    mine = slice(workers.rank, None, workers.size)
    step = tf.train.get_or_create_global_step()
    weight = tf.get_variable(
        "weight", initializer=tf.fill([3], float(workers.rank + 1))
    )  # only the broadcast makes them start alike
    loss = tf.reduce_mean(tf.square(tf.reduce_sum(x[mine] * weight, axis=1) - y[mine]))
    optimizer = workers.wrap(tf.train.AdamOptimizer(0.1))
    if loss_scale:
        optimizer = loss_scale_optimizer(optimizer, loss_scale, distributed=workers.size > 1)
    gradients, (shown,) = workers.average_gradients(
        optimizer.compute_gradients(loss, [weight]), [loss]
    )
    train_op = optimizer.apply_gradients(gradients, global_step=step)
    synchronize = workers.broadcast(tf.global_variables())
    with workers.session() as session:
        session.run(tf.global_variables_initializer())
        session.run(synchronize)
        losses = [float(session.run([shown, train_op])[0]) for _ in range(STEPS)]
        return {
            "losses": losses,
            "weight": session.run(weight).tolist(),
            "step": int(session.run(step)),
        }


def scaled(workers):
    return training(workers, loss_scale=1024)


def dies(workers):
    if workers.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(30)


def main(argv, prog):
    task, folder = argv
    load_tensorflow()
    from pwcnet.ascend.hccl import HcclWorkers
    from pwcnet.ascend.session import device_session_config
    from pwcnet.distributed.engines import open_workers, register_engine
    from pwcnet.runtime.tensorflow import tf

    register_engine("hccl", HcclWorkers)
    with open_workers(device_session_config("npu", 1)) as workers, tf.Graph().as_default():
        result = dict(globals()[task](workers), engine=type(workers).__name__, size=workers.size)
    import npu_bridge

    result["calls"] = [call for call in npu_bridge.CALLS if call[0] != "exchange"]
    with open(os.path.join(folder, "%d.json" % int(os.environ["RANK_ID"])), "w") as stream:
        json.dump(result, stream)


if __name__ == "__main__":
    run(main)
