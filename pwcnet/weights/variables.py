"""The network's variables: their names in checkpoints, their shapes, assignment of values."""

from __future__ import annotations

from collections import OrderedDict
from typing import Mapping, Sequence

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


def assign(session: tf.Session, variables: Sequence[tf.Variable], values: list[np.ndarray]) -> None:
    """Gives variables the values of arrays, in one run of the session."""
    with session.graph.as_default():
        placeholders = [tf.placeholder(v.dtype.base_dtype, v.shape) for v in variables]
        assignments = [tf.assign(v, p) for v, p in zip(variables, placeholders)]
        session.run(tf.group(*assignments), dict(zip(placeholders, values)))
