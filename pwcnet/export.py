"""Frozen graphs: the network with a checkpoint's weights as constants, for one input size."""
import numpy as np

from pwcnet.atomic import write_bytes
from pwcnet.network import pwc_net
from pwcnet.runtime import tf
from pwcnet.runtime.sessions import session_config

INPUT, OUTPUT = "x_tnsr", "output"


def freeze(checkpoint, batch, height, width):
    """GraphDef with placeholder `x_tnsr` [batch, 2, height, width, 3] float32 RGB in 0..1 and node `output` [batch, height, width, 2] float32 in pixels.

    checkpoint: a pwcnet.checkpoint.Checkpoint. Built with constants in the place of variables, so there is nothing to convert and nothing dynamic.
    """
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [batch, 2, height, width, 3], name=INPUT)
        with checkpoint.as_constants():
            flow, _ = pwc_net(x, checkpoint.config)
        tf.identity(flow, name=OUTPUT)
        graph_def = graph.as_graph_def()
    return tf.graph_util.extract_sub_graph(graph_def, [OUTPUT])


def run_frozen(graph_def, pairs, config=None):
    """The frozen graph's flow [B, H, W, 2] for pairs [B, 2, H, W, 3] float32."""
    with tf.Graph().as_default() as graph:
        x, output = import_frozen(graph_def)
        with tf.Session(graph=graph, config=config or session_config()) as session:
            return session.run(output, {x: pairs})


def import_frozen(graph_def):
    """Puts a frozen graph into the current one; returns its input and output tensors. Raises ValueError where it lacks them."""
    try:
        return tf.import_graph_def(graph_def, return_elements=[INPUT + ":0", OUTPUT + ":0"], name="")
    except (ValueError, KeyError) as error:
        raise ValueError("expected a frozen graph with '%s' and '%s', got another: %s" % (INPUT, OUTPUT, str(error).strip().split("\n")[0]))


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


def write_frozen(path, graph_def):
    """Writes a GraphDef, completely or not at all."""
    write_bytes(path, graph_def.SerializeToString())


def read_frozen(path):
    """GraphDef of a .pb file. Raises FileNotFoundError, or ValueError where the file is no GraphDef."""
    with open(path, "rb") as stream:
        data = stream.read()
    graph_def = tf.GraphDef()
    try:
        graph_def.ParseFromString(data)
    except Exception as error:                  # protobuf's DecodeError lives in different places in its releases
        raise ValueError("expected a frozen TensorFlow graph, got something else in %s (%s)" % (path, error))
    names = {node.name for node in graph_def.node}
    if INPUT not in names or OUTPUT not in names:
        raise ValueError("expected nodes '%s' and '%s', got neither or one of %d nodes in %s; make it with offline_infer/convert_ckpt2pb.py" % (
            INPUT, OUTPUT, len(names), path))
    return graph_def


def frozen_input_shape(graph_def):
    """(batch, height, width) of a frozen graph's placeholder."""
    node = next(node for node in graph_def.node if node.name == INPUT)
    batch, _, height, width, _ = (dim.size for dim in node.attr["shape"].shape.dim)
    return batch, height, width
