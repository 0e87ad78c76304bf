"""Charts of evaluations as SVG that a page holds itself: EPE against motion, how errors are distributed, a run against another."""

import io
import re

import numpy as np

INK = "#0b0c0d"  # written as currentColor: the page decides, light or dark
COLORS = "#3b76d6", "#e08a1e"  # of the first and second run; readable on white and on black
MANY = 12  # bins, from which on every other edge is written
SIZE = 5.2, 3.0  # inches
SQUARE = 4.2, 3.6
LOG_RANGE = 20  # largest over smallest, from which on a logarithmic scale shows more


def epe_by_motion(runs):
    """Mean EPE of the pixels of each range of true speed, above the share of pixels that move so fast.

    runs: {label: "histograms" of evaluation.json}, one or two, of equal edges. Returns SVG text, or None where there is no pixel.
    """
    edges = next(iter(runs.values()))["speed_edges"]
    counts = {label: np.array(each["pixels_by_speed"], float) for label, each in runs.items()}
    if not all(count.sum() for count in counts.values()):
        return None
    with _style():
        figure = _figure()
        upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
        means = {
            label: np.divide(
                each["epe_sum_by_speed"],
                counts[label],
                out=np.full(len(counts[label]), np.nan),
                where=counts[label] > 0,
            )
            for label, each in runs.items()
        }
        _bars(upper, means)
        _bars(
            lower,
            {"": 100 * next(iter(counts.values())) / next(iter(counts.values())).sum()},
            color="#8a9099",
        )
        _edges(lower, edges, "motion of the truth, px")
        upper.set_ylabel("mean EPE, px")
        lower.set_ylabel("pixels, %")
        return _svg(figure, "motion")


def epe_histogram(runs):
    """The share of pixels in each range of EPE. Arguments and result as of `epe_by_motion`."""
    edges = next(iter(runs.values()))["epe_edges"]
    counts = {label: np.array(each["pixels_by_epe"], float) for label, each in runs.items()}
    if not all(count.sum() for count in counts.values()):
        return None
    with _style():
        figure = _figure()
        axes = figure.subplots()
        _bars(axes, {label: 100 * count / count.sum() for label, count in counts.items()})
        _edges(axes, edges, "EPE, px")
        axes.set_ylabel("pixels, %")
        return _svg(figure, "errors")


def epe_of_pairs(first, second, labels):
    """A point for each pair: its EPE in the second run over that in the first; below the line the second is better.

    first, second: sequences of pixels. labels: of the two runs. Returns SVG text, or None where there is no pair.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if not first.size:
        return None
    with _style():
        figure = _figure(SQUARE)
        axes = figure.subplots()
        both = np.concatenate([first, second])
        low, high = both.min(), both.max()
        if low > 0 and high > LOG_RANGE * low:
            axes.set_xscale("log")
            axes.set_yscale("log")
            limits = low / 1.3, high * 1.3
        else:
            limits = 0.0, 1.05 * high or 1.0
        axes.plot(limits, limits, color=INK, linewidth=0.8, alpha=0.5)
        axes.scatter(first, second, s=16, color=COLORS[0], alpha=0.65, linewidths=0)
        axes.set(
            xlim=limits,
            ylim=limits,
            aspect="equal",
            xlabel="EPE of %s, px" % labels[0],
            ylabel="EPE of %s, px" % labels[1],
        )
        _plain_numbers(axes)
        return _svg(figure, "pairs")


def _figure(size=SIZE):
    from matplotlib.figure import Figure

    return Figure(size, constrained_layout=True)


def _style():
    """A block whose charts have text as text, in the page's font."""
    import matplotlib

    return matplotlib.rc_context(
        {
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
    )


def _bars(axes, values, color=None):
    """values: {label: [bins]}, unknown ones NaN; a bin is as wide as any other."""
    width = 0.86 / len(values)
    for number, (label, heights) in enumerate(values.items()):
        left = np.arange(len(heights)) + 0.07 + number * width
        axes.bar(
            left,
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


def _edges(axes, edges, label):
    """Writes the edges of bins below the gaps between bars."""
    step = 1 if len(edges) <= MANY else 2
    shown = list(range((len(edges) - 1) % step, len(edges), step))  # the last, infinity, among them
    axes.set_xticks(shown)
    axes.set_xticklabels(["∞" if edges[place] is None else "%g" % edges[place] for place in shown])
    axes.set_xlabel(label)


def _plain_numbers(axes):
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    for axis, scale in ((axes.xaxis, axes.get_xscale()), (axes.yaxis, axes.get_yscale())):
        if scale == "log":
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: "%g" % value))


def _svg(figure, name):
    """The figure as an <svg> element. name: begins its ids, so that those of several on one page differ."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r'(\bid="|xlink:href="#|url\(#)', r"\g<1>%s-" % name, text)
