"""Drawing on pictures of flow: a legend for the colours, arrows on a frame, two pictures as one."""

import cv2
import numpy as np

from pwcnet.flow.colors import color_wheel
from pwcnet.io.flow_files import valid_pixels

FONT = cv2.FONT_HERSHEY_SIMPLEX
PAPER, INK, EDGE = (255, 255, 255), (0, 0, 0), (110, 110, 110)
WHEEL_SHARE, WHEEL_SIZES = 5, (24, 220)  # of the shorter side; pixels
ARROW = (255, 225, 0)
ARROW_ROWS, SMALLEST_SPACING = 16, 14  # arrows along the shorter side; pixels
ARROW_REACH = 0.9  # the fast pixels' arrows are at most this many spacings long
FACTORS = (
    20,
    10,
    5,
    3,
    2,
    1,
    0.5,
    0.3,
    0.2,
    0.1,
    0.05,
)  # no more than 20: the noise of a still scene stays small
SHIFT = 4  # OpenCV draws at sixteenths of a pixel


def draw_legend(picture, max_magnitude):
    """The wheel of `flow_to_color` and its scale, the motion from the wheel's centre to its rim in pixels, in the lower right corner of a copy.

    picture: [H, W, 3] uint8 RGB. max_magnitude: the speed of full colour in pixels. Returns [H, W, 3] uint8 RGB.
    Raises ValueError where the legend has no room in the picture.
    """
    size = int(np.clip(min(picture.shape[:2]) // WHEEL_SHARE, *WHEEL_SIZES))
    gap, text = max(3, size // 12), "%s px" % _short(max_magnitude)
    font_size, (text_width, text_height) = _font(text, max(7, size // 6))
    descent = text_height // 3
    height, width = size + text_height + descent + 3 * gap, max(size, text_width) + 2 * gap
    if height + gap > picture.shape[0] or width + gap > picture.shape[1]:
        raise ValueError(
            "expected a picture of at least %dx%d (height x width) for a legend, got %dx%d; try without the legend"
            % (height + gap, width + gap, picture.shape[0], picture.shape[1])
        )
    panel = np.empty((height, width, 3), np.uint8)
    panel[:] = PAPER
    left = (width - size) // 2
    panel[gap : gap + size, left : left + size] = color_wheel(size)
    middle = left + (size - 1) / 2, gap + (size - 1) / 2
    cv2.circle(panel, _fixed(middle), int(size / 2 * 2**SHIFT), EDGE, 1, cv2.LINE_AA, SHIFT)
    cv2.putText(
        panel,
        text,
        ((width - text_width) // 2, height - gap - descent),
        FONT,
        font_size,
        INK,
        _stroke(text_height),
        cv2.LINE_AA,
    )
    cv2.rectangle(panel, (0, 0), (width - 1, height - 1), EDGE, 1)
    drawn = picture.copy()
    drawn[-height - gap : -gap, -width - gap : -gap] = panel
    return drawn


def draw_arrows(frame, flow, spacing=None):
    """The flow as arrows on a copy of frame 1, at the points of a grid, yellow with a black rim; a dot where a point does not move. Unknown flow has none.

    frame: [H, W, 3] uint8 RGB. flow: [H, W, 2] floating, pixels, channels (u, v). spacing: pixels between the points, by default a 16th of the shorter side, at
    least 14. The arrows are longer or shorter than the motion by a round factor (`arrow_factor`), which is written in the lower left corner: else slow motion
    would not be seen, and fast arrows would cover each other. Returns [H, W, 3] uint8 RGB. Raises ValueError for shapes that differ or no spacing.
    """
    flow = np.asarray(flow)
    if flow.ndim != 3 or flow.shape[2] != 2 or flow.shape[:2] != frame.shape[:2]:
        raise ValueError(
            "expected flow of the frame's %dx%d pixels, got %s; try the flow of this frame"
            % (frame.shape[:2] + (flow.shape,))
        )
    if spacing is not None and spacing < 1:
        raise ValueError("expected a spacing of at least 1 pixel, got %r; try 24" % spacing)
    spacing = spacing or max(SMALLEST_SPACING, int(round(min(frame.shape[:2]) / ARROW_ROWS)))
    factor = arrow_factor(flow, spacing)
    thin = max(1, int(round(min(frame.shape[:2]) / 400)))
    points = [
        (x, y)
        for y in _grid(frame.shape[0], spacing)
        for x in _grid(frame.shape[1], spacing)
        if valid_pixels(flow[y, x])
    ]
    drawn = frame.copy()
    for color, thickness in ((INK, thin + 2), (ARROW, thin)):
        for x, y in points:
            _arrow(drawn, (x, y), factor * flow[y, x], color, thickness, spacing)
    _label(drawn, "arrows: %g x flow" % factor)
    return drawn


def arrow_factor(flow, spacing):
    """How many times as long as the motion `draw_arrows` makes its arrows: the largest of `FACTORS` that fast pixels (95 %) have room for."""
    speeds = np.hypot(*np.moveaxis(flow[valid_pixels(flow)], -1, 0))
    speed = np.percentile(speeds, 95) if speeds.size else 0.0
    return next(
        (factor for factor in FACTORS if factor * speed <= ARROW_REACH * spacing), FACTORS[-1]
    )


def side_by_side(left, right):
    """Two pictures [H, W, 3] uint8 of one height as one, [H, W + W', 3]. Raises ValueError for different heights."""
    if left.shape[0] != right.shape[0]:
        raise ValueError(
            "expected pictures of one height, got %d and %d pixels; try scaling one of them"
            % (left.shape[0], right.shape[0])
        )
    return np.concatenate([left, right], axis=1)


def _grid(length, spacing):
    """The middles of as many whole spacings as fit, at least one, centred."""
    count = max(1, length // spacing)
    return [int((length - (count - 1) * spacing) // 2 + index * spacing) for index in range(count)]


def _arrow(picture, start, motion, color, thickness, spacing):
    length = float(np.hypot(*motion))
    if length < 1:
        return cv2.circle(
            picture,
            _fixed(start),
            int((0.5 + 0.5 * thickness) * 2**SHIFT),
            color,
            cv2.FILLED,
            cv2.LINE_AA,
            SHIFT,
        )
    end = np.clip(np.add(start, motion), -1e4, 1e5)  # OpenCV's sixteenths are 32-bit numbers
    tip = min(0.4, max(3.0, 0.25 * spacing) / length)
    return cv2.arrowedLine(
        picture, _fixed(start), _fixed(end), color, thickness, cv2.LINE_AA, SHIFT, tip
    )


def _label(picture, text):
    """White on black, in the lower left corner, where there is room for it."""
    font_size, (width, height) = _font(text, max(7, min(picture.shape[:2]) // 40))
    gap = max(2, height // 2)
    if width + 2 * gap > picture.shape[1] or height + 2 * gap > picture.shape[0]:
        return
    bottom = picture.shape[0]
    cv2.rectangle(
        picture, (0, bottom - height - 2 * gap), (width + 2 * gap, bottom), INK, cv2.FILLED
    )
    cv2.putText(
        picture, text, (gap, bottom - gap), FONT, font_size, PAPER, _stroke(height), cv2.LINE_AA
    )


def _font(text, height):
    """(font size, (width, height)) of a text with capitals of this height in pixels."""
    font_size = height / 21.0  # the font's capitals are 21 pixels high at size 1
    width, _ = cv2.getTextSize(text, FONT, font_size, _stroke(height))[0]
    return font_size, (width, height)


def _stroke(height):
    return max(1, height // 12)


def _short(number):
    """Two or three digits: 0.25, 7.5, 12.5, 130."""
    return (
        "%.0f" % number if number >= 100 else "%.3g" % number if number >= 10 else "%.2g" % number
    )


def _fixed(point):
    return tuple(int(round(float(value) * 2**SHIFT)) for value in point)
