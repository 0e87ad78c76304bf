"""PWC-Net, coarse to fine (Sun et al. 2018, arXiv 1709.02371; variable names and details as in tfoptflow)."""

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


def pwc_net(pair, config=ModelConfig.large(), target="host"):
    """Optical flow from the first frame of each pair to the second.

    pair: [B, 2, H, W, 3] RGB in 0..1, static shape, H and W multiples of 64. Float32; with bfloat16 or float16, features and costs are computed in that type,
    flows and the coordinates of the warp in float32 all the same (256 columns have no fractions in bfloat16).
    Returns (flow, pyramid). flow: [B, H, W, 2] float32, pixels of the input, channels (u, v): right and down positive.
    target: "host" computes costs and dilated convolutions as is fastest on a CPU or GPU, "ascend" in ops that have been seen to work there; the numbers are
    the same.
    pyramid: five flows [B, H / 2^l, W / 2^l, 2] float32 for levels l = 6, 5, 4, 3, 2, each in pixels of its level.
    Builds into the current graph; variables go under `pwcnet/`. Raises ValueError for another shape.
    """
    return flow_between(*pair_features(pair), config=config, target=target)


def pair_features(pair):
    """The features of the first frames and of the second ones, each as `pyramid_of` gives them. pair: as of `pwc_net`, which raises the same."""
    batch, _, _ = _checked_size(pair)
    frames = tf.concat(
        [pair[:, 0], pair[:, 1]], axis=0
    )  # both frames as one batch: all first ones, then all second ones
    features = pyramid_of(frames)
    halves = {
        level: [
            tf.slice(f, [start, 0, 0, 0], [batch] + f.shape.as_list()[1:]) for start in (0, batch)
        ]
        for level, f in features.items()
    }
    return tuple({level: both[which] for level, both in halves.items()} for which in (0, 1))


def pyramid_of(frames):
    """The features of frames [N, H, W, 3] at the levels where flow is predicted: {level: [N, H / 2^level, W / 2^level, C]}."""
    with tf.variable_scope("pwcnet", reuse=tf.AUTO_REUSE):
        features = feature_pyramid(frames)
    return {level: features[level] for level in LEVELS}


def flow_between(first, second, config, target="host"):
    """(flow, pyramid) as `pwc_net` from the features of both frames, each as `pyramid_of` gives them."""
    with tf.variable_scope("pwcnet", reuse=tf.AUTO_REUSE):
        pyramid = _coarse_to_fine(first, second, config, target)
    scale = 2**FLOW_LEVEL
    _, height, width, _ = pyramid[-1].shape.as_list()
    # TensorFlow 1's legacy sampling; the raw op, as tf.image.resize_bilinear warns of its age.
    flow = tf.raw_ops.ResizeBilinear(
        images=pyramid[-1],
        size=[height * scale, width * scale],
        align_corners=False,
        half_pixel_centers=False,
    )
    return flow * float(scale), pyramid


def _coarse_to_fine(first, second, config, target):
    """The five levels' flows, level 6 first."""
    pyramid = []
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
                up_flow, up_feat = deconv(flow, "up_flow%d" % level), deconv(x, "up_feat%d" % level)
    return pyramid


def _checked_size(pair):
    shape = pair.shape.as_list() if pair.shape.ndims is not None else None
    if shape is None or len(shape) != 5 or None in shape or shape[1] != 2 or shape[4] != 3:
        raise ValueError("expected a pair of static shape [B, 2, H, W, 3], got %s" % (shape,))
    if shape[2] % SIZE_MULTIPLE or shape[3] % SIZE_MULTIPLE:
        raise ValueError(
            "expected height and width in multiples of %d, got %dx%d; pad the frames (pwcnet.flow.padding)"
            % (SIZE_MULTIPLE, shape[2], shape[3])
        )
    return shape[0], shape[2], shape[3]
