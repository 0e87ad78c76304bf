"""Rewriting of GraphDefs: unreachable nodes, constant folding, equal constants."""

from __future__ import annotations

from pwcnet.runtime.devices import session_config
from pwcnet.runtime.tensorflow import tf

# Operations that only pass their input on.
PASSTHROUGH_OPS = ("StopGradient", "Identity")
# Of BatchMatMulV2, false: written by TensorFlow 2, refused by TensorFlow 1.15, on which ATC stands.
NEWER_ATTRIBUTES = ("grad_x", "grad_y")
TRAINING_ATTRIBUTES = ("_gradient_op_type",)


def producer(source: str) -> str:
    """Returns the name of the node behind a node's input: "a:1" and "^a" come from a."""
    return source.lstrip("^").split(":")[0]


def reachable(graph_def: tf.GraphDef, output: str) -> tf.GraphDef:
    """Returns the nodes that a node is computed from, and itself, in their order.

    The same as tf.graph_util.extract_sub_graph, which is deprecated in all of TensorFlow.
    """
    inputs = {node.name: [producer(name) for name in node.input] for node in graph_def.node}
    names, waiting = set(), [output]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += inputs[name]
    result = tf.GraphDef(node=[node for node in graph_def.node if node.name in names])
    result.library.CopyFrom(graph_def.library)
    result.versions.CopyFrom(graph_def.versions)
    return result


def fold_constants(graph: tf.Graph, graph_def: tf.GraphDef, output: str) -> tf.GraphDef:
    """Replaces what follows from constants alone by constants.

    Args:
        graph: The graph.
        graph_def: Its definition, in topological order, as TensorFlow writes it; it is changed.
        output: The node whose value is kept; what it does not need any more is left out.
    """
    constant: set[str] = set()
    for node in graph_def.node:
        sources = {name.split(":")[0] for name in node.input}
        if node.op == "Const" or (sources and sources <= constant):
            constant.add(node.name)
    wanted = sorted(
        {
            name
            for node in graph_def.node
            if node.name not in constant
            for name in node.input
            if name in constant and graph.get_operation_by_name(name).type != "Const"
        }
    )
    with tf.Session(graph=graph, config=session_config()) as session:
        values = dict(zip(wanted, session.run([name + ":0" for name in wanted])))
    for node in graph_def.node:
        if node.name in values:
            folded = tf.NodeDef(name=node.name, op="Const")
            folded.attr["dtype"].type = tf.as_dtype(values[node.name].dtype).as_datatype_enum
            folded.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values[node.name]))
            node.CopyFrom(folded)
    return reachable(graph_def, output)


def deduplicate_constants(graph_def: tf.GraphDef, output: str) -> tf.GraphDef:
    """Merges constants of the same value, and drops what inference has no use for.

    Dropped are nodes that only pass their input on, attributes of training, and attributes that
    TensorFlow 1.15 does not know.

    Args:
        graph_def: A frozen graph, in topological order.
        output: The node that is kept in any case.
    """
    result = tf.GraphDef()
    replaced: dict[str, str] = {}  # name of a dropped node -> name of what is used instead
    first: dict[bytes, str] = {}  # value -> name of the constant that is kept
    result.versions.CopyFrom(graph_def.versions)
    for node in graph_def.node:
        if node.op in PASSTHROUGH_OPS and node.name != output:
            replaced[node.name] = replaced.get(node.input[0], node.input[0])
            continue
        if node.op == "Const":
            value = node.attr["value"].SerializeToString()
            if first.setdefault(value, node.name) != node.name:
                replaced[node.name] = first[value]
                continue
        result.node.add().CopyFrom(node)
    for node in result.node:
        node.input[:] = [replaced.get(name, name) for name in node.input]
        for name in NEWER_ATTRIBUTES + TRAINING_ATTRIBUTES:
            node.attr.pop(name, None)
    return result
