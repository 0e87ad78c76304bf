"""Frozen graphs: the network with a checkpoint's weights as constants, for one input size."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Iterator

import numpy as np

from pwcnet.export.comparison import INPUT, allowed_difference, checkpoint_flow, smooth_pairs
from pwcnet.export.graph_def import deduplicate_constants, fold_constants, reachable
from pwcnet.io.atomic import write_bytes
from pwcnet.model.network import pwc_net
from pwcnet.runtime.devices import session_config as default_session_config
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint

OUTPUT = "output"


def freeze(
    checkpoint: Checkpoint,
    batch: int,
    height: int,
    width: int,
    target: str = "host",
    precision: str = "float32",
) -> tf.GraphDef:
    """Builds the frozen graph of a checkpoint's network for one size.

    It is built with constants instead of variables, so there is nothing to convert and nothing
    dynamic. What follows from constants alone is computed here.

    Args:
        checkpoint: An open checkpoint or archive.
        batch: Pairs of the input.
        height: Of the input, a multiple of 64.
        width: Of the input, a multiple of 64.
        target: "host" for this machine's CPU or GPU, "ascend" for operations that ATC has been seen
            to take. The numbers are the same.
        precision: The type that features are computed in (pwcnet.runtime.choices.PRECISIONS); input
            and output stay float32.

    Returns:
        A GraphDef with the placeholder `x_tnsr` [batch, 2, height, width, 3] float32, RGB in 0..1,
        and the node `output` [batch, height, width, 2] float32, pixels, channels (u, v).

    Raises:
        ValueError: The size is no multiple of 64, or a weight is missing or not readable.
    """
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [batch, 2, height, width, 3], name=INPUT)
        with checkpoint.as_constants():
            flow, _ = pwc_net(tf.cast(x, precision), checkpoint.config, target)
        tf.identity(flow, name=OUTPUT)
        graph_def = reachable(graph.as_graph_def(), OUTPUT)
        return deduplicate_constants(fold_constants(graph, graph_def, OUTPUT), OUTPUT)


@contextmanager
def frozen_session(
    graph_def: tf.GraphDef, session_config: tf.ConfigProto | None = None
) -> Iterator[Callable[[np.ndarray], np.ndarray]]:
    """Opens a session with a frozen graph.

    Args:
        graph_def: The frozen graph.
        session_config: Of pwcnet.runtime.devices or pwcnet.ascend.session; None for the default.

    Yields:
        A function from pairs [B, 2, H, W, 3] float32, of the graph's size, to their flow
        [B, H, W, 2] float32.
    """
    with tf.Graph().as_default() as graph:
        x, output = import_frozen(graph_def)
        config = session_config or default_session_config()
        with tf.Session(graph=graph, config=config) as session:
            yield lambda pairs: session.run(output, {x: pairs})


def run_frozen(
    graph_def: tf.GraphDef, pairs: np.ndarray, session_config: tf.ConfigProto | None = None
) -> np.ndarray:
    """Returns a frozen graph's flow [B, H, W, 2] for pairs [B, 2, H, W, 3] float32."""
    with frozen_session(graph_def, session_config) as run:
        return run(pairs)


def import_frozen(graph_def: tf.GraphDef) -> tuple[tf.Tensor, tf.Tensor]:
    """Imports a frozen graph into the current graph.

    Returns:
        Its input and output.

    Raises:
        ValueError: It lacks them.
    """
    copy = tf.GraphDef()
    copy.CopyFrom(graph_def)  # TensorFlow writes default attributes into what it imports
    try:
        return tf.import_graph_def(copy, return_elements=[INPUT + ":0", OUTPUT + ":0"], name="")
    except (ValueError, KeyError, tf.errors.OpError) as error:
        raise ValueError(
            "The frozen graph has no nodes '%s' and '%s' that TensorFlow can import: %s"
            % (INPUT, OUTPUT, str(error).strip().split("\n")[0])
        )


