"""Prints versions, devices and the weights that are found."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
from typing import Any

from pwcnet._version import __version__
from pwcnet.cli.arguments import ArgumentParser
from pwcnet.weights.files import list_checkpoints, shipped_weights

OPTIONAL = (
    ("matplotlib", "charts and plots"),
    ("jinja2", "HTML reports"),
    ("horovod", "several workers"),
    ("av", "videos: finds frames that are lost, and names them"),
    ("ai_edge_litert", "runs TFLite files; --precision int8"),
    ("litert_quantizer", "--precision int8"),
    ("jax", "StableHLO modules"),
    ("tf2onnx", "writes ONNX files"),
    ("onnxruntime", "runs ONNX files"),
    ("simplejpeg", "JPEGs: finds those that lack a part in the middle"),
)
PRETRAINED = "pretrained"  # folder of the user's checkpoints, in the current directory


def main(argv: list[str], prog: str) -> None:
    """Prints the report."""
    parser(prog).parse_args(argv)
    for name, text in facts():
        print("%-12s %s" % (name, text))


def parser(prog: str) -> ArgumentParser:
    """The options: none but --help."""
    return ArgumentParser(prog=prog, description=__doc__, examples="pwcnet info")


def facts() -> list[tuple[str, str]]:
    """(what, its version, place or state) of everything that a report of a problem should hold."""
    rows = [
        ("pwcnet", "%s in %s" % (__version__, os.path.dirname(os.path.dirname(__file__)))),
        ("python", "%s, %s" % (platform.python_version(), platform.platform())),
        ("tensorflow", _tensorflow()),
        ("numpy", _version("numpy")),
        ("opencv", _version("cv2")),
    ]
    rows += [("npu_bridge", "installed" if _installed("npu_bridge") else "not installed")]
    for name, use in OPTIONAL:
        rows.append((name, _version(name) if _installed(name) else "not installed (%s)" % use))
    return rows + _weights()


def _weights() -> list[tuple[str, str]]:
    try:
        rows = [("weights", "%s (shipped)" % shipped_weights())]
    except FileNotFoundError as error:
        rows = [("weights", str(error))]
    found = sorted(list_checkpoints(PRETRAINED).items())
    return rows + [("", "%s (step %d)" % (prefix, step)) for step, prefix in found]


def _tensorflow() -> str:
    try:
        from pwcnet.runtime.tensorflow import TF_RELEASE, tf
    except ImportError as error:
        return "not installed (%s)" % error
    devices = tf.config.experimental.list_physical_devices()
    return "%s, devices: %s" % (TF_RELEASE, ", ".join(device.name for device in devices))


def _version(module: str) -> str:
    try:
        found: Any = importlib.import_module(module)
    except ImportError as error:
        return "not installed (%s)" % error
    return str(getattr(found, "__version__", "installed"))


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
