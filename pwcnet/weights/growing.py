"""A small network's weights as those of a larger one that begins by computing the same flow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Mapping, Sequence

import numpy as np

from pwcnet.model.config import CONTEXT_LAYERS, FLOW_LEVEL, ModelConfig

if TYPE_CHECKING:
    from pwcnet.weights.checkpoint import Checkpoint

CONTEXT_LAYER = re.compile(r"/dc_conv(\d)(\d)/")


class GrownWeights:
    """What a checkpoint's weights grow into, with the part of Checkpoint that writers need.

    Attributes:
        path: The checkpoint's.
        config: The larger variant.
        step: None: no training step made these weights.
    """

    def __init__(self, checkpoint: Checkpoint, config: ModelConfig):
        """Reads the weights of an open checkpoint or archive.

        Raises:
            ValueError: A weight is missing or not readable, or its variant is no part of config.
        """
        # Imports TensorFlow, without which `grown_weights` serves PyTorch too.
        from pwcnet.weights.variables import variable_shapes

        check_growth(checkpoint, config)
        self.path, self.config, self.step = checkpoint.path, config, None
        self._weights = grown_weights(checkpoint.weights(), variable_shapes(config))

    def weight(self, name: str, shape: Sequence[int]) -> np.ndarray:
        """Returns a variable's values, float32 of this shape."""
        return self._weights[name].reshape(shape)


def check_growth(checkpoint: Checkpoint, config: ModelConfig) -> None:
    """Checks that a checkpoint's variant is a part of a larger one.

    Raises:
        ValueError: It is not.
    """
    own = checkpoint.config
    parts = (own.dense, config.dense), (own.context_everywhere, config.context_everywhere)
    if own == config or any(part and not whole for part, whole in parts):
        raise ValueError(
            "%s holds weights of %s, which do not grow into %s"
            % (checkpoint.path, own.name, config.name)
        )


def check_grown(checkpoint: Checkpoint, config: ModelConfig) -> None:
    """Checks that a run that goes on has grown.

    Raises:
        ValueError: Its checkpoint is of another variant.
    """
    if checkpoint.config != config:
        raise ValueError(
            "%s holds weights of %s, which did not grow into %s"
            % (checkpoint.path, checkpoint.config.name, config.name)
        )


def grown_weights(
    weights: Mapping[str, np.ndarray], shapes: Mapping[str, Sequence[int]]
) -> dict[str, np.ndarray]:
    """Returns weights of a larger variant that compute what a smaller one's do.

    A kernel takes the smaller one's in its first input channels, where a dense estimator has the
    output of the layer before, and zeros in the others. The context networks of levels that had
    none are copies of level 2's, whose last layer adds nothing yet. Both get gradients from the
    first step on.

    Args:
        weights: {name in checkpoints: float32 array} of the smaller variant.
        shapes: {name: shape} of the larger one, as of pwcnet.weights.variables.variable_shapes.

    Returns:
        {name: float32 array} in the order of shapes.

    Raises:
        ValueError: The weights are those of a variant that is no part of the larger one.
    """
    grown = {}
    for name, shape in shapes.items():
        source = weights.get(name)
        if source is None:
            source = _of_a_new_context(weights, name)
        if len(source.shape) != len(shape) or any(a > b for a, b in zip(source.shape, shape)):
            raise ValueError(
                "%s of shape %s does not fit into shape %s" % (name, source.shape, tuple(shape))
            )
        grown[name] = np.zeros(shape, np.float32)
        grown[name][tuple(slice(length) for length in source.shape)] = source
    return grown


def _of_a_new_context(weights: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """The start of a variable that only the larger variant has."""
    match = CONTEXT_LAYER.search(name)
    counterpart = CONTEXT_LAYER.sub(r"/dc_conv%d\2/" % FLOW_LEVEL, name)
    if match is None or counterpart not in weights:
        raise ValueError("no weights that %s could grow from" % name)
    source = weights[counterpart]
    return np.zeros_like(source) if int(match.group(2)) == len(CONTEXT_LAYERS) else source
