"""Cases of `pwcnet benchmark --what formats`: the network in other runtimes than TensorFlow's.

Each gives the size of its file, the time that opening it takes with the first run, and how far the
flow of a smooth pair is from the checkpoint's.
"""

from __future__ import annotations

import functools
import importlib
import os
import time
from argparse import Namespace
from typing import Any, Callable, Dict, Tuple

import numpy as np

MIB = 1 << 20

Run = Callable[[], Any]  # -> flow [B, H, W, 2]
Case = Tuple[Callable[[], None], Dict[str, Any]]


def exported(settings: Namespace, folder: str, form: str) -> Case:
    """A format of `pwcnet export`, in its runtime."""
    from pwcnet.export.program import MODULES

    module = importlib.import_module(MODULES[form])
    path, signature = os.path.join(folder, "program"), _signature(settings)
    module.write(path, _checkpoint(settings, folder), signature, "{}")
    inputs = signature.feed(_pairs(settings))

    def opened() -> Run:
        options = {"threads": settings.threads or os.cpu_count()} if form == "tflite" else {}
        return functools.partial(module.load(path, signature, **options), inputs)

    return _case(opened, settings, folder, path)


def int8(settings: Namespace, folder: str) -> Case:
    """`--precision int8` of Predictor, with its conversion and without its padding."""
    from pwcnet.export.int8 import check_int8
    from pwcnet.inference.int8_network import Int8Network
    from pwcnet.runtime.devices import session_config

    check_int8()
    os.environ["XDG_CACHE_HOME"] = folder  # so that it is always converted
    config, pairs = session_config(settings.threads), _pairs(settings)

    def opened() -> Run:
        network = Int8Network(_checkpoint(settings, folder), config, "int8", *settings.size)
        return lambda: network.flows(pairs)

    return _case(opened, settings, folder, os.path.join(folder, "pwcnet"))


def xla(settings: Namespace, folder: str) -> Case:
    """TensorFlow's graph compiled by XLA."""
    from pwcnet.export.network_function import network_function
    from pwcnet.export.signature import FLOW
    from pwcnet.runtime.tensorflow import tf2

    _limit_threads(settings.threads)
    checkpoint, signature = _checkpoint(settings, folder), _signature(settings)
    inputs = [tf2.constant(value) for value in signature.feed(_pairs(settings)).values()]

    def opened() -> Run:
        function = network_function(checkpoint, signature, jit_compile=True)
        return lambda: function(*inputs)[FLOW].numpy()

    return _case(opened, settings, folder, None)


def openvino(settings: Namespace, folder: str) -> Case:
    """The frozen graph, as OpenVINO reads it."""
    import openvino as ov

    from pwcnet.export.frozen_graph import freeze, write_frozen

    path, pairs = os.path.join(folder, "program.pb"), _pairs(settings)
    size = settings.batch_size, settings.size[0], settings.size[1]
    write_frozen(path, freeze(_checkpoint(settings, folder), *size))
    options: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32"}
    if settings.threads:
        options["INFERENCE_NUM_THREADS"] = settings.threads

    def opened() -> Run:
        core = ov.Core()
        model = core.compile_model(core.read_model(path), "CPU", options)
        return lambda: model(pairs)[0]

    return _case(opened, settings, folder, path)


def _case(opened: Callable[[], Run], settings: Namespace, folder: str, path: str | None) -> Case:
    from pwcnet.export.comparison import checkpoint_flow

    started = time.perf_counter()
    run = opened()
    flow = np.asarray(run())
    about: dict[str, Any] = {"load_seconds": time.perf_counter() - started}
    expected = checkpoint_flow(_checkpoint(settings, folder), _pairs(settings))
    distance = np.linalg.norm(flow - expected, axis=-1)
    about["difference"] = [
        float(distance.mean()),
        float(distance.max()),
        float(np.linalg.norm(expected, axis=-1).mean()),
    ]
    if path is not None:
        files = [entry.path for entry in os.scandir(path)] if os.path.isdir(path) else [path]
        about["file_mib"] = sum(map(os.path.getsize, files)) / MIB

    def once() -> None:
        run()

    return once, about


def _checkpoint(settings: Namespace, folder: str) -> Any:
    """The shipped weights, or random ones of a variant that is not shipped."""
    from pwcnet.cli.benchmark_case import random_checkpoint
    from pwcnet.weights.checkpoint import Checkpoint
    from pwcnet.weights.files import shipped_weights

    shipped = Checkpoint(shipped_weights())
    is_shipped = settings.variant in (shipped.config.name, "small")
    return shipped if is_shipped else random_checkpoint(settings, folder)


def _signature(settings: Namespace) -> Any:
    from pwcnet.export.signature import Signature

    return Signature((settings.size[0], settings.size[1]), settings.batch_size)


def _pairs(settings: Namespace) -> np.ndarray:
    from pwcnet.export.comparison import smooth_pairs

    return smooth_pairs(settings.batch_size, *settings.size)


def _limit_threads(threads: int) -> None:
    from pwcnet.runtime.tensorflow import tf2

    if threads:
        tf2.config.threading.set_intra_op_parallelism_threads(threads)


CASES: dict[str, Callable[[Namespace, str], Case]] = {
    "xla": xla,
    "openvino": openvino,
    "int8": int8,
    **{form: functools.partial(exported, form=form) for form in ("tflite", "onnx", "stablehlo")},
}
