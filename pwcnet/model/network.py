"""PWC-Net, coarse to fine (Sun et al. 2018, arXiv 1709.02371).

Variable names and details are tfoptflow's, so that its checkpoints load and give the same flow.
"""

from __future__ import annotations

from typing import Dict

from pwcnet.model.config import (
    FLOW_LEVEL,
    LEVELS,
    SIZE_MULTIPLE,
    TOP_LEVEL,
    WARP_SCALE,
    ModelConfig,
)
from pwcnet.model.context import context_residual
from pwcnet.model.cost_volume import cost_volume
from pwcnet.model.estimator import estimate_flow
from pwcnet.model.layers import deconv
from pwcnet.model.pyramid import feature_pyramid
from pwcnet.model.warp import warp
from pwcnet.runtime.tensorflow import tf

Features = Dict[int, "tf.Tensor"]  # level -> [N, H / 2^level, W / 2^level, C]


def pwc_net(
    pair: tf.Tensor, config: ModelConfig | None = None, target: str = "host"
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Builds the network: optical flow from the first frame of each pair to the second.

    It builds into the current graph; variables go under `pwcnet/` and are shared by all networks of
    one graph. Eager code and `tf.function` need the weights as constants
    (`pwcnet.weights.checkpoint.Checkpoint.as_constants`) or from another custom getter.

    Args:
        pair: [B, 2, H, W, 3] RGB in 0..1, static shape but for B, which must be known for the
            target "ascend" alone; H and W multiples of 64. In float32, or in bfloat16 or float16:
            then features and costs are computed in that type, but flows and the warp's coordinates
            in float32 (256 columns have no fractions in bfloat16).
        config: The variant; None for the large one.
        target: "host" computes costs and dilated convolutions as is fastest on a CPU or GPU,
            "ascend" with operations that have been seen to work there. The numbers are the same.

    Returns:
        flow: [B, H, W, 2] float32, pixels of the input, channels (u, v): right and down positive.
        pyramid: Five flows [B, H / 2^l, W / 2^l, 2] float32 of levels l = 6, 5, 4, 3, 2, each in
            pixels of its level.

    Raises:
        ValueError: The pair has another shape, or nothing would load or train the variables.
    """
    _check_pair(pair, target)
    return flow_between(*pair_features(pair), config=config or ModelConfig.large(), target=target)


def pair_features(pair: tf.Tensor) -> tuple[Features, Features]:
    """Computes the features of the first and of the second frames, as `frame_features` does.

    Args:
        pair: As of `pwc_net`.

    Raises:
        ValueError: The pair has another shape.
    """
    _check_pair(pair)
    batch = pair.shape.as_list()[0]
    frames = tf.concat([pair[:, 0], pair[:, 1]], axis=0)  # one batch: first frames, second frames
    features = frame_features(frames)
    first, second = {}, {}
    for level, both in features.items():
        if batch is None:
            first[level], second[level] = tf.split(both, 2)
            continue
        size = [batch, *both.shape.as_list()[1:]]
        first[level] = tf.slice(both, [0, 0, 0, 0], size)
        second[level] = tf.slice(both, [batch, 0, 0, 0], size)
    return first, second


def frame_features(frames: tf.Tensor) -> Features:
    """Computes the features of frames at the levels where flow is predicted.

    Args:
        frames: [N, H, W, 3] floating RGB in 0..1, H and W multiples of 64.

    Returns:
        {level: [N, H / 2^level, W / 2^level, C]} of the frames' type, for levels 6 to 2.
    """
    with tf.variable_scope("pwcnet", reuse=tf.AUTO_REUSE):
        features = feature_pyramid(frames)
    return {level: features[level] for level in LEVELS}


def flow_between(
    first: Features, second: Features, config: ModelConfig, target: str = "host"
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Predicts flow from the features of both frames.

    Args:
        first: The first frames' features, as `frame_features` gives them.
        second: The second frames' features.
        config: The variant.
        target: As of `pwc_net`.

    Returns:
        (flow, pyramid), as `pwc_net`.
    """
    with tf.variable_scope("pwcnet", reuse=tf.AUTO_REUSE):
        pyramid = _coarse_to_fine(first, second, config, target)
    _, height, width, _ = pyramid[-1].shape.as_list()
    scale = 2**FLOW_LEVEL
    # TensorFlow 1's legacy sampling, as in tfoptflow; tf.image.resize_bilinear is deprecated.
    flow = tf.raw_ops.ResizeBilinear(
        images=pyramid[-1],
        size=[height * scale, width * scale],
        align_corners=False,
        half_pixel_centers=False,
    )
    return flow * float(scale), pyramid


def _coarse_to_fine(
    first: Features, second: Features, config: ModelConfig, target: str
) -> list[tf.Tensor]:
    """The flows of the five levels, level 6 first."""
    pyramid = []
    up_flow = up_feat = None
    for level in LEVELS:
        if level == TOP_LEVEL:
            x = cost_volume(first[level], second[level], target=target)
        else:
            warped = warp(second[level], up_flow * (WARP_SCALE / 2**level))
            cost = cost_volume(first[level], warped, target=target)
            x = tf.concat([cost, first[level], tf.cast(up_flow, cost.dtype), up_feat], axis=-1)
        flow, x = estimate_flow(x, level, config.dense)
        if config.has_context(level):
            flow += context_residual(x, level, target)
        pyramid.append(flow)
        if level != FLOW_LEVEL:
            with tf.variable_scope("upsample"):
                up_flow = deconv(flow, "up_flow%d" % level)
                up_feat = deconv(x, "up_feat%d" % level)
    return pyramid


def _check_pair(pair: tf.Tensor, target: str = "host") -> None:
    """Raises ValueError for a shape that the network does not take."""
    shape = pair.shape.as_list() if pair.shape.ndims is not None else None
    if shape is None or len(shape) != 5 or None in shape[1:] or shape[1] != 2 or shape[4] != 3:
        raise ValueError("A pair has the static shape [B, 2, H, W, 3], not %s" % shape)
    if shape[0] is None and target != "host":
        raise ValueError("The target %s needs a known number of pairs, not %s" % (target, shape))
    if shape[2] % SIZE_MULTIPLE or shape[3] % SIZE_MULTIPLE:
        raise ValueError(
            "The pair has %dx%d pixels (height x width), which must be multiples of %d; pad the "
            "frames (pwcnet.flow.padding)" % (shape[2], shape[3], SIZE_MULTIPLE)
        )
