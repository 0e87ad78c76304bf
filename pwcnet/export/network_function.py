"""The network of a checkpoint as a function of TensorFlow 2 with named inputs and output."""

from __future__ import annotations

from typing import Any

from pwcnet.export.choices import PAIR, UINT8_FRAMES
from pwcnet.export.comparison import INPUT
from pwcnet.export.signature import FIRST, FLOW, SECOND, Signature
from pwcnet.flow.padding import padded_size
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

    def flow_of(pair: tf.Tensor) -> dict[str, tf.Tensor]:
        with checkpoint.as_constants(), standard_gradients():
            flow, _ = pwc_net(pair, checkpoint.config)
        height, width = signature.size
        return {FLOW: flow[:, :height, :width] if signature.inputs != PAIR else flow}

    def from_pair(x_tnsr: tf.Tensor) -> dict[str, tf.Tensor]:
        return flow_of(x_tnsr)

    def from_frames(first: tf.Tensor, second: tf.Tensor) -> dict[str, tf.Tensor]:
        return flow_of(tf.stack([_network_input(f, signature) for f in (first, second)], axis=1))

    assert (INPUT, FIRST, SECOND) == ("x_tnsr", "first", "second")  # the arguments' names
    function = from_pair if signature.inputs == PAIR else from_frames
    return tf2.function(function, input_signature=specs, autograph=False, **options)


def _network_input(frames: tf.Tensor, signature: Signature) -> tf.Tensor:
    """Frames in 0..1, with zeros at the bottom and at the right up to multiples of 64."""
    if signature.inputs == UINT8_FRAMES:
        frames = tf.cast(frames, tf.float32) / 255.0
    height, width = signature.size
    rows, columns = padded_size(height, width)
    if (rows, columns) == (height, width):
        return frames
    return tf.pad(frames, [[0, 0], [0, rows - height], [0, columns - width], [0, 0]])
