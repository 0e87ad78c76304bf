"""Curves of training runs in one figure."""

import fnmatch
import sys

import numpy as np

PANELS = (
    ("loss", ("loss",)),
    ("EPE, pixels", ("epe", "validation/epe")),
    ("learning rate", ("learning_rate",)),
    ("gradient norm", ("gradient_norm",)),
    ("samples per second", ("samples_per_second",)),
)
NOT_SMOOTHED = "validation/", "learning_rate"  # few points; steps that are meant
FROM_ZERO = "samples_per_second", "memory_mib"
LINES = "-", "--", ":", "-."
FEW = 40  # points that are marked
LOG_RANGE = 5  # largest over smallest, from which on a logarithmic scale shows more
PANEL_WIDTH, PANEL_HEIGHT, COLUMNS = 5.2, 3.2, 3  # inches


def draw_curves(runs, tags=(), smooth=1):
    """A matplotlib Figure, savable with `savefig`: a panel for each of PANELS that any run has, or for each of `tags`.

    runs: {label: curves as of `read_curves`}. tags: patterns such as "loss/*"; what one of them matches shares a panel. smooth: the number of points of the
    moving mean, drawn over the pale points themselves. A colour is a run, and where there is one run, a tag.
    Raises ValueError where no run has such a tag, and where matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ValueError(
            "expected matplotlib to draw with, got %s; try %s -m pip install 'matplotlib>=3.3,<4'"
            % (error, sys.executable)
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
    for axes, (title, shown) in zip(grid, panels):
        _draw_panel(axes, title, runs, shown, smooth)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    return figure


def _panels(runs, patterns):
    """[(title, tags)] of what there is to draw."""
    there = sorted({tag for curves in runs.values() for tag in curves})
    wanted = [(pattern, [pattern]) for pattern in patterns] or PANELS
    panels = [
        (title, [tag for each in group for tag in fnmatch.filter(there, each)])
        for title, group in wanted
    ]
    absent = [title for title, shown in panels if not shown]
    if absent and (patterns or len(absent) == len(panels)):
        raise ValueError(
            "expected tags of these runs, got %s; try some of %s"
            % (", ".join(absent), ", ".join(there))
        )
    return [(title, shown) for title, shown in panels if shown]


def _draw_panel(axes, title, runs, tags, smooth):
    lines = [
        (run, tag, runs[label][tag])
        for run, label in enumerate(runs)
        for tag in tags
        if tag in runs[label]
    ]
    for run, tag, (steps, values) in lines:
        number = tags.index(tag)
        color, style = (number, "-") if len(runs) == 1 else (run, LINES[number % len(LINES)])
        look = dict(
            color="C%d" % (color % 10),
            linestyle=style,
            linewidth=1.3,
            label=_label(list(runs)[run], tag, runs, tags),
        )
        if smooth > 1 and not tag.startswith(NOT_SMOOTHED):
            axes.plot(steps, values, color=look["color"], alpha=0.25, linewidth=0.8, zorder=1)
            values = _moving_mean(values, smooth)
        if len(steps) <= FEW:
            look.update(marker="o", markersize=3, zorder=3)  # above the many points of others
        axes.plot(steps, values, **look)
    _scale(axes, tags, np.concatenate([values for _, _, (_, values) in lines]))
    _finish(axes, title)


def _label(label, tag, runs, tags):
    return tag if len(runs) == 1 else label if len(tags) == 1 else "%s, %s" % (label, tag)


def _scale(axes, tags, values):
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


def _finish(axes, title):
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel("step", fontsize=8)
    axes.tick_params(labelsize=8, which="both")
    axes.grid(True, alpha=0.3, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if len(axes.get_legend_handles_labels()[1]) > 1:
        axes.legend(fontsize=7, frameon=False)


def _moving_mean(values, count):
    """Over `count` neighbouring points, fewer at both ends."""
    window = np.ones(min(count, len(values)))
    return np.convolve(values, window, "same") / np.convolve(np.ones(len(values)), window, "same")
