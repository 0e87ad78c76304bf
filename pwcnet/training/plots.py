"""Curves of training runs in one figure."""

from __future__ import annotations

import fnmatch
import sys
from typing import TYPE_CHECKING, Any, Mapping, Sequence

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = Mapping[str, "tuple[np.ndarray, np.ndarray]"]  # (steps, values) by tag

PANELS = (
    ("loss", ("loss",)),
    ("EPE, pixels", ("epe", "validation/epe")),
    ("learning rate", ("learning_rate",)),
    ("gradient norm", ("gradient_norm",)),
    ("samples per second", ("samples_per_second",)),
)
# Validations are few; a learning rate that changes in steps should show them.
NOT_SMOOTHED = "validation/", "learning_rate"
FROM_ZERO = "samples_per_second", "memory_mib"
LINE_STYLES = "-", "--", ":", "-."
FEW_POINTS = 40  # up to so many points have markers
LOG_RANGE = 5  # from this ratio of largest to smallest value on, the scale is logarithmic
PANEL_WIDTH, PANEL_HEIGHT, COLUMNS = 5.2, 3.2, 3  # inches


def draw_curves(runs: Mapping[str, Curves], tags: Sequence[str] = (), smooth: int = 1) -> Figure:
    """Draws the curves of runs, a panel for each of PANELS that any run has, or for each tag.

    A colour stands for a run; where there is one run, for a tag.

    Args:
        runs: Curves as of pwcnet.training.tensorboard.read_curves, by label.
        tags: Patterns such as "loss/*", a panel for each; what one of them matches shares it.
        smooth: Points of the moving mean that is drawn above the pale points themselves.

    Returns:
        A matplotlib Figure, which `savefig` writes.

    Raises:
        ValueError: No run has such a tag, or matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ValueError(
            "matplotlib cannot be imported (%s); install it with: %s -m pip install "
            "'matplotlib>=3.3,<4'" % (error, sys.executable)
        )
    panels = _panels(runs, tags)
    columns = min(len(panels), COLUMNS)
    rows = -(-len(panels) // columns)
    figure = Figure(
        (PANEL_WIDTH * columns, PANEL_HEIGHT * rows + 0.3),
        dpi=110,
        constrained_layout={"w_pad": 0.12, "h_pad": 0.1},
    )
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, panel_tags) in zip(grid, panels):
        _draw_panel(axes, title, runs, panel_tags, smooth)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    return figure


def _panels(runs: Mapping[str, Curves], patterns: Sequence[str]) -> list[tuple[str, list[str]]]:
    """(title, tags) of the panels that have something to draw."""
    available = sorted({tag for curves in runs.values() for tag in curves})
    wanted = [(pattern, (pattern,)) for pattern in patterns] or PANELS
    panels = [
        (title, [tag for pattern in group for tag in fnmatch.filter(available, pattern)])
        for title, group in wanted
    ]
    absent = [title for title, tags in panels if not tags]
    if absent and (patterns or len(absent) == len(panels)):
        raise ValueError(
            "No run has the tags %s; there are %s" % (", ".join(absent), ", ".join(available))
        )
    return [(title, tags) for title, tags in panels if tags]


def _draw_panel(
    axes: Any, title: str, runs: Mapping[str, Curves], tags: Sequence[str], smooth: int
) -> None:
    curves = [
        (number, label, tag, runs[label][tag])
        for number, label in enumerate(runs)
        for tag in tags
        if tag in runs[label]
    ]
    for number, label, tag, (steps, values) in curves:
        style = _style(number, tags.index(tag), len(runs) == 1)
        if smooth > 1 and not tag.startswith(NOT_SMOOTHED):
            axes.plot(steps, values, color=style["color"], alpha=0.25, linewidth=0.8, zorder=1)
            values = _moving_mean(values, smooth)
        if len(steps) <= FEW_POINTS:
            style.update(marker="o", markersize=3, zorder=3)  # above the many points of others
        axes.plot(steps, values, label=_label(label, tag, runs, tags), **style)
    _set_scale(axes, tags, np.concatenate([values for *_, (_, values) in curves]))
    _decorate(axes, title)


def _style(run: int, tag: int, single_run: bool) -> dict[str, Any]:
    color, line = (tag, "-") if single_run else (run, LINE_STYLES[tag % len(LINE_STYLES)])
    return {"color": "C%d" % (color % 10), "linestyle": line, "linewidth": 1.3}


def _label(label: str, tag: str, runs: Mapping[str, Curves], tags: Sequence[str]) -> str:
    return tag if len(runs) == 1 else label if len(tags) == 1 else "%s, %s" % (label, tag)


def _set_scale(axes: Any, tags: Sequence[str], values: np.ndarray) -> None:
    from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullFormatter

    values = values[np.isfinite(values)]
    if all(tag in FROM_ZERO for tag in tags):
        axes.set_ylim(bottom=0)
    elif values.size and values.min() > 0 and values.max() > LOG_RANGE * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: "%g" % value))
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))


def _decorate(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel("step", fontsize=8)
    axes.tick_params(labelsize=8, which="both")
    axes.grid(True, alpha=0.3, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if len(axes.get_legend_handles_labels()[1]) > 1:
        axes.legend(fontsize=7, frameon=False)


def _moving_mean(values: np.ndarray, count: int) -> np.ndarray:
    """Mean over `count` neighbouring points, fewer at both ends."""
    window = np.ones(min(count, len(values)))
    return np.convolve(values, window, "same") / np.convolve(np.ones(len(values)), window, "same")
