"""Contact sheet: one image that shows pairs with their ground truth, one row for each pair."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import cv2
import numpy as np

from pwcnet.data.sample import LoadedSample
from pwcnet.flow.colors import color_wheel, flow_to_color
from pwcnet.flow.drawing import shrink

CELL = 320  # width of an image, pixels
GAP, LINE = 6, 26  # between images; height of a caption
WHEEL = 64
FONT, FONT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.42
PAPER, INK, FAINT, ABSENT = (24, 24, 24), (235, 235, 235), (150, 150, 150), (48, 48, 48)
TITLES = ("frame 1", "frame 2", "flow", "valid", "occluded")
SCALE_PERCENTILE = 95  # of a row's valid speeds


class Row(NamedTuple):
    """One row of the sheet.

    Attributes:
        title: its caption, to which size and largest flow are added.
        loaded: the pair.
    """

    title: str
    loaded: LoadedSample


def contact_sheet(rows: Sequence[Row], max_magnitude: float | None = None) -> np.ndarray:
    """Draws frame 1, frame 2, flow colours and valid mask of every row.

    Where any row has an occlusion mask, that is a further column. Flow and masks are shrunk by
    area, flow over valid pixels alone: where the flow is sparse, its colour stands for the
    neighbourhood, and the valid mask is grey by the share of known pixels.

    Args:
        rows: at least one.
        max_magnitude: the speed of full colour in pixels, the same for all rows; None is
            `common_scale`.

    Returns:
        [H, W, 3] uint8 RGB.

    Raises:
        ValueError: for no row.
    """
    if not rows:
        raise ValueError("expected at least one pair to draw, got none")
    has_occlusion = any(row.loaded.occlusion is not None for row in rows)
    columns = len(TITLES) if has_occlusion else len(TITLES) - 1
    scale = common_scale(rows) if max_magnitude is None else max_magnitude
    width = columns * (CELL + GAP) + GAP
    known = any(row.loaded.flow is not None for row in rows)
    parts = [_header(columns, scale if known else None, width)]
    for row in rows:
        parts += [_caption(row, width), _cells(row.loaded, columns, scale)]
    return np.concatenate(parts)


def common_scale(rows: Sequence[Row]) -> float:
    """A round speed in pixels (1, 2, 5, 10, 20, ...) between those of slow and fast rows.

    It is the geometric mean of the rows' 95 % speeds, rounded up.
    """
    speeds = [
        np.percentile(np.hypot(*row.loaded.flow[row.loaded.valid].T), SCALE_PERCENTILE)
        for row in rows
        if row.loaded.flow is not None and row.loaded.valid.any()
    ]
    speed = float(np.exp(np.mean(np.log(np.maximum(speeds, 0.1))))) if speeds else 1.0
    power = 10.0 ** np.floor(np.log10(speed))
    return float(
        next((power * factor for factor in (1, 2, 5) if speed <= 1.01 * power * factor), 10 * power)
    )


def _header(columns, scale, width):
    header = _paper(WHEEL + 4 * GAP, width)
    wheel = color_wheel(WHEEL)
    wheel[np.hypot(*np.indices((WHEEL, WHEEL)) - (WHEEL - 1) / 2) > WHEEL / 2] = PAPER
    header[GAP : GAP + WHEEL, -WHEEL - GAP : -GAP] = wheel
    if scale is not None:
        note = "flow: full colour at %g px, darker beyond; black: not known" % scale
        _write(header, note, GAP, 20)
        _write(header, "valid, occluded: white; grey: a share of the pixels", GAP, 40, FAINT)
    for column, title in enumerate(TITLES[:columns]):
        _write(header, title, GAP + column * (CELL + GAP), WHEEL + 3 * GAP, FAINT)
    return header


def _caption(row, width):
    height, columns = row.loaded.frame1.shape[:2]
    text = "%s   %dx%d" % (row.title, height, columns)
    if row.loaded.flow is not None:
        speed = np.hypot(*row.loaded.flow[row.loaded.valid].T)
        text += "   max flow %s px   valid %.2f %%" % (
            "%.1f" % speed.max() if speed.size else "-",
            100.0 * row.loaded.valid.mean(),
        )
    caption = _paper(LINE, width)
    _write(caption, text, GAP, LINE - 8, limit=width - GAP)
    return caption


def _cells(loaded, columns, scale):
    height, width = loaded.frame1.shape[:2]
    size = CELL, max(1, int(round(CELL * height / width)))
    cells = [_resized(loaded.frame1, size), _resized(loaded.frame2, size)]
    if loaded.flow is None:
        cells += [_absent(size, "no ground truth")] * 2
    else:
        colors = flow_to_color(loaded.flow, scale, loaded.valid)  # black where not valid
        cells += [_resized(colors, size, loaded.valid), _mask_cell(loaded.valid, size)]
    if loaded.occlusion is None:
        cells.append(_absent(size, "no mask"))
    else:
        cells.append(_mask_cell(loaded.occlusion, size))
    line = _paper(size[1] + GAP, columns * (CELL + GAP) + GAP)
    for column, cell in enumerate(cells[:columns]):
        left = GAP + column * (CELL + GAP)
        line[: size[1], left : left + CELL] = cell
    return line


def _resized(image, size, valid=None):
    """The image in the size of a cell; larger ones are shrunk over valid pixels alone."""
    if image.shape[1] > CELL:
        return shrink(image, CELL, valid)
    return cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)


def _mask_cell(mask, size):
    gray = _resized(np.where(mask, 255, 0).astype(np.uint8), size)
    return cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)


def _absent(size, text):
    cell = np.full((size[1], size[0], 3), ABSENT, np.uint8)
    _write(cell, text, GAP, size[1] // 2 + 5, FAINT)
    return cell


def _paper(height, width):
    return np.full((height, width, 3), PAPER, np.uint8)


def _write(image, text, left, bottom, color=INK, limit=None):
    """Text that ends with ".." before the column `limit`; OpenCV's fonts have ASCII only."""
    text = text.encode("ascii", "replace").decode("ascii")
    limit = image.shape[1] if limit is None else limit
    shown = text
    while shown and left + cv2.getTextSize(shown, FONT, FONT_SIZE, 1)[0][0] > limit:
        text = text[:-1]
        shown = text and text + ".."
    cv2.putText(image, shown, (left, bottom), FONT, FONT_SIZE, color, 1, cv2.LINE_AA)
