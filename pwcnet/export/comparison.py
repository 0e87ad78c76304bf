"""Comparison of an exported program with its checkpoint: pairs to try, tolerances, the flows."""

from __future__ import annotations

import cv2
import numpy as np

from pwcnet.flow.padding import crop, pad, padded_size
from pwcnet.model.network import pwc_net
from pwcnet.runtime.devices import session_config
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint

INPUT = "x_tnsr"
# How far a program's flow may be from the checkpoint's: pixels, or a share of the largest flow
# where that is more.
LARGEST_DIFFERENCE, LARGEST_SHARE = 1e-3, 1e-4
CHECK_SEED = 0


def allowed_difference(largest_flow: float) -> float:
    """Returns how many pixels rounding may make between two graphs of the same network."""
    return max(LARGEST_DIFFERENCE, LARGEST_SHARE * largest_flow)


def smooth_pairs(batch: int, height: int, width: int) -> np.ndarray:
    """Makes pairs of random blobs, the same for the same size.

    Returns:
        [batch, 2, height, width, 3] float32 in 0..1. The second frame is the first, moved by 2
        pixels down and 3 pixels to the right, around the border.
    """
    random = np.random.RandomState(CHECK_SEED)
    coarse = random.rand(batch, -(-height // 16), -(-width // 16), 3).astype(np.float32)
    first = np.stack(
        [
            np.clip(cv2.resize(blobs, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
            for blobs in coarse
        ]
    )
    return np.stack([first, np.roll(first, (2, 3), axis=(1, 2))], axis=1)


def noise_pairs(batch: int, height: int, width: int) -> np.ndarray:
    """Makes pairs of white noise, [batch, 2, height, width, 3] float32 in 0..1, always the same."""
    random = np.random.RandomState(CHECK_SEED)
    return random.rand(batch, 2, height, width, 3).astype(np.float32)


def checkpoint_flow(checkpoint: Checkpoint, pairs: np.ndarray) -> np.ndarray:
    """Computes flow with the network restored from a checkpoint into variables.

    Args:
        checkpoint: An open checkpoint or archive.
        pairs: [B, 2, H, W, 3] float32 in 0..1, any size: padded with zeros to multiples of 64.

    Returns:
        [B, H, W, 2] float32, pixels.
    """
    height, width = pairs.shape[2:4]
    padded = pad(pairs, *padded_size(height, width))
    with tf.Graph().as_default(), tf.Session(config=session_config()) as session:
        x = tf.placeholder(tf.float32, padded.shape)
        flow, _ = pwc_net(x, checkpoint.config)
        checkpoint.restore(session, tf.trainable_variables())
        return crop(session.run(flow, {x: padded}), height, width)
