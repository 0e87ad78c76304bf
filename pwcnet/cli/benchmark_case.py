"""One case of scripts/benchmark.py in a process of its own: prepares, says what it is, then runs once for each line it reads."""

import json
import logging
import os
import resource
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from pwcnet.cli.common import load_tensorflow


class Settings:
    """What scripts/benchmark.py passes."""

    def __init__(self, text):
        for name, value in json.loads(text).items():
            setattr(self, name, value)


def main(settings):
    started = time.time()
    load_tensorflow()
    from pwcnet.runtime.tensorflow import TF_RELEASE, tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default():
        once, about = CASES[settings.case](settings, folder)
        once()
        print(
            json.dumps(dict(about, tensorflow=TF_RELEASE, preparation=time.time() - started)),
            flush=True,
        )
        for _ in sys.stdin:
            started = time.perf_counter()
            count = once() or 1
            seconds = (time.perf_counter() - started) / count
            who = resource.RUSAGE_CHILDREN if settings.case == "startup" else resource.RUSAGE_SELF
            print(
                json.dumps(
                    {"seconds": seconds, "peak_mib": resource.getrusage(who).ru_maxrss / 1024}
                ),
                flush=True,
            )


def plain_inference(settings, folder):
    from pwcnet.model.plain_network import pwc_net
    from pwcnet.runtime.tensorflow import tf

    session, x = _session(settings), _pairs(settings)
    pair = tf.placeholder(tf.float32, [None, 2, None, None, 3])
    flow, _ = pwc_net(pair, _config(settings))
    session.run(tf.global_variables_initializer())
    return lambda: session.run(flow, {pair: x}) is None, {}


def inference(settings, folder, precision="float32"):
    from pwcnet.export.frozen_graph import freeze, import_frozen
    from pwcnet.export.graph_report import report

    checkpoint = _checkpoint(settings, folder)
    graphs = {
        target: freeze(
            checkpoint, settings.batch, *settings.size, target=target, precision=precision
        )
        for target in ("host", "ascend")
    }
    session, x = _session(settings), _pairs(settings)
    tensor, output = import_frozen(graphs["host"])
    found = report(graphs["host"])
    about = {
        "gflop": found.gflop,
        "nodes": {target: len(graph.node) for target, graph in graphs.items()},
    }
    return lambda: session.run(output, {tensor: x}) is None, about


def bfloat16(settings, folder):
    import numpy as np

    from pwcnet.export.frozen_graph import freeze, run_frozen
    from pwcnet.runtime.devices import checked_precision

    checked_precision("bfloat16")
    checkpoint, x = _checkpoint(settings, folder), _pairs(settings)
    flows = [
        run_frozen(freeze(checkpoint, settings.batch, *settings.size, precision=precision), x)
        for precision in ("float32", "bfloat16")
    ]
    difference = np.linalg.norm(flows[1] - flows[0], axis=-1)
    once, about = inference(settings, folder, "bfloat16")
    about["difference"] = [
        float(difference.mean()),
        float(difference.max()),
        float(np.linalg.norm(flows[0], axis=-1).mean()),
    ]
    return once, about


def training(settings, folder, network=None):
    import numpy as np

    from pwcnet.runtime.tensorflow import tf
    from pwcnet.training.options import TrainingOptions
    from pwcnet.training.step import training_graph

    height, width = settings.training_size
    random = np.random.RandomState(0)
    session = _session(settings)
    pair, truth = (
        tf.placeholder(tf.float32, [settings.batch, 2, height, width, 3]),
        tf.placeholder(tf.float32, [settings.batch, height, width, 2]),
    )
    feed = {
        pair: random.rand(*pair.shape.as_list()).astype(np.float32),
        truth: 4 * random.randn(*truth.shape.as_list()).astype(np.float32),
    }
    options = TrainingOptions(
        steps=1,
        batch_size=settings.batch,
        crop=(height, width),
        loss="multiscale",
        schedule="constant",
        learning_rate=1e-9,
    )
    graph = training_graph(
        pair,
        truth,
        tf.ones([settings.batch, height, width], tf.bool),
        _config(settings),
        options,
        **({"network": network} if network else {}),
    )
    session.run(tf.global_variables_initializer())
    return lambda: session.run([graph.train_op, graph.loss], feed) is None, {}


def plain_training(settings, folder):
    from pwcnet.model.plain_network import pwc_net

    return training(settings, folder, pwc_net)


