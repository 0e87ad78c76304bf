"""Charts of evaluations as SVG inside a page: EPE by motion, distribution of the EPE, pairs."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from pwcnet.evaluation.html.svg import (
    COLORS,
    GREY,
    INK,
    as_svg,
    chart_style,
    draw_bars,
    label_edges,
    new_figure,
)

SQUARE = 4.2, 3.6  # inches
LOG_RATIO = 20  # of the largest to the smallest value, beyond which the scale is logarithmic


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
    with chart_style():
        figure = new_figure()
        upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
        draw_bars(upper, means)
        draw_bars(lower, {"": 100 * first / first.sum()}, color=GREY)
        label_edges(lower, edges, "motion of the ground truth, px")
        upper.set_ylabel("mean EPE, px")
        lower.set_ylabel("pixels, %")
        return as_svg(figure, "motion")


def epe_histogram(runs: dict[str, dict[str, Any]]) -> str | None:
    """The share of pixels in each range of the EPE; see `epe_by_motion`."""
    edges = next(iter(runs.values()))["epe_edges"]
    counts = {label: np.array(run["pixels_by_epe"], float) for label, run in runs.items()}
    if not all(count.sum() for count in counts.values()):
        return None
    with chart_style():
        figure = new_figure()
        axes = figure.subplots()
        draw_bars(axes, {label: 100 * count / count.sum() for label, count in counts.items()})
        label_edges(axes, edges, "EPE, px")
        axes.set_ylabel("pixels, %")
        return as_svg(figure, "errors")


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
    with chart_style():
        figure = new_figure(SQUARE)
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
        return as_svg(figure, "pairs")


def _use_plain_numbers(axes: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    for axis, scale in ((axes.xaxis, axes.get_xscale()), (axes.yaxis, axes.get_yscale())):
        if scale == "log":
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: "%g" % value))
