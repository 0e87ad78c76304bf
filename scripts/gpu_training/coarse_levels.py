"""The weights that dead coarse levels of the small network start with; see `revival`."""

from __future__ import annotations

from typing import Callable

import torch

from pwcnet.model.config import ESTIMATOR_CHANNELS, LEAKY_SLOPE, WARP_SCALE
from scripts.gpu_training.network import PWCNet
from scripts.gpu_training.operations import cost_volume_in_rows
from scripts.gpu_training.variables import CHANNELS, COSTS, SUFFIXES, parameter
from scripts.gpu_training.weights import upsample_bilinearly

LOWEST = 4  # the coarsest level that works
NOISE = 0.3  # of the kernels beside those that smooth, relative to random ones
UP_FEATURES = 0.02  # standard deviation of random kernels of up_feat


def absorb_flow(network: PWCNet, flow: torch.Tensor) -> None:
    """Makes level 4's estimator ignore the flow from above, which was `flow` [2] everywhere."""
    kernel, bias = _weights(network, "predict_flow/conv%d_0" % LOWEST)
    at = COSTS + CHANNELS[LOWEST]
    bias += (kernel[:, at : at + 2].sum((2, 3)) * flow).sum(1)
    kernel[:, at : at + 2] = 0


def start_features(
    network: PWCNet, first: torch.Tensor, second: torch.Tensor, log: Callable[[str], None]
) -> None:
    """The pyramid's levels 5 and 6: level 4 smoothed, and new channels.

    Args:
        network: the small one.
        first: [B, 96, h, w], features of level 4 of frames 1, to scale the new ones by.
        second: those of frames 2.
        log: is told the scales.
    """
    taps = torch.tensor([0.25, 0.5, 0.25])
    smooth = torch.outer(taps, taps)
    spread = _spread(first, second)
    copied, frames = CHANNELS[LOWEST], [first, second]
    for level in (5, 6):
        for suffix in SUFFIXES:
            kernel, bias = _weights(network, "featpyr/conv%d%s" % (level, suffix))
            _randomize(kernel, 1.0)
            bias.zero_()
            kernel[:copied].mul_(NOISE)
            for channel in range(copied):
                if suffix == "a":
                    kernel[channel, channel] += smooth
                else:
                    kernel[channel, channel, 1, 1] += 1
        copied = CHANNELS[level]
        reached = [network.pyramid(frame, level, level)[level] for frame in frames]
        ratio = (spread / _spread(*reached)) ** 0.5
        kernel.mul_(ratio)  # costs of this level vary as those of level 4
        frames = [network.pyramid(frame, level, level)[level] for frame in frames]
        log("level %d: features scaled by %.3f" % (level, ratio))


def _spread(first, second):
    return cost_volume_in_rows(first, second).std(1).mean()


def start_estimators(
    network: PWCNet, features: torch.Tensor, up_features: torch.Tensor, copy_heads: bool
) -> None:
    """Estimators and upsampling of levels 6 and 5.

    Args:
        network: the small one.
        features: [96], level 4's mean.
        up_features: [2], the features that level 4 has had from above.
        copy_heads: take level 4's flow head instead of zeros.
    """
    inputs = COSTS + CHANNELS[LOWEST]
    read, _ = _weights(network, "predict_flow/conv%d_0" % LOWEST)
    for level in (6, 5):
        for index in range(len(ESTIMATOR_CHANNELS)):
            layer = "predict_flow/conv%d_%d"
            (kernel, bias), source = (
                _weights(network, layer % (each, index)) for each in (level, LOWEST)
            )
            bias.copy_(source[1])
            if index:
                kernel.copy_(source[0])
        kernel, bias = _weights(network, "predict_flow/conv%d_0" % level)
        _randomize(kernel, 0.3)
        kernel[:, :COSTS] = read[:, :COSTS]
        if level == 5:
            kernel[:, COSTS:inputs] = read[:, COSTS:inputs]
            at = COSTS + CHANNELS[5]
            kernel[:, at : at + 2] = 0
        else:  # level 6 reads costs alone; its features count as their mean
            bias += (read[:, COSTS:inputs].sum((2, 3)) * features).sum(1)
        _start_heads(network, level, up_features, copy_heads)


def _start_heads(network, level, up_features, copy_heads):
    heads, source = (_weights(network, "predict_flow/flow%d" % each) for each in (level, LOWEST))
    for value, other in zip(heads, source):
        if copy_heads:
            value.copy_(other)
        else:
            value.zero_()
    upsample_bilinearly(network, level)
    network.weights[parameter("upsample/up_flow%d" % level, "bias")].zero_()
    kernel, bias = _weights(network, "upsample/up_feat%d" % level)
    if copy_heads or level == 6:
        torch.nn.init.normal_(kernel, std=UP_FEATURES)
    else:
        kernel.zero_()
    bias.copy_(up_features)


def carry_flow(
    network: PWCNet, level: int, activity: list, log: Callable[[str], None] = print
) -> None:
    """Makes a level's flow that from above and what its estimator finds after the warp.

    Four channels of each layer of the estimator, the least used, carry the flow from above and its
    negative, which the leaky ReLU leaves whole together, to the flow head.

    Args:
        network: the small one.
        level: 5 or 4.
        activity: [C] for each layer, mean absolute values of its channels.
        log: is told how much the channels did.
    """
    weights, last = network.weights, len(ESTIMATOR_CHANNELS) - 1
    before = None
    for index in range(last + 1):
        kernel, bias = _weights(network, "predict_flow/conv%d_%d" % (level, index))
        after = "flow%d" % level if index == last else "conv%d_%d" % (level, index + 1)
        following = weights[parameter("predict_flow/" + after, "kernel")]
        up_features = weights[parameter("upsample/up_feat%d" % level, "kernel")]
        use = following.abs().sum((0, 2, 3))
        if index == last:
            use = use * 20 + up_features.abs().sum((1, 2, 3))
        use = activity[index] * use
        chosen = torch.argsort(use)[:4].tolist()
        log(
            "level %d, layer %d: channels given away did %.4f of it"
            % (level, index, use[chosen].sum() / use.sum().clamp(min=1e-12))
        )
        kernel[chosen], bias[chosen], following[:, chosen] = 0, 0, 0
        if index == last:
            up_features[chosen] = 0
        _carry(kernel, chosen, before, COSTS + CHANNELS[level])
        before = chosen
    head = weights[parameter("predict_flow/flow%d" % level, "kernel")]
    scale = -(WARP_SCALE / 2**level) / (1 + LEAKY_SLOPE)
    head[1, before[0], 1, 1], head[1, before[1], 1, 1] = scale, -scale  # the flow's swap
    head[0, before[2], 1, 1], head[0, before[3], 1, 1] = scale, -scale


def _carry(kernel, chosen, before, at):
    """Lets the channels `chosen` be those `before`, or the flow from above at inputs at, at + 1."""
    for axis, pair in enumerate((0, 2)):
        for k, sign in ((0, 1), (1, -1)):
            target = kernel[chosen[pair + k]]
            if before is None:
                target[at + axis, 1, 1] = sign
            else:
                target[before[pair], 1, 1] = sign / (1 + LEAKY_SLOPE)
                target[before[pair + 1], 1, 1] = -sign / (1 + LEAKY_SLOPE)


def _weights(network, layer):
    return network.weights[parameter(layer, "kernel")], network.weights[parameter(layer, "bias")]


def _randomize(kernel, gain):
    """He's initialization times a gain."""
    kernel.copy_(torch.randn_like(kernel) * gain * (2.0 / kernel[0].numel()) ** 0.5)
