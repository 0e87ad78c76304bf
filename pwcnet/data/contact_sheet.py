"""One picture that shows pairs of data sets with their truth: a row a pair, for looking at what will be trained on."""

from typing import NamedTuple

import cv2
import numpy as np

from pwcnet.data.sample import LoadedSample
from pwcnet.flow.colors import color_wheel, flow_to_color

CELL = 320  # width of a picture, pixels
GAP, LINE = 6, 26  # between pictures; height of a caption
WHEEL = 64
FONT, FONT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.42
PAPER, INK, FAINT, ABSENT = (24, 24, 24), (235, 235, 235), (150, 150, 150), (48, 48, 48)
TITLES = ("frame 1", "frame 2", "flow", "valid", "occluded")
SCALE_PERCENTILE = 95  # of a row's valid speeds


class Row(NamedTuple):
    """title: what the row is called, its size and largest flow are added. loaded: the pair."""

    title: str
    loaded: LoadedSample


def contact_sheet(rows, max_magnitude=None):
    """Frame 1, frame 2, flow colours, valid mask, and where any row has one the occlusion mask, for every row: [H, W, 3] uint8 RGB.

    max_magnitude: the speed of full colour in pixels, the same for all rows; None is `common_scale`. Flow and masks are shrunk by area, flow over valid
    pixels alone: where only some have truth their colour stands for the neighbourhood, and the valid mask is grey by their share.
    Raises ValueError where there is no row.
    """
    if not rows:
        raise ValueError("expected at least one pair to draw, got none; try more samples")
    columns = (
        len(TITLES) if any(row.loaded.occlusion is not None for row in rows) else len(TITLES) - 1
    )
    scale = common_scale(rows) if max_magnitude is None else max_magnitude
    width = columns * (CELL + GAP) + GAP
    known = any(row.loaded.flow is not None for row in rows)
    parts = [_header(columns, scale if known else None, width)]
    for row in rows:
        parts += [_caption(row, width), _pictures(row.loaded, columns, scale)]
    return np.concatenate(parts)


def common_scale(rows):
    """A round speed in pixels (1, 2, 5, 10, 20, ...) between those of slow and fast rows: the geometric mean of the rows' 95 % speeds, rounded up."""
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
        _write(
            header, "flow: full colour at %g px, darker beyond; black: not known" % scale, GAP, 20
        )
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


def _pictures(loaded, columns, scale):
    height, width = loaded.frame1.shape[:2]
    size = CELL, max(1, int(round(CELL * height / width)))
    cells = [_shrunk(loaded.frame1, size), _shrunk(loaded.frame2, size)]
    if loaded.flow is None:
        cells += [_absent(size, "no truth")] * 2
    else:
        cells += [_flow_cell(loaded, size, scale), _mask_cell(loaded.valid, size)]
    cells.append(
        _absent(size, "no mask") if loaded.occlusion is None else _mask_cell(loaded.occlusion, size)
    )
    line = _paper(size[1] + GAP, columns * (CELL + GAP) + GAP)
    for column, cell in enumerate(cells[:columns]):
        left = GAP + column * (CELL + GAP)
        line[: size[1], left : left + CELL] = cell
    return line


def _flow_cell(loaded, size, scale):
    colors = flow_to_color(loaded.flow, scale, loaded.valid).astype(
        np.float32
    )  # black where not valid
    share = _shrunk(loaded.valid.astype(np.float32), size)[..., None]
    mean = np.divide(
        _shrunk(colors, size),
        share,
        out=np.zeros(size[::-1] + (3,), np.float32),
        where=share > 0.01,
    )
    return np.clip(np.rint(mean), 0, 255).astype(np.uint8)


def _mask_cell(mask, size):
    return cv2.cvtColor(_shrunk(np.where(mask, 255, 0).astype(np.uint8), size), cv2.COLOR_GRAY2RGB)


def _shrunk(array, size):
    smaller = size[0] < array.shape[1]
    return cv2.resize(array, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_NEAREST)


def _absent(size, text):
    cell = np.full((size[1], size[0], 3), ABSENT, np.uint8)
    _write(cell, text, GAP, size[1] // 2 + 5, FAINT)
    return cell


def _paper(height, width):
    return np.full((height, width, 3), PAPER, np.uint8)


def _write(picture, text, left, bottom, color=INK, limit=None):
    """Text that ends with ".." before the column `limit`. OpenCV's fonts have ASCII only."""
    text = text.encode("ascii", "replace").decode("ascii")
    limit = picture.shape[1] if limit is None else limit
    shown = text
    while shown and left + cv2.getTextSize(shown, FONT, FONT_SIZE, 1)[0][0] > limit:
        text = text[:-1]
        shown = text and text + ".."
    cv2.putText(picture, shown, (left, bottom), FONT, FONT_SIZE, color, 1, cv2.LINE_AA)
