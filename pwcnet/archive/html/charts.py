"""Charts of the motion in an archive: distributions over films, curves over a film's time."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from pwcnet.archive.html.films import CURVES, MOTION, RESIDUAL, Film, MotionCurves, known_values
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

# The last edge is infinity.
PIXEL_EDGES = (0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, None)
RATE_EDGES = (0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, None)
CURVE_COLORS = dict(zip(CURVES, (*COLORS, GREY)))


def motion_histogram(films: Sequence[Film]) -> str | None:
    """The number of films by mean motion in pixels a pair; None where none is known."""
    return _histogram(films, "mean", PIXEL_EDGES, "mean over the film, px a pair")


def pace_histogram(films: Sequence[Film]) -> str | None:
    """The number of films by mean motion in diagonals per second; None where none is known."""
    label = "mean over the film, diagonals per second"
    return _histogram(films, "mean_per_second", RATE_EDGES, label)


def motion_curves(curves: MotionCurves, name: str) -> str:
    """The curves of a film as SVG.

    Args:
        curves: Of the film.
        name: Starts the ids of the element.
    """
    with chart_style():
        figure = new_figure()
        axes = figure.subplots()
        for label, values in curves.curves.items():
            is_pan = label not in (MOTION, RESIDUAL)
            axes.plot(
                curves.positions,
                values,
                "--" if is_pan else "-",
                color=CURVE_COLORS[label],
                linewidth=1.1,
                label=label,
                # Of a few pairs a line alone would not be seen, nor would one between two cuts.
                marker="o" if len(values) < 40 else "",
                markersize=2.5,
            )
        _draw_cuts(axes, curves.cuts)
        axes.set_ylim(bottom=0)
        axes.margins(x=0.01)
        axes.set_xlabel("time, s" if curves.unit == "s" else "number of the frame")
        axes.set_ylabel("px a pair")
        _add_legend(axes)
        return as_svg(figure, name)


def _add_legend(axes: Any) -> None:
    """Above the axes, where it covers nothing."""
    axes.legend(frameon=False, ncol=2, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0)


def _draw_cuts(axes: Any, positions: np.ndarray) -> None:
    if len(positions):
        heights = axes.get_xaxis_transform()
        axes.vlines(
            positions, 0, 1, color=INK, alpha=0.3, linewidth=0.8, transform=heights, label="cut"
        )


def _histogram(
    films: Sequence[Film], key: str, edges: Sequence[float | None], label: str
) -> str | None:
    counts = {}
    for title, kind in ((MOTION, "motion_"), (RESIDUAL, "residual_")):
        values = known_values(films, kind + key)
        counts[title] = np.histogram(values, [np.inf if edge is None else edge for edge in edges])[
            0
        ]
    if not any(count.any() for count in counts.values()):
        return None
    with chart_style():
        figure = new_figure()
        axes = figure.subplots()
        draw_bars(axes, counts)
        _add_legend(axes)
        label_edges(axes, edges, label)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_ylabel("films")
        return as_svg(figure, key)
