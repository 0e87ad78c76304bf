"""Images of flow: a legend of the colours, arrows on a frame, images side by side or shrunk."""

from __future__ import annotations

from typing import Iterable

import cv2
import numpy as np

from pwcnet.flow.colors import color_wheel
from pwcnet.io.flow_files import valid_pixels

FONT = cv2.FONT_HERSHEY_SIMPLEX
CAPITAL_HEIGHT = 21.0  # pixels of the font's capitals at font size 1
PAPER, INK, EDGE = (255, 255, 255), (0, 0, 0), (110, 110, 110)
WHEEL_FRACTION, WHEEL_SIZES = 5, (24, 220)  # one part of the shorter side; limits in pixels
ARROW = (255, 225, 0)
ARROWS_PER_SIDE, MIN_SPACING = 16, 14  # arrows along the shorter side; pixels
ARROW_REACH = 0.9  # the longest arrows of fast pixels, in spacings
# No more than 20, so that the noise of a still scene stays small.
ARROW_FACTORS = (20, 10, 5, 3, 2, 1, 0.5, 0.3, 0.2, 0.1, 0.05)
FAST_PERCENTILE = 95  # of the magnitudes: the motion that arrows have room for
SHIFT = 4  # OpenCV draws at sixteenths of a pixel


def draw_legend(image: np.ndarray, max_magnitude: float) -> np.ndarray:
    """Draws the colour wheel and its scale into the lower right corner.

    The wheel shows the motion from its centre to each pixel; the number below it is the motion at
    the rim in pixels.

    Args:
        image: [H, W, 3] uint8 RGB, as from `pwcnet.flow.colors.flow_to_color`.
        max_magnitude: The magnitude of full colour in pixels.

    Returns:
        [H, W, 3] uint8 RGB, a copy.

    Raises:
        ValueError: The image is too small for the legend.
    """
    size = int(np.clip(min(image.shape[:2]) // WHEEL_FRACTION, *WHEEL_SIZES))
    gap, text = max(3, size // 12), "%s px" % _short(max_magnitude)
    font_size, (text_width, text_height) = _font(text, max(7, size // 6))
    descent = text_height // 3
    height, width = size + text_height + descent + 3 * gap, max(size, text_width) + 2 * gap
    if height + gap > image.shape[0] or width + gap > image.shape[1]:
        raise ValueError(
            "A legend needs an image of at least %dx%d pixels (height x width), got %dx%d"
            % (height + gap, width + gap, image.shape[0], image.shape[1])
        )
    panel = np.full((height, width, 3), PAPER, np.uint8)
    left = (width - size) // 2
    panel[gap : gap + size, left : left + size] = color_wheel(size)
    centre = left + (size - 1) / 2, gap + (size - 1) / 2
    cv2.circle(panel, _fixed(centre), int(size / 2 * 2**SHIFT), EDGE, 1, cv2.LINE_AA, SHIFT)
    position = (width - text_width) // 2, height - gap - descent
    stroke = _stroke(text_height)
    cv2.putText(panel, text, position, FONT, font_size, INK, stroke, cv2.LINE_AA)
    cv2.rectangle(panel, (0, 0), (width - 1, height - 1), EDGE, 1)
    drawn = image.copy()
    drawn[-height - gap : -gap, -width - gap : -gap] = panel
    return drawn


def draw_arrows(frame: np.ndarray, flow: np.ndarray, spacing: int | None = None) -> np.ndarray:
    """Draws the flow as yellow arrows with a black rim at the points of a grid.

    The arrows are longer or shorter than the motion by a round factor, see `arrow_factor`, which is
    written into the lower left corner: otherwise slow motion would be invisible, and fast arrows
    would cover each other. A point without motion gets a dot, one with unknown flow nothing.

    Args:
        frame: [H, W, 3] uint8 RGB, frame 1.
        flow: [H, W, 2], floating, pixels, channels (u, v).
        spacing: Pixels between the points; None is a 16th of the shorter side, at least 14.

    Returns:
        [H, W, 3] uint8 RGB, a copy.

    Raises:
        ValueError: Flow and frame differ in size, or the spacing is below 1.
    """
    flow = np.asarray(flow)
    if flow.ndim != 3 or flow.shape[2] != 2 or flow.shape[:2] != frame.shape[:2]:
        raise ValueError(
            "The flow of a frame of %dx%d pixels must have the shape [%d, %d, 2], got %s"
            % (frame.shape[:2] * 2 + (flow.shape,))
        )
    if spacing is not None and spacing < 1:
        raise ValueError("The spacing of arrows must be at least 1 pixel, got %r" % spacing)
    shorter = min(frame.shape[:2])
    spacing = spacing or max(MIN_SPACING, int(round(shorter / ARROWS_PER_SIDE)))
    factor = arrow_factor(flow, spacing)
    thickness = max(1, int(round(shorter / 400)))
    points = [
        (x, y)
        for y in _grid(frame.shape[0], spacing)
        for x in _grid(frame.shape[1], spacing)
        if valid_pixels(flow[y, x])
    ]
    drawn = frame.copy()
    for color, width in ((INK, thickness + 2), (ARROW, thickness)):
        for x, y in points:
            _draw_arrow(drawn, (x, y), factor * flow[y, x], color, width, spacing)
    _draw_label(drawn, "arrows: %g x flow" % factor)
    return drawn


def arrow_factor(flow: np.ndarray, spacing: float) -> float:
    """The length of the arrows of `draw_arrows` per pixel of motion.

    Args:
        flow: [H, W, 2], floating, pixels; unknown pixels do not count.
        spacing: Pixels between the arrows.

    Returns:
        The largest of ARROW_FACTORS that leaves room for the arrows of 95 % of the pixels.
    """
    magnitudes = np.hypot(*np.moveaxis(flow[valid_pixels(flow)], -1, 0))
    fast = np.percentile(magnitudes, FAST_PERCENTILE) if magnitudes.size else 0.0
    return next(
        (factor for factor in ARROW_FACTORS if factor * fast <= ARROW_REACH * spacing),
        ARROW_FACTORS[-1],
    )


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Joins two images of one height.

    Args:
        left: [H, W, 3] uint8.
        right: [H, W', 3] uint8.

    Returns:
        [H, W + W', 3] uint8.

    Raises:
        ValueError: The heights differ.
    """
    if left.shape[0] != right.shape[0]:
        raise ValueError(
            "Images side by side must have one height, got %d and %d pixels"
            % (left.shape[0], right.shape[0])
        )
    return np.concatenate([left, right], axis=1)


def shrink(image: np.ndarray, max_width: int, valid: np.ndarray | None = None) -> np.ndarray:
    """Shrinks an image to a width, averaging valid pixels only.

    Colours of sparse flow, as KITTI's, stay as bright as those of dense flow.

    Args:
        image: [H, W, 3] uint8.
        max_width: Pixels; an image that is not wider is returned as it is.
        valid: [H, W] bool; None is everywhere.

    Returns:
        [H', W', 3] uint8 with W' <= max_width; black where none of the pixels is valid.
    """
    height, width = image.shape[:2]
    if width <= max_width:
        return image
    size = max_width, max(1, int(round(max_width * height / width)))
    if valid is None:
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    weights = valid.astype(np.float32)
    total, share = (
        cv2.resize(array, size, interpolation=cv2.INTER_AREA)
        for array in (image * weights[..., np.newaxis], weights)
    )
    share = share[..., np.newaxis]
    mean = np.divide(total, share, out=np.zeros_like(total), where=share > 0)
    return np.clip(np.rint(mean), 0, 255).astype(np.uint8)


def _grid(length: int, spacing: int) -> list[int]:
    """The centres of as many whole spacings as fit, at least one."""
    count = max(1, length // spacing)
    return [int((length - (count - 1) * spacing) // 2 + index * spacing) for index in range(count)]


def _draw_arrow(
    image: np.ndarray,
    start: tuple[float, float],
    motion: np.ndarray,
    color: tuple[int, int, int],
    thickness: int,
    spacing: float,
) -> None:
    length = float(np.hypot(*motion))
    if length < 1:
        radius = int((0.5 + 0.5 * thickness) * 2**SHIFT)
        cv2.circle(image, _fixed(start), radius, color, cv2.FILLED, cv2.LINE_AA, SHIFT)
        return
    end = np.clip(np.add(start, motion), -1e4, 1e5)  # OpenCV's sixteenths are 32-bit integers
    tip = min(0.4, max(3.0, 0.25 * spacing) / length)
    ends = _fixed(start), _fixed(end)
    cv2.arrowedLine(image, *ends, color, thickness, cv2.LINE_AA, SHIFT, tip)


def _draw_label(image: np.ndarray, text: str) -> None:
    """White on black in the lower left corner; none where there is no room for it."""
    font_size, (width, height) = _font(text, max(7, min(image.shape[:2]) // 40))
    gap = max(2, height // 2)
    if width + 2 * gap > image.shape[1] or height + 2 * gap > image.shape[0]:
        return
    bottom = image.shape[0]
    corner, opposite = (0, bottom - height - 2 * gap), (width + 2 * gap, bottom)
    position, stroke = (gap, bottom - gap), _stroke(height)
    cv2.rectangle(image, corner, opposite, INK, cv2.FILLED)
    cv2.putText(image, text, position, FONT, font_size, PAPER, stroke, cv2.LINE_AA)


def _font(text: str, height: int) -> tuple[float, tuple[int, int]]:
    """(font size, (width, height)) of a text with capitals of this height in pixels."""
    font_size = height / CAPITAL_HEIGHT
    width, _ = cv2.getTextSize(text, FONT, font_size, _stroke(height))[0]
    return font_size, (width, height)


def _stroke(height: int) -> int:
    return max(1, height // 12)


def _short(number: float) -> str:
    """Two or three digits: 0.25, 7.5, 12.5, 130."""
    if number >= 100:
        return "%.0f" % number
    return "%.3g" % number if number >= 10 else "%.2g" % number


def _fixed(point: Iterable[float]) -> tuple[int, ...]:
    return tuple(int(round(float(value) * 2**SHIFT)) for value in point)
