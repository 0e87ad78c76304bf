"""The network of a checkpoint as a function of TensorFlow 2 with named inputs and output."""

from __future__ import annotations

from typing import Any

from pwcnet.export.choices import PAIR
from pwcnet.export.comparison import INPUT
from pwcnet.export.signature import FIRST, FLOW, SECOND, Signature
from pwcnet.model.frames import cropped_flow, network_pair
from pwcnet.model.network import pwc_net
from pwcnet.model.ops import standard_gradients
from pwcnet.runtime.tensorflow import tensorflow_2, tf
from pwcnet.weights.checkpoint import Checkpoint


def network_function(checkpoint: Checkpoint, signature: Signature, **options: Any) -> Any:
    """Makes a `tf.function` whose weights are constants and whose gradients are TensorFlow's own.

    Args:
        checkpoint: An open checkpoint or archive.
        signature: The inputs.
        options: Of `tf.function`, such as jit_compile.

    Returns:
        A function with one input signature, from the inputs to {"flow": [B, H, W, 2] float32}.

    Raises:
        ValueError: This is TensorFlow 1, or the signature is none.
    """
    tf2 = tensorflow_2("An exported program")
    signature.check()
    specs = [
        tf2.TensorSpec(shape, signature.dtype(), name=name)
        for name, shape in signature.shapes().items()
    ]

    def from_pair(x_tnsr: tf.Tensor) -> dict[str, tf.Tensor]:
        with checkpoint.as_constants(), standard_gradients():
            return {FLOW: pwc_net(x_tnsr, checkpoint.config)[0]}

    def from_frames(first: tf.Tensor, second: tf.Tensor) -> dict[str, tf.Tensor]:
        pair, size = network_pair(first, second)
        return {FLOW: cropped_flow(from_pair(pair)[FLOW], size)}

    assert (INPUT, FIRST, SECOND) == ("x_tnsr", "first", "second")  # the arguments' names
    function = from_pair if signature.inputs == PAIR else from_frames
    return tf2.function(function, input_signature=specs, autograph=False, **options)
