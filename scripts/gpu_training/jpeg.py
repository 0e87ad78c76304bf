"""What JPEG leaves of images, on the device: the transform and quantization of its blocks."""

from __future__ import annotations

import math

import torch

from scripts.gpu_training.sampling import constant

# ITU-T T.81, tables K.1 and K.2, as libjpeg scales them by the quality.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99,) * 8,
    (99,) * 8,
    (99,) * 8,
    (99,) * 8,
)
TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))
BLOCK = 8
DCT = tuple(
    tuple(
        math.cos(math.pi * (2 * x + 1) * k / 16) * math.sqrt((1 if k == 0 else 2) / 8)
        for x in range(BLOCK)
    )
    for k in range(BLOCK)
)


def jpeg(pairs: torch.Tensor, quality: torch.Tensor) -> torch.Tensor:
    """Pairs after JPEG compression with colours at full resolution.

    Args:
        pairs: [n, 2, 3, H, W], 0..255 RGB; H and W are multiples of 8.
        quality: [n], 1..100.

    Returns:
        The same shape, whole numbers.
    """
    n, frames, _, height, width = pairs.shape
    device = pairs.device
    dct, lift = constant(DCT, device), constant((128.0, 0.0, 0.0), device)[:, None, None]
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    tables = constant((LUMINANCE, CHROMINANCE, CHROMINANCE), device).float()
    tables = (tables[None] * scale[:, None, None, None]).round().clamp(1, 255)
    tables = tables[:, None, :, None, None]
    colors = torch.einsum("ij,nfjhw->nfihw", constant(TO_YCC, device), pairs) - lift
    blocks = colors.reshape(n, frames, 3, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    blocks = blocks.transpose(4, 5)  # [n, 2, 3, H / 8, W / 8, 8, 8]
    coefficients = (dct @ blocks @ dct.T / tables).round() * tables
    colors = (dct.T @ coefficients @ dct).transpose(4, 5).reshape(pairs.shape) + lift
    return torch.einsum("ij,nfjhw->nfihw", constant(TO_RGB, device), colors).clamp(0, 255).round()
