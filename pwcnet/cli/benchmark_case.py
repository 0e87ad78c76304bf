"""One case of `pwcnet benchmark`, in a process of its own: `python -m pwcnet.cli.benchmark_case`.

It prepares the case, runs it once and prints a line of JSON about it; then it runs the case for
each line on stdin, and prints a line of JSON with the time and the peak memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from contextlib import ExitStack
from typing import Any, Callable, Dict, Tuple, Union

from pwcnet.cli import benchmark_formats, benchmark_quality
from pwcnet.cli.common import run

# Runs a case once. Returns None, the number of units to divide the time by, or the results.
Once = Callable[[], Union[None, int, Dict[str, float]]]
Case = Tuple[Once, Dict[str, Any]]  # and what is known about it

FRAMES = 30  # of the cases "single" and "folder"
INPUT_SIZE, INPUT_SCENES, INPUT_FRAMES, INPUT_MOTION = (436, 1024), 2, 5, 20.0  # as Sintel's
INPUT_STEPS = 5  # batches of a run


def main(argv: list[str], prog: str) -> None:
    """Runs the case of argv: JSON of the options of `pwcnet benchmark` and "case"."""
    settings = Namespace(**json.loads(argv[0]))
    started = time.time()
    from pwcnet.runtime.tensorflow import TF_RELEASE, tf

    is_graph = settings.case not in {**benchmark_formats.CASES, **benchmark_quality.CASES}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        if is_graph:
            stack.enter_context(tf.Graph().as_default())
        once, about = CASES[settings.case](settings, folder)
        once()
        _print(dict(about, tensorflow=TF_RELEASE, preparation=time.time() - started))
        for _ in sys.stdin:
            started = time.perf_counter()
            result = once()
            seconds = time.perf_counter() - started
            if not isinstance(result, dict):
                result = {"seconds": seconds / (result or 1)}
            who = resource.RUSAGE_CHILDREN if settings.case == "startup" else resource.RUSAGE_SELF
            _print(dict(result, peak_mib=resource.getrusage(who).ru_maxrss / 1024))


def plain_inference(settings: Namespace, folder: str) -> Case:
    """The plain formulation on one batch of pairs."""
    from pwcnet.model.plain_network import pwc_net
    from pwcnet.runtime.tensorflow import tf

    session, x = _session(settings), _pairs(settings)
    pair = tf.placeholder(tf.float32, [None, 2, None, None, 3])
    flow, _ = pwc_net(pair, _config(settings))
    session.run(tf.global_variables_initializer())
    return _running(session, flow, {pair: x}), {}


def inference(settings: Namespace, folder: str, precision: str = "float32") -> Case:
    """The frozen graph on one batch of pairs."""
    from pwcnet.export.frozen_graph import freeze, import_frozen
    from pwcnet.export.graph_report import graph_report

    checkpoint = random_checkpoint(settings, folder)
    size = settings.batch_size, settings.size[0], settings.size[1]
    graphs = {
        target: freeze(checkpoint, *size, target=target, precision=precision)
        for target in ("host", "ascend")
    }
    session, x = _session(settings), _pairs(settings)
    tensor, output = import_frozen(graphs["host"])
    nodes = {target: len(graph.node) for target, graph in graphs.items()}
    about = {"gflop": graph_report(graphs["host"]).gflop, "nodes": nodes}
    return _running(session, output, {tensor: x}), about


def bfloat16(settings: Namespace, folder: str) -> Case:
    """The same in bfloat16, and how far its flow is from that of float32, in pixels."""
    import numpy as np

    from pwcnet.export.frozen_graph import freeze, run_frozen
    from pwcnet.runtime.devices import checked_precision

    checked_precision("bfloat16")
    checkpoint, x = random_checkpoint(settings, folder), _pairs(settings)
    size = settings.batch_size, settings.size[0], settings.size[1]
    flows = [
        run_frozen(freeze(checkpoint, *size, precision=precision), x)
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


def training(settings: Namespace, folder: str, network: Callable | None = None) -> Case:
    """One training step with the multiscale loss; network: instead of pwc_net."""
    import numpy as np

    from pwcnet.runtime.tensorflow import tf
    from pwcnet.training.options import TrainingOptions
    from pwcnet.training.step import training_graph

    batch_size, (height, width) = settings.batch_size, settings.training_size
    random, session = np.random.RandomState(0), _session(settings)
    frames, flow = [batch_size, 2, height, width, 3], [batch_size, height, width, 2]
    pair, ground_truth = tf.placeholder(tf.float32, frames), tf.placeholder(tf.float32, flow)
    feed = {
        pair: random.rand(*frames).astype(np.float32),
        ground_truth: 4 * random.randn(*flow).astype(np.float32),
    }
    options = TrainingOptions(
        steps=1,
        batch_size=batch_size,
        crop=(height, width),
        loss="multiscale",
        schedule="constant",
        learning_rate=1e-9,
    )
    valid = tf.ones([batch_size, height, width], tf.bool)
    graph = training_graph(pair, ground_truth, valid, _config(settings), options, network)
    session.run(tf.global_variables_initializer())
    return _running(session, [graph.train_op, graph.loss], feed), {}


def plain_training(settings: Namespace, folder: str) -> Case:
    """One training step of the plain formulation."""
    from pwcnet.model.plain_network import pwc_net

    return training(settings, folder, pwc_net)


def convolution(settings: Namespace, folder: str) -> Case:
    """A convolution as large as the network's largest: what the machine can do at most."""
    import numpy as np

    from pwcnet.runtime.tensorflow import tf

    height, width = settings.size[0] // 4, settings.size[1] // 4
    session = _session(settings)
    x = tf.get_variable(
        "x",
        [settings.batch_size, height, width, 565],
        initializer=tf.random_uniform_initializer(seed=0),
    )
    kernel = tf.constant(np.random.RandomState(0).randn(3, 3, 565, 128).astype(np.float32))
    largest = tf.reduce_max(tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME"))
    session.run(tf.global_variables_initializer())
    gflop = 2e-9 * settings.batch_size * height * width * 9 * 565 * 128
    return _running(session, largest, {}), {"gflop": gflop}


def folder_of_frames(settings: Namespace, folder: str, shared: bool = True) -> Case:
    """Consecutive frames with shared pyramids, or pair by pair; seconds per pair."""
    import numpy as np

    from pwcnet.inference.predictor import Predictor
    from pwcnet.io.frame_pairs import Pair

    random_checkpoint(settings, folder)
    predictor, shape = Predictor(folder, quality="plain"), list(settings.size) + [3]
    frames = [
        np.random.RandomState(number).randint(0, 256, shape).astype(np.uint8)
        for number in range(FRAMES)
    ]
    pairs = list(zip(frames, frames[1:]))

    def consecutive() -> int:
        return sum(1 for _ in predictor.consecutive(Pair("", *pair) for pair in pairs))

    def single() -> int:
        return sum(1 for pair in pairs if predictor.flow(*pair) is not None)

    return consecutive if shared else single, {}


def single_pairs(settings: Namespace, folder: str) -> Case:
    """The same frames pair by pair."""
    return folder_of_frames(settings, folder, shared=False)


def input_samples(settings: Namespace, folder: str) -> Case:
    """The input pipeline and a single-threaded loop over the same samples; seconds per sample."""
    import os

    from pwcnet.cli.benchmark_input import measure_input
    from pwcnet.data.augment.augmentation import AugmentOptions
    from pwcnet.data.datasets.registry import parse_source
    from pwcnet.data.input_pipeline import TrainingData

    if not settings.data:
        _write_scenes(settings, folder)
    source = parse_source(settings.data or "sintel-clean=" + folder)
    augment = None if settings.no_augment else AugmentOptions()
    samples = source.samples()
    data = TrainingData(samples, settings.training_size, augment)
    about = {"readers": settings.readers or os.cpu_count() or 1}

    def once() -> dict[str, float]:
        speed = measure_input(data, settings.input_batch_size, INPUT_STEPS, 1, settings.readers)
        return {
            "seconds": 1 / speed.pipeline,
            "loop_seconds": 1 / speed.loop,
            "delivered_bytes": speed.delivered,
            "read_bytes": speed.read,
        }

    return once, about


def startup(settings: Namespace, folder: str) -> Case:
    """A process of its own from its start to its first flow."""
    random_checkpoint(settings, folder)
    code = (
        "import numpy as np; from pwcnet.inference.predictor import Predictor; "
        "frame = np.zeros(%r, np.uint8); Predictor(%r, quality='plain').flow(frame, frame)"
        % (tuple(settings.size) + (3,), folder)
    )
    command = [sys.executable, "-W", "ignore", "-c", code]

    def once() -> None:
        subprocess.check_call(command, stderr=subprocess.DEVNULL)

    return once, {}


def _write_scenes(settings: Namespace, folder: str) -> None:
    """Scenes of Sintel's size, or of the crop's where that is larger."""
    from pwcnet.data.synthetic.scenes import demo_scene
    from pwcnet.data.synthetic.sintel_layout import write_sintel

    height, width = map(max, zip(INPUT_SIZE, settings.training_size))
    scenes = [
        ("scene_%02d" % number, demo_scene(number, height, width, INPUT_FRAMES, INPUT_MOTION))
        for number in range(INPUT_SCENES)
    ]
    write_sintel(folder, scenes)


def _running(session: Any, fetches: Any, feed: dict[Any, Any]) -> Once:
    def once() -> None:
        session.run(fetches, feed)

    return once


def _print(facts: dict[str, Any]) -> None:
    print(json.dumps(facts), flush=True)


def random_checkpoint(settings: Namespace, folder: str) -> Any:
    """A checkpoint with random weights."""
    from pwcnet.model.config import SIZE_MULTIPLE
    from pwcnet.model.network import pwc_net
    from pwcnet.runtime.tensorflow import tf
    from pwcnet.weights.checkpoint import Checkpoint
    from pwcnet.weights.files import list_checkpoints
    from pwcnet.weights.saving import save_checkpoint

    if not list_checkpoints(folder):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.set_random_seed(1)
            pwc_net(tf.zeros([1, 2, SIZE_MULTIPLE, SIZE_MULTIPLE, 3]), _config(settings))
            session.run(tf.global_variables_initializer())
            save_checkpoint(session, tf.train.Saver(), folder, 0)
    return Checkpoint(folder)


def _config(settings: Namespace) -> Any:
    from pwcnet.model.config import ModelConfig

    return ModelConfig.from_name(settings.variant)


def _session(settings: Namespace) -> Any:
    from pwcnet.runtime.devices import session_config
    from pwcnet.runtime.tensorflow import tf

    return tf.InteractiveSession(config=session_config(settings.threads))


def _pairs(settings: Namespace) -> Any:
    from pwcnet.export.frozen_graph import smooth_pairs

    return smooth_pairs(settings.batch_size, *settings.size)


CASES: dict[str, Callable[[Namespace, str], Case]] = {
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
    **benchmark_formats.CASES,
    **benchmark_quality.CASES,
}

if __name__ == "__main__":
    run("pwcnet.cli.benchmark_case", prog="pwcnet benchmark")
