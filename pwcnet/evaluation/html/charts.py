"""Charts of evaluations as SVG inside a page: EPE by motion, distribution of the EPE, pairs."""

from __future__ import annotations

import io
import re
from typing import Any, Sequence

import numpy as np

INK = "#0b0c0d"  # replaced by currentColor: the page decides, light or dark
COLORS = "#3b76d6", "#e08a1e"  # of the first and the second run; readable on white and on black
GREY = "#8a9099"
MANY_EDGES = 12  # only every other edge is labelled beyond this number
SIZE = 5.2, 3.0  # inches
SQUARE = 4.2, 3.6  # inches
LOG_RATIO = 20  # of the largest to the smallest value, beyond which the scale is logarithmic
STYLE = {
    "svg.fonttype": "none",
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


def epe_by_motion(runs: dict[str, dict[str, Any]]) -> str | None:
    """The mean EPE by speed of the ground truth, above the share of pixels with that speed.

    Args:
        runs: {label: "histograms" of evaluation.json}, one or two, with the same edges.

    Returns:
        SVG; None where there is no pixel.
    """
    edges = next(iter(runs.values()))["speed_edges"]
    counts = {label: np.array(run["pixels_by_speed"], float) for label, run in runs.items()}
    if not all(count.sum() for count in counts.values()):
        return None
    means = {
        label: np.divide(
            run["epe_sum_by_speed"],
            counts[label],
            out=np.full(len(counts[label]), np.nan),
            where=counts[label] > 0,
        )
        for label, run in runs.items()
    }
    first = next(iter(counts.values()))
    with _style():
        figure = _figure()
        upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
        _draw_bars(upper, means)
        _draw_bars(lower, {"": 100 * first / first.sum()}, color=GREY)
        _label_edges(lower, edges, "motion of the ground truth, px")
        upper.set_ylabel("mean EPE, px")
        lower.set_ylabel("pixels, %")
        return _svg(figure, "motion")


def epe_histogram(runs: dict[str, dict[str, Any]]) -> str | None:
    """The share of pixels in each range of the EPE; see `epe_by_motion`."""
    edges = next(iter(runs.values()))["epe_edges"]
    counts = {label: np.array(run["pixels_by_epe"], float) for label, run in runs.items()}
    if not all(count.sum() for count in counts.values()):
        return None
    with _style():
        figure = _figure()
        axes = figure.subplots()
        _draw_bars(axes, {label: 100 * count / count.sum() for label, count in counts.items()})
        _label_edges(axes, edges, "EPE, px")
        axes.set_ylabel("pixels, %")
        return _svg(figure, "errors")


def epe_of_pairs(
    first: Sequence[float], second: Sequence[float], labels: Sequence[str]
) -> str | None:
    """A point per pair: its EPE in the second run over that in the first.

    Args:
        first: The EPE of each pair in the first run, pixels.
        second: The same in the second run; below the diagonal it is better.
        labels: The labels of the two runs.

    Returns:
        SVG; None where there is no pair.
    """
    if not len(first):
        return None
    low, high = min(*first, *second), max(*first, *second)
    logarithmic = low > 0 and high > LOG_RATIO * low
    limits = (low / 1.3, high * 1.3) if logarithmic else (0.0, 1.05 * high or 1.0)
    with _style():
        figure = _figure(SQUARE)
        axes = figure.subplots()
        if logarithmic:
            axes.set_xscale("log")
            axes.set_yscale("log")
        axes.plot(limits, limits, color=INK, linewidth=0.8, alpha=0.5)
        axes.scatter(first, second, s=16, color=COLORS[0], alpha=0.65, linewidths=0)
        axes.set(
            xlim=limits,
            ylim=limits,
            aspect="equal",
            xlabel="EPE of %s, px" % labels[0],
            ylabel="EPE of %s, px" % labels[1],
        )
        _use_plain_numbers(axes)
        return _svg(figure, "pairs")


def _figure(size: tuple[float, float] = SIZE) -> Any:
    from matplotlib.figure import Figure

    return Figure(size, constrained_layout=True)


def _style() -> Any:
    """A context whose charts keep text as text, in the font of the page."""
    import matplotlib

    return matplotlib.rc_context(STYLE)


def _draw_bars(axes: Any, values: dict[str, np.ndarray], color: str | None = None) -> None:
    """values: {label: [bins]}, NaN where unknown; all bins have one width."""
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


def _label_edges(axes: Any, edges: Sequence[float | None], label: str) -> None:
    """Labels the edges of the bins; None is infinity, which is always labelled."""
    step = 1 if len(edges) <= MANY_EDGES else 2
    positions = list(range((len(edges) - 1) % step, len(edges), step))
    shown = [edges[index] for index in positions]
    texts = ["∞" if edge is None else "%g" % edge for edge in shown]
    axes.set_xticks(positions)
    axes.set_xticklabels(texts)
    axes.set_xlabel(label)


def _use_plain_numbers(axes: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    for axis, scale in ((axes.xaxis, axes.get_xscale()), (axes.yaxis, axes.get_yscale())):
        if scale == "log":
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: "%g" % value))


def _svg(figure: Any, name: str) -> str:
    """The figure as an <svg> element; `name` starts its ids, which must differ on one page."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r'(\bid="|xlink:href="#|url\(#)', r"\g<1>%s-" % name, text)
