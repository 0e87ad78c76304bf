"""Charts as SVG inside a page: their style, bars, and the text of the element."""

from __future__ import annotations

import io
import re
from typing import Any, Sequence

import numpy as np

INK = "#0b0c0d"  # replaced by currentColor: the page decides, light or dark
COLORS = "#3b76d6", "#e08a1e"  # of the first and the second series; readable on white and on black
GREY = "#8a9099"
MANY_EDGES = 12  # only every other edge is labelled beyond this number
SIZE = 5.2, 3.0  # inches
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "pwcnet",  # equal charts have equal ids
    "font.family": "sans-serif",
    "font.size": 8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": INK,
    "grid.alpha": 0.15,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "text.usetex": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
}


def new_figure(size: tuple[float, float] = SIZE) -> Any:
    """A matplotlib Figure of this size (width, height) in inches; made within `chart_style`."""
    from matplotlib.figure import Figure

    return Figure(size, constrained_layout=True)


def chart_style() -> Any:
    """A context whose charts keep text as text, in the font of the page."""
    import matplotlib

    return matplotlib.rc_context(STYLE)


def draw_bars(axes: Any, values: dict[str, np.ndarray], color: str | None = None) -> None:
    """Draws bars side by side, those of all series in each bin; all bins have one width.

    Args:
        axes: To draw on; with a legend where there are several series.
        values: {label: [bins]}, NaN where unknown.
        color: Of all bars; None for one a series.
    """
    width = 0.86 / len(values)
    for number, (label, heights) in enumerate(values.items()):
        axes.bar(
            np.arange(len(heights)) + 0.07 + number * width,
            np.nan_to_num(heights),
            0.94 * width,
            align="edge",
            color=color or COLORS[number % len(COLORS)],
            label=label,
        )
    if len(values) > 1:
        axes.legend(frameon=False)
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)


def label_edges(axes: Any, edges: Sequence[float | None], label: str) -> None:
    """Labels the edges of the bins; None is infinity, which is always labelled."""
    step = 1 if len(edges) <= MANY_EDGES else 2
    positions = list(range((len(edges) - 1) % step, len(edges), step))
    shown = [edges[index] for index in positions]
    texts = ["∞" if edge is None else "%g" % edge for edge in shown]
    axes.set_xticks(positions)
    axes.set_xticklabels(texts)
    axes.set_xlabel(label)


def as_svg(figure: Any, name: str) -> str:
    """The figure as an <svg> element; `name` starts its ids, which must differ on one page."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r'(\bid="|xlink:href="#|url\(#)', r"\g<1>%s-" % name, text)
