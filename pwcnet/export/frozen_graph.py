"""Frozen graphs: the network with a checkpoint's weights as constants, for one input size."""

import warnings
from contextlib import contextmanager

import cv2
import numpy as np

from pwcnet.io.atomic import write_bytes
from pwcnet.model.network import pwc_net
from pwcnet.runtime.devices import session_config
from pwcnet.runtime.tensorflow import tf

INPUT, OUTPUT = "x_tnsr", "output"
NEWER_ATTRIBUTES = (
    "grad_x",
    "grad_y",
)  # of BatchMatMulV2, false; written by TensorFlow 2, refused by TensorFlow 1.15, on which ATC stands
TRAINING_ATTRIBUTES = ("_gradient_op_type",)
LARGEST_DIFFERENCE, LARGEST_SHARE = (
    1e-3,
    1e-4,
)  # between frozen graph and checkpoint: pixels, or of the largest flow where that is more
PASSING_ON = ("StopGradient", "Identity")
CHECK_SEED = 0


def freeze(checkpoint, batch, height, width, target="host", precision="float32"):
    """GraphDef with placeholder `x_tnsr` [batch, 2, height, width, 3] float32 RGB in 0..1 and node `output` [batch, height, width, 2] float32 in pixels.

    checkpoint: a pwcnet.weights.checkpoint.Checkpoint. target: "host" for this machine's CPU or GPU, "ascend" for ops that ATC has been seen to take; the numbers are
    the same. precision: the type that features are computed in (pwcnet.runtime.devices); input and output stay float32.
    Built with constants in the place of variables, so there is nothing to convert and nothing dynamic; what follows from constants alone is computed here.
    """
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [batch, 2, height, width, 3], name=INPUT)
        with checkpoint.as_constants():
            flow, _ = pwc_net(tf.cast(x, precision), checkpoint.config, target)
        tf.identity(flow, name=OUTPUT)
        return slimmed(folded(graph, _reachable(graph.as_graph_def(), OUTPUT)))


def folded(graph, graph_def):
    """The graph_def of this graph with what follows from constants alone computed, and without what that leaves unused."""
    constant, wanted = set(), []
    for node in graph_def.node:  # in topological order, as TensorFlow writes it
        if node.op == "Const" or (
            node.input and constant.issuperset(name.split(":")[0] for name in node.input)
        ):
            constant.add(node.name)
    for node in graph_def.node:
        if node.name not in constant:
            wanted += [
                name
                for name in node.input
                if name in constant and graph.get_operation_by_name(name).type != "Const"
            ]
    wanted = sorted(set(wanted))
    with tf.Session(graph=graph, config=session_config()) as session:
        values = dict(zip(wanted, session.run([name + ":0" for name in wanted])))
    for node in graph_def.node:
        if node.name in values:
            made = tf.NodeDef(name=node.name, op="Const")
            made.attr["dtype"].type = tf.as_dtype(values[node.name].dtype).as_datatype_enum
            made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values[node.name]))
            node.CopyFrom(made)
    return _reachable(graph_def, OUTPUT)


def producer(source):
    """The name of the node that an input of another one comes from: "a:1" and "^a" come from a."""
    return source.lstrip("^").split(":")[0]


def _reachable(graph_def, output):
    """The nodes that a node is computed from, and it, in the order given (tf.graph_util's function warns of its age)."""
    inputs = {node.name: [producer(name) for name in node.input] for node in graph_def.node}
    reached, waiting = set(), [output]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += inputs[name]
    result = tf.GraphDef(node=[node for node in graph_def.node if node.name in reached])
    result.library.CopyFrom(graph_def.library)
    result.versions.CopyFrom(graph_def.versions)
    return result


def slimmed(graph_def):
    """The same graph without nodes that inference has no use for: constants of the same value become one, and what only passes its input on goes."""
    kept, replaced, first = tf.GraphDef(), {}, {}
    kept.versions.CopyFrom(graph_def.versions)
    for node in graph_def.node:
        if node.op in PASSING_ON and node.name != OUTPUT:
            replaced[node.name] = replaced.get(node.input[0], node.input[0])
        elif (
            node.op == "Const"
            and first.setdefault(node.attr["value"].SerializeToString(), node.name) != node.name
        ):
            replaced[node.name] = first[node.attr["value"].SerializeToString()]
        else:
            kept.node.add().CopyFrom(node)
    for node in kept.node:
        node.input[:] = [replaced.get(name, name) for name in node.input]
        for name in NEWER_ATTRIBUTES + TRAINING_ATTRIBUTES:
            node.attr.pop(name, None)
    return kept


@contextmanager
def frozen_session(graph_def, config=None):
    """Yields a function from pairs [B, 2, H, W, 3] float32 to their flow [B, H, W, 2] float32, of the frozen graph's size."""
    with tf.Graph().as_default() as graph:
        x, output = import_frozen(graph_def)
        with tf.Session(graph=graph, config=config or session_config()) as session:
            yield lambda pairs: session.run(output, {x: pairs})


