"""The network's variables: their names in checkpoints, their shapes, assignment of values."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, ContextManager, Mapping, Sequence

import numpy as np

from pwcnet.model.config import SIZE_MULTIPLE, ModelConfig
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import tf

NETWORK_SCOPE = "pwcnet/"


def stored_name(name: str) -> str:
    """Returns a variable's name in checkpoints: without the scopes around the network."""
    return name[name.rfind("/" + NETWORK_SCOPE) + 1 :]


def variable_shapes(config: ModelConfig) -> Mapping[str, tuple[int, ...]]:
    """Returns {name: shape} of the network's variables, in the order of their creation."""
    with tf.Graph().as_default():
        pwc_net(tf.zeros([1, 2, SIZE_MULTIPLE, SIZE_MULTIPLE, 3]), config)
        return OrderedDict((v.op.name, tuple(v.shape.as_list())) for v in tf.trainable_variables())


def supplied_weights(weights: Mapping[str, Any]) -> ContextManager:
    """Returns a variable scope in which the network takes these weights instead of variables.

    It serves in a graph, in a `tf.function` and in eager code. Variables of others are created as
    usual.

    Args:
        weights: {name in checkpoints: tensor or variable}, float32.
    """

    def supply(getter: Any, name: str, *arguments: Any, **options: Any) -> Any:
        if stored_name(name) in weights:
            return weights[stored_name(name)]
        return getter(name, *arguments, **options)

    return tf.variable_scope(tf.get_variable_scope(), custom_getter=supply)


def initial_weights(config: ModelConfig, seed: int | None = None) -> dict[str, np.ndarray]:
    """Returns {name: float32 array} of random weights, as training from scratch starts.

    Args:
        config: The variant.
        seed: Of the random numbers; None for others each time.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(seed)
        pwc_net(tf.zeros([1, 2, SIZE_MULTIPLE, SIZE_MULTIPLE, 3]), config)
        session.run(tf.global_variables_initializer())
        variables = tf.trainable_variables()
        return dict(zip((v.op.name for v in variables), session.run(variables)))


def assign(session: tf.Session, variables: Sequence[tf.Variable], values: list[np.ndarray]) -> None:
    """Gives variables the values of arrays, in one run of the session."""
    with session.graph.as_default():
        placeholders = [tf.placeholder(v.dtype.base_dtype, v.shape) for v in variables]
        assignments = [tf.assign(v, p) for v, p in zip(variables, placeholders)]
        session.run(tf.group(*assignments), dict(zip(placeholders, values)))