def input_and_output(graph_def: tf.GraphDef) -> list[tf.TensorShape]:
    """Returns the shapes of a frozen graph's input and output, as far as they are known."""
    with tf.Graph().as_default():
        return [tensor.shape for tensor in import_frozen(graph_def)]


def difference_from_checkpoint(
    graph_def: tf.GraphDef, checkpoint: Checkpoint, pairs: np.ndarray
) -> tuple[float, float]:
    """Compares a frozen graph with the network restored from a checkpoint into variables.

    Args:
        graph_def: The frozen graph.
        checkpoint: An open checkpoint or archive.
        pairs: [B, 2, H, W, 3] float32, of the graph's size.

    Returns:
        The largest absolute difference of the flows and the largest flow, in pixels.
    """
    frozen = run_frozen(graph_def, pairs)
    restored = checkpoint_flow(checkpoint, pairs)
    return float(np.abs(frozen - restored).max()), float(np.abs(restored).max())


def check_frozen(graph_def: tf.GraphDef, checkpoint: Checkpoint) -> tuple[float, float]:
    """Compares a frozen graph with its checkpoint on one batch of `smooth_pairs`.

    Returns:
        As `difference_from_checkpoint`.

    Raises:
        ValueError: They differ by more than `allowed_difference`.
    """
    pairs = smooth_pairs(*frozen_input_shape(graph_def))
    difference, largest = difference_from_checkpoint(graph_def, checkpoint, pairs)
    allowed = allowed_difference(largest)
    if not difference <= allowed:  # NaN is no agreement
        raise ValueError(
            "The frozen graph's flow differs by %.2g pixels from that of the checkpoint %s; at "
            "most %.2g pixels are rounding" % (difference, checkpoint.path, allowed)
        )
    return difference, largest


def write_frozen(path: str, graph_def: tf.GraphDef) -> None:
    """Writes a frozen graph as a .pb file, completely or not at all."""
    write_bytes(path, graph_def.SerializeToString(deterministic=True))


def read_frozen(path: str | os.PathLike) -> tf.GraphDef:
    """Reads a frozen graph from a .pb file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no GraphDef, lacks the network's input or output, or holds
            operations that this TensorFlow cannot import.
    """
    with open(path, "rb") as stream:
        data = stream.read()
    graph_def = _parsed(data, path)
    names = {node.name for node in graph_def.node}
    if INPUT not in names or OUTPUT not in names:
        raise ValueError(
            "%s is no frozen graph of the network: of its %d nodes none is called '%s', or none "
            "'%s'" % (path, len(names), INPUT, OUTPUT)
        )
    try:
        input_and_output(graph_def)
    except ValueError as error:
        raise ValueError("%s: %s" % (path, error)) from None
    return graph_def


def frozen_input_shape(
    graph_def: tf.GraphDef, source: object = "the frozen graph"
) -> tuple[int, int, int]:
    """Returns (batch, height, width) of a frozen graph's placeholder.

    Args:
        graph_def: The frozen graph.
        source: What it is called in messages.

    Raises:
        ValueError: The placeholder's shape is not [B, 2, H, W, 3] with numbers for all of these.
    """
    node = next(node for node in graph_def.node if node.name == INPUT)
    shape = [dim.size for dim in node.attr["shape"].shape.dim]
    if len(shape) != 5 or min(shape) < 1 or shape[1] != 2 or shape[4] != 3:
        raise ValueError(
            "The placeholder '%s' of %s has %s instead of a fixed shape [B, 2, H, W, 3]"
            % (INPUT, source, [size if size >= 0 else "?" for size in shape] or "an unknown shape")
        )
    return shape[0], shape[2], shape[3]


def _parsed(data: bytes, path: Any) -> tf.GraphDef:
    """The GraphDef in a file's data; raises ValueError for other data."""
    graph_def = tf.GraphDef()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            graph_def.ParseFromString(data)
        if caught:  # older protobuf only warns of data that it did not understand
            raise ValueError(str(caught[0].message))
    except Exception as error:  # protobuf's DecodeError lives in different places in its releases
        raise ValueError("%s is no frozen TensorFlow graph (%s)" % (path, error))
    return graph_def
