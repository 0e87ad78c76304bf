"""PWC-Net in PyTorch, layer for layer the network of pwcnet/model."""

from __future__ import annotations

from typing import Mapping

import torch
import torch.nn.functional as F

from pwcnet.model.config import (
    CONTEXT_LAYERS,
    ESTIMATOR_CHANNELS,
    FLOW_LEVEL,
    LEAKY_SLOPE,
    TOP_LEVEL,
    WARP_SCALE,
    ModelConfig,
)
from scripts.gpu_training.operations import COST_VOLUMES, dilated_convolution, enlarge, warp
from scripts.gpu_training.variables import SUFFIXES, initialize, kernel_shapes, parameter


class PWCNet(torch.nn.Module):
    """The network; random weights, as the published initializers draw them.

    Args:
        config: the variant.
        channel_multiple: the channels that convolutions read are filled up with zeros to a multiple
            of it (8 suits bfloat16 on tensor cores).
        costs: a key of COST_VOLUMES.
        dilated: "direct", or "batch" for `dilated_convolution`.

    The last three are ways to compute the same.
    """

    def __init__(
        self,
        config: ModelConfig,
        channel_multiple: int = 1,
        costs: str = "rows",
        dilated: str = "direct",
    ):
        super().__init__()
        self.config = config
        self.channel_multiple, self.costs, self.dilated = channel_multiple, costs, dilated
        self.weights = torch.nn.ParameterDict()
        for layer, shape in kernel_shapes(config).items():
            transposed = layer.startswith("upsample")
            kernel = torch.empty(shape[3], shape[2], shape[0], shape[1])
            initialize(kernel, layer, shape)
            bias = torch.zeros(2 if transposed else shape[3])
            self.weights[parameter(layer, "kernel")] = torch.nn.Parameter(kernel)
            self.weights[parameter(layer, "bias")] = torch.nn.Parameter(bias)

    def convolution(
        self,
        x: torch.Tensor,
        layer: str,
        stride: int = 1,
        dilation: int = 1,
        activation: bool = True,
    ) -> torch.Tensor:
        """A layer's convolution, with the leaky ReLU unless `activation` is False."""
        if not activation and x.dtype != torch.float32:
            # Flow: bfloat16 would round 100 pixels by half a pixel.
            with torch.autocast(x.device.type, enabled=False):
                return self.convolution(x.float(), layer, stride, dilation, activation)
        kernel = self.weights[parameter(layer, "kernel")]
        bias = self.weights[parameter(layer, "bias")]
        if x.shape[1] > kernel.shape[1]:  # filled up with zeros
            kernel = F.pad(kernel, (0, 0, 0, 0, 0, x.shape[1] - kernel.shape[1]))
        if stride == 2:
            x = F.conv2d(F.pad(x, (0, 1, 0, 1)), kernel, bias, 2)  # TensorFlow's SAME, even sizes
        elif dilation > 1 and self.dilated == "batch":
            x = dilated_convolution(x, kernel, bias, dilation)
        else:
            x = F.conv2d(x, kernel, bias, 1, dilation, dilation)
        return F.leaky_relu(x, LEAKY_SLOPE) if activation else x

    def upsampling(self, x: torch.Tensor, layer: str) -> torch.Tensor:
        """A layer's transposed convolution, [B, C, H, W] to [B, 2, 2H, 2W]."""
        kernel = self.weights[parameter(layer, "kernel")]
        bias = self.weights[parameter(layer, "bias")]
        x = x[:, : kernel.shape[0]]
        if "up_flow" in layer and torch.is_autocast_enabled(x.device.type):
            with torch.autocast(x.device.type, enabled=False):
                return self.upsampling(x.float(), layer)
        return F.conv_transpose2d(x, kernel, bias, 2, 1)

    def pyramid(self, features: torch.Tensor, first: int = 1, last: int = TOP_LEVEL) -> dict:
        """{level: [B, C, h, w]} of levels `first` to `last` from those of the level before.

        Before level 1 come the frames, [B, 3, H, W] in 0..1.
        """
        levels = {}
        for level in range(first, last + 1):
            for suffix in SUFFIXES:
                stride = 2 if suffix == "a" else 1
                features = self.convolution(features, "featpyr/conv%d%s" % (level, suffix), stride)
            levels[level] = features
        return levels

    def estimate(self, level: int, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A level's estimator and context network.

        Args:
            level: 6 to 2.
            x: [B, C, h, w], costs, and what else the estimator reads.

        Returns:
            The flow [B, 2, h, w] in the network's unit, and the features [B, C', h, w] under it.
        """
        for index in range(len(ESTIMATOR_CHANNELS)):
            new = self.convolution(x, "predict_flow/conv%d_%d" % (level, index))
            x = torch.cat((new, x), 1) if self.config.dense else new
        flow = self.convolution(x, "predict_flow/flow%d" % level, activation=False)
        if not self.config.has_context(level):
            return flow, x
        context, last = x, len(CONTEXT_LAYERS)
        for index, (_, dilation) in enumerate(CONTEXT_LAYERS, 1):
            layer = "ctxt/dc_conv%d%d" % (level, index)
            context = self.convolution(context, layer, 1, dilation, index < last)
        return flow + context, x

    def read_by_estimator(
        self, level: int, first: torch.Tensor, second: torch.Tensor, above: tuple | None
    ) -> torch.Tensor:
        """What a level's estimator reads, [B, C, h, w].

        Args:
            level: 6 to 2.
            first: [B, C, h, w], features of frame 1.
            second: the same of frame 2.
            above: (flow, features) [B, 2, h, w] that the level above gave up; None for level 6.
        """
        cost_volume = COST_VOLUMES[self.costs]
        if above is None:
            return self._filled([F.leaky_relu(cost_volume(first, second), LEAKY_SLOPE)])
        up_flow, up_features = above
        cost = cost_volume(first, warp(second, up_flow * (WARP_SCALE / 2**level)))
        cost = F.leaky_relu(cost, LEAKY_SLOPE)
        return self._filled([cost, first, up_flow.to(cost.dtype), up_features])

    def decode(
        self, first: Mapping, second: Mapping, lowest: int = FLOW_LEVEL
    ) -> tuple[list, tuple | None]:
        """Flow from features, coarse to fine.

        Args:
            first: {level: [B, C, h, w]}, features of frame 1.
            second: the same of frame 2.
            lowest: the last level.

        Returns:
            The flows [B, 2, h, w] of levels 6 to `lowest`, in pixels of the level, and what the
            last of them gives to the level below (None for level 2): (flow, features), each
            [B, 2, 2h, 2w].
        """
        flows, above = [], None
        for level in range(TOP_LEVEL, lowest - 1, -1):
            x = self.read_by_estimator(level, first[level], second[level], above)
            flow, features = self.estimate(level, x)
            flows.append(flow)
            above = None
            if level > FLOW_LEVEL:
                above = (
                    self.upsampling(flow, "upsample/up_flow%d" % level),
                    self.upsampling(features, "upsample/up_feat%d" % level),
                )
        return flows, above

    def forward(self, pair: torch.Tensor) -> tuple[torch.Tensor, list, tuple[dict, dict]]:
        """The flow of pairs.

        Args:
            pair: [B, 2, 3, H, W], RGB in 0..1; H and W are multiples of 64.

        Returns:
            flow: [B, 2, H, W] float32, pixels, channels (u, v), from frame 1 to frame 2.
            flows: five of [B, 2, h, w], levels 6 to 2, in pixels of the level.
            features: {level: [B, C, h, w]} of frame 1, and of frame 2.
        """
        batch = pair.shape[0]
        both = self.pyramid(self._filled([torch.cat((pair[:, 0], pair[:, 1]))]))
        first = {level: features[:batch] for level, features in both.items()}
        second = {level: features[batch:] for level, features in both.items()}
        flows, _ = self.decode(first, second)
        scale = 2**FLOW_LEVEL
        return scale * enlarge(flows[-1].float(), scale), flows, (first, second)

    def _filled(self, parts):
        """The parts side by side, with channels of zeros up to a whole multiple."""
        missing = -sum(part.shape[1] for part in parts) % self.channel_multiple
        if missing:
            shape = parts[0].shape[0], missing, *parts[0].shape[2:]
            parts = [*parts, parts[0].new_zeros(shape)]
        return torch.cat(parts, 1) if len(parts) > 1 else parts[0]