def run_frozen(graph_def, pairs, config=None):
    """The frozen graph's flow [B, H, W, 2] for pairs [B, 2, H, W, 3] float32."""
    with frozen_session(graph_def, config) as run:
        return run(pairs)


def import_frozen(graph_def):
    """Puts a frozen graph into the current one; returns its input and output tensors. Raises ValueError where it lacks them."""
    copy = tf.GraphDef()
    copy.CopyFrom(
        graph_def
    )  # TensorFlow writes default attributes, NEWER_ATTRIBUTES among them, into what it imports
    try:
        return tf.import_graph_def(copy, return_elements=[INPUT + ":0", OUTPUT + ":0"], name="")
    except (ValueError, KeyError) as error:
        raise ValueError(
            "expected a frozen graph with '%s' and '%s', got another: %s; make it again with offline_infer/convert_ckpt2pb.py"
            % (INPUT, OUTPUT, str(error).strip().split("\n")[0])
        )


def input_and_output(graph_def):
    """The shapes of a frozen graph's input and output, as far as they are known, as TensorShape."""
    with tf.Graph().as_default():
        return [tensor.shape for tensor in import_frozen(graph_def)]


def difference_from_checkpoint(graph_def, checkpoint, pairs):
    """Largest absolute difference, in pixels, and the largest flow, between the frozen graph and the network restored from the checkpoint into variables.

    pairs: [B, 2, H, W, 3] float32, of the frozen graph's size.
    """
    frozen = run_frozen(graph_def, pairs)
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        x = tf.placeholder(tf.float32, pairs.shape)
        flow, _ = pwc_net(x, checkpoint.config)
        checkpoint.restore(session, tf.trainable_variables())
        restored = session.run(flow, {x: pairs})
    return float(np.abs(frozen - restored).max()), float(np.abs(restored).max())


def check_frozen(graph_def, checkpoint):
    """Runs a pair through the frozen graph and through the checkpoint's network: (largest difference, largest flow), pixels.

    Raises ValueError where they differ by more than LARGEST_DIFFERENCE pixels and LARGEST_SHARE of the largest flow.
    """
    difference, largest = difference_from_checkpoint(
        graph_def, checkpoint, smooth_pairs(*frozen_input_shape(graph_def))
    )
    allowed = allowed_difference(largest)
    if not difference <= allowed:  # NaN is no agreement
        raise ValueError(
            "expected the frozen graph's flow within %.2g pixels of the checkpoint's, got %.2g for %s; try scripts/inspect_checkpoint.py"
            % (allowed, difference, checkpoint.path)
        )
    return difference, largest


def allowed_difference(largest_flow):
    """What rounding may make of the same network, in pixels."""
    return max(LARGEST_DIFFERENCE, LARGEST_SHARE * largest_flow)


def smooth_pairs(batch, height, width):
    """Pairs [batch, 2, height, width, 3] float32 in 0..1 of random blobs, the same for the same size; the second frame is the first, moved by (3, 2) pixels."""
    random = np.random.RandomState(CHECK_SEED)
    coarse = random.rand(batch, -(-height // 16), -(-width // 16), 3).astype(np.float32)
    first = np.stack(
        [
            np.clip(cv2.resize(blobs, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
            for blobs in coarse
        ]
    )
    return np.stack([first, np.roll(first, (2, 3), axis=(1, 2))], axis=1)


def write_frozen(path, graph_def):
    """Writes a GraphDef, completely or not at all."""
    write_bytes(path, graph_def.SerializeToString())


def read_frozen(path):
    """GraphDef of a .pb file. Raises FileNotFoundError, or ValueError where the file is no GraphDef."""
    with open(path, "rb") as stream:
        data = stream.read()
    graph_def = tf.GraphDef()
    try:
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            graph_def.ParseFromString(data)
        if noted:  # older protobuf only warns of data that it did not understand
            raise ValueError(str(noted[0].message))
    except Exception as error:  # protobuf's DecodeError lives in different places in its releases
        raise ValueError(
            "expected a frozen TensorFlow graph, got something else in %s (%s); make it again with offline_infer/convert_ckpt2pb.py"
            % (path, error)
        )
    names = {node.name for node in graph_def.node}
    if INPUT not in names or OUTPUT not in names:
        raise ValueError(
            "expected nodes '%s' and '%s', got neither or one of %d nodes in %s; make it again with offline_infer/convert_ckpt2pb.py"
            % (INPUT, OUTPUT, len(names), path)
        )
    return graph_def


def frozen_input_shape(graph_def):
    """(batch, height, width) of a frozen graph's placeholder. Raises ValueError where it is not [B, 2, H, W, 3] with numbers for all of these."""
    node = next(node for node in graph_def.node if node.name == INPUT)
    shape = [dim.size for dim in node.attr["shape"].shape.dim]
    if len(shape) != 5 or min(shape) < 1 or shape[1] != 2 or shape[4] != 3:
        raise ValueError(
            "expected a placeholder '%s' of fixed shape [B, 2, H, W, 3], got %s; make it with offline_infer/convert_ckpt2pb.py"
            % (INPUT, [size if size >= 0 else "?" for size in shape] or "an unknown one")
        )
    return shape[0], shape[2], shape[3]
