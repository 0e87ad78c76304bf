"""The network's operations in PyTorch: cost volume, warp, resizing, dilated convolution.

Source: pwcnet/model, whose numbers they have. Some are written in two ways that compute the same,
of which one or the other is faster on a GPU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from pwcnet.model.config import SEARCH_RANGE

SIDE = 2 * SEARCH_RANGE + 1


def cost_volume_in_rows(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Correlation of the features of two frames, one row of displacements after another.

    Args:
        first: [B, C, H, W], features of frame 1.
        second: [B, C, H, W], features of frame 2; 0 outside.

    Returns:
        [B, 81, H, W], the mean over C; channel (dy + 4) * 9 + dx + 4.
    """
    height = first.shape[2]
    padded = F.pad(second, (SEARCH_RANGE,) * 4)
    costs = []
    for dy in range(SIDE):
        windows = padded[:, :, dy : dy + height].unfold(3, SIDE, 1)  # [B, C, H, W, 9], a view
        costs.append((first[..., None] * windows).sum(1))
    return torch.cat(costs, -1).permute(0, 3, 1, 2) / first.shape[1]


def cost_volume_in_tiles(first: torch.Tensor, second: torch.Tensor, tile: int = 16) -> torch.Tensor:
    """The same by products of small matrices, which suits tensor cores.

    `tile` neighbours of frame 1 are multiplied with the tile + 8 of frame 2 that they can meet in a
    row; nine diagonals of the product are kept.
    """
    batch, channels, height, width = first.shape
    across, row = -(-width // tile), tile + SIDE - 1
    missing = across * tile - width
    left = F.pad(first, (0, missing)).permute(0, 2, 3, 1)
    left = left.reshape(batch, height, across, tile, channels)
    border = (SEARCH_RANGE, SEARCH_RANGE + missing, SEARCH_RANGE, SEARCH_RANGE)
    padded = F.pad(second, border).permute(0, 2, 3, 1)  # [B, H + 8, W' + 8, C]
    tiles = padded.unfold(2, row, tile)  # [B, H + 8, across, C, tile + 8]
    diagonals = height * across * tile * row, across * tile * row, tile * row, row + 1, 1
    costs = []
    for dy in range(SIDE):
        product = torch.matmul(left, tiles[:, dy : dy + height]).contiguous()
        costs.append(product.as_strided((batch, height, across, tile, SIDE), diagonals))
    joined = torch.cat(costs, -1).reshape(batch, height, across * tile, SIDE * SIDE)
    return joined[:, :, :width].permute(0, 3, 1, 2) / channels


COST_VOLUMES = {"rows": cost_volume_in_rows, "tiles": cost_volume_in_tiles}


def dilated_convolution(
    x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor, dilation: int
) -> torch.Tensor:
    """`F.conv2d(x, kernel, bias, 1, dilation, dilation)` by dense convolutions.

    Every dilation-th pixel of x [B, C, H, W] becomes an image of its own.
    """
    batch, channels, height, width = x.shape
    h, w = -(-height // dilation), -(-width // dilation)
    x = F.pad(x, (0, w * dilation - width, 0, h * dilation - height)).permute(0, 2, 3, 1)
    x = x.reshape(batch, h, dilation, w, dilation, channels).permute(0, 2, 4, 1, 3, 5)
    x = x.reshape(batch * dilation**2, h, w, channels).permute(0, 3, 1, 2)
    x = F.conv2d(x, kernel, bias, 1, 1).permute(0, 2, 3, 1)
    x = x.reshape(batch, dilation, dilation, h, w, -1).permute(0, 3, 1, 4, 2, 5)
    x = x.reshape(batch, h * dilation, w * dilation, -1).permute(0, 3, 1, 2)
    return x[:, :, :height, :width]


def warp(image: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """image [B, C, H, W] at (y - flow[0], x - flow[1]), its border repeated.

    The swap and the sign are those of the published network; flow [B, 2, H, W] is in pixels.
    """
    height, width = image.shape[2:]
    rows = torch.arange(height, device=image.device, dtype=torch.float32)
    columns = torch.arange(width, device=image.device, dtype=torch.float32)
    y = rows[:, None] - flow[:, 0].float()
    x = columns[None, :] - flow[:, 1].float()
    grid = torch.stack((2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1), -1)
    warped = F.grid_sample(
        image.float(), grid, mode="bilinear", padding_mode="border", align_corners=True
    )
    return warped.to(image.dtype)


def enlarge(x: torch.Tensor, factor: int) -> torch.Tensor:
    """x [B, C, H, W] by a whole factor, as TensorFlow 1 resizes: no half-pixel centres."""
    height, width = x.shape[2:]
    y = torch.arange(height * factor, device=x.device, dtype=torch.float32) / factor
    z = torch.arange(width * factor, device=x.device, dtype=torch.float32) / factor
    y0, z0 = y.floor().long(), z.floor().long()
    y1, z1 = (y0 + 1).clamp(max=height - 1), (z0 + 1).clamp(max=width - 1)
    weight_y, weight_z = (y - y0)[:, None], z - z0
    rows = x[:, :, y0] * (1 - weight_y) + x[:, :, y1] * weight_y
    return rows[:, :, :, z0] * (1 - weight_z) + rows[:, :, :, z1] * weight_z


def shrink(x: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """x [B, C, H, W] by whole factors, as TensorFlow 1 resizes: it picks every k-th pixel."""
    return x[:, :, :: x.shape[2] // height, :: x.shape[3] // width]