def convolution(settings, folder):
    import numpy as np

    from pwcnet.runtime.tensorflow import tf

    height, width = settings.size[0] // 4, settings.size[1] // 4
    session = _session(settings)
    x = tf.get_variable(
        "x", [settings.batch, height, width, 565], initializer=tf.random_uniform_initializer(seed=0)
    )
    kernel = tf.constant(np.random.RandomState(0).randn(3, 3, 565, 128).astype(np.float32))
    largest = tf.reduce_max(tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME"))
    session.run(tf.global_variables_initializer())
    return lambda: session.run(largest) is None, {
        "gflop": 2e-9 * settings.batch * height * width * 9 * 565 * 128
    }


def folder_of_frames(settings, folder, shared=True):
    import numpy as np

    from pwcnet.inference.predictor import Predictor
    from pwcnet.io.frame_pairs import Pair

    _checkpoint(settings, folder)
    predictor = Predictor(folder)
    frames = [
        np.random.RandomState(n).randint(0, 256, settings.size + [3]).astype(np.uint8)
        for n in range(30)
    ]

    pairs = list(zip(frames, frames[1:]))

    def consecutive():
        return sum(1 for _ in predictor.consecutive(Pair("", *pair) for pair in pairs))

    def single():
        return sum(1 for pair in pairs if predictor.flow(*pair) is not None)

    return consecutive if shared else single, {}


def single_pairs(settings, folder):
    return folder_of_frames(settings, folder, shared=False)


def input_samples(settings, folder):
    from pwcnet.data.augment.augmentation import AugmentOptions
    from pwcnet.data.datasets.sintel import sintel_samples
    from pwcnet.data.input_pipeline import TrainingData
    from pwcnet.data.synthetic.scenes import demo_scene
    from pwcnet.data.synthetic.sintel_layout import write_sintel

    write_sintel(folder, [("scene", demo_scene(0, 436, 1024, 4, 20))])
    data = TrainingData(sintel_samples(folder), settings.training_size, AugmentOptions())
    session = _session(settings)
    batch, start = data.batches(4, 0, 10**6)
    session.run(start)

    def once():
        for _ in range(5):
            session.run([batch.pair.op, batch.truth.op, batch.valid.op])
        return 20

    return once, {}


def startup(settings, folder):
    import subprocess

    _checkpoint(settings, folder)
    code = (
        "import sys, numpy as np; sys.path.insert(0, %r); import pwcnet.cli.common; from pwcnet.inference.predictor import Predictor; "
        "frame = np.zeros(%r, np.uint8); Predictor(%r).flow(frame, frame)"
    ) % (ROOT, tuple(settings.size) + (3,), folder)
    return (
        lambda: (
            subprocess.check_call(
                [sys.executable, "-W", "ignore", "-c", code], stderr=subprocess.DEVNULL
            )
            and None
        ),
        {},
    )


def _checkpoint(settings, folder):
    """A checkpoint with random weights."""
    from pwcnet.model.config import SIZE_MULTIPLE
    from pwcnet.model.network import pwc_net
    from pwcnet.runtime.tensorflow import tf
    from pwcnet.weights.checkpoint import Checkpoint, list_checkpoints, save_checkpoint

    if not list_checkpoints(folder):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.set_random_seed(1)
            pwc_net(tf.zeros([1, 2, SIZE_MULTIPLE, SIZE_MULTIPLE, 3]), _config(settings))
            session.run(tf.global_variables_initializer())
            save_checkpoint(session, tf.train.Saver(), folder, 0)
    return Checkpoint(folder)


def _config(settings):
    from pwcnet.model.config import ModelConfig

    return ModelConfig.from_name(settings.variant)


def _session(settings):
    from pwcnet.runtime.devices import session_config
    from pwcnet.runtime.tensorflow import tf

    return tf.InteractiveSession(config=session_config(settings.threads))


def _pairs(settings):
    from pwcnet.export.frozen_graph import smooth_pairs

    return smooth_pairs(settings.batch, *settings.size)


CASES = {
    "plain-inference": plain_inference,
    "inference": inference,
    "bfloat16": bfloat16,
    "plain-training": plain_training,
    "training": training,
    "convolution": convolution,
    "single": single_pairs,
    "folder": folder_of_frames,
    "input": input_samples,
    "startup": startup,
}

if __name__ == "__main__":
    main(Settings(sys.argv[1]))
