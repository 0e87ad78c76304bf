"""What the channels of activations are divided by, so that one int8 scale serves them all.

int8 has one scale for all channels that a convolution reads: the largest channel sets it, and
leaves few steps to the others. A leaky ReLU passes positive factors on, so that a layer may divide
its channels and the next one multiply: the flow stays, and the channels come nearer to each other.
Equalization as Nagel et al. 2019, arXiv 1906.04721, but by the activations of generated scenes.
"""

from __future__ import annotations

import re
from typing import Iterable

import numpy as np

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.model.lite_network import lite_pwc_net
from pwcnet.runtime.devices import session_config
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint

SCENES = (201, 202, 203, 204)  # numbers of scenes; activations differ little with the frames' size
HEIGHT, WIDTH, MAX_MOTION = 256, 512, 16.0
EXPONENT = 0.5  # 1 makes the channels equal; rare values then count as much as frequent ones
SMALLEST = 0.1  # of the largest channel: a channel with less may yet see more
LAYER_OUTPUT = re.compile(r"/(conv\d_\d|dc_conv\d\d)/LeakyRelu$")


def channel_divisors(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    """Computes the divisors of pwcnet.model.lite_network for a checkpoint, from generated scenes.

    Returns:
        {"conv2_0": [128] float32 in 0..1} of all layers of estimators and context networks.

    Raises:
        ValueError: A weight is missing or not readable.
    """
    return {
        name: divisors(maxima) for name, maxima in channel_maxima(checkpoint, scene_pairs()).items()
    }


def divisors(maxima: np.ndarray) -> np.ndarray:
    """Computes divisors from the largest absolute values of the channels."""
    largest = maxima.max()
    if largest == 0:
        return np.ones_like(maxima)
    return (np.maximum(maxima / largest, SMALLEST) ** EXPONENT).astype(np.float32)


def scene_pairs() -> Iterable[np.ndarray]:
    """Generates pairs [1, 2, H, W, 3] float32 in 0..1."""
    for number in SCENES:
        frames = demo_scene(number, HEIGHT, WIDTH, 2, MAX_MOTION).frames
        yield np.stack(frames)[np.newaxis].astype(np.float32) / 255


def channel_maxima(checkpoint: Checkpoint, pairs: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """Returns each layer's largest absolute values by channel, over all pairs."""
    settings = session_config(device="cpu")
    # TensorFlow's own fusion of a convolution, a sum and a leaky ReLU takes another slope on some
    # CPUs.
    rewriting = settings.graph_options.rewrite_options
    rewriting.remapping = rewriting.OFF
    with tf.Graph().as_default() as graph, tf.Session(config=settings) as session:
        x = tf.placeholder(tf.float32, [1, 2, HEIGHT, WIDTH, 3])
        with checkpoint.as_constants():
            lite_pwc_net(x, checkpoint.config)
        layers = {}
        for operation in graph.get_operations():
            match = LAYER_OUTPUT.search(operation.name)
            if match:
                layers[match.group(1)] = tf.reduce_max(tf.abs(operation.outputs[0]), [0, 1, 2])
        found = [session.run(layers, {x: pair}) for pair in pairs]
    return {name: np.max([maxima[name] for maxima in found], axis=0) for name in layers}
