"""What a page shows of an evaluation in rows and columns: the measures with their units, means of scenes, the best and worst pairs."""

from typing import Dict, List, NamedTuple, Optional, Tuple

from pwcnet.flow.metrics import Mean, RunningMean

HEAD = ("measure", "", "per image", "pooled", "images", "pixels")
PIXELS, PERCENT, DEGREES = "px", "%", "deg"
UNITS = {
    "AAE": DEGREES,
    "WAUC": PERCENT,
    "Fl-all": PERCENT,
    "Fl-bg": PERCENT,
    "Fl-fg": PERCENT,
    "1px": PERCENT,
    "3px": PERCENT,
    "5px": PERCENT,
}

EPE = "EPE"
DEGREE_SIGN = "°"
DECIMALS = {PIXELS: 3, PERCENT: 2, DEGREE_SIGN: 2}
THIN = "\u202f"  # a space that does not break
HIGHER_IS_BETTER = ("WAUC",)
MEANINGS = {
    "EPE": "end-point error",
    "Zero flow": "EPE of no motion at all, for scale",
    "1px": "pixels wrong by more than 1 px",
    "3px": "pixels wrong by more than 3 px",
    "5px": "pixels wrong by more than 5 px",
    "Fl-all": "pixels wrong by more than 3 px and 5 %",
    "Fl-bg": "Fl of the background",
    "Fl-fg": "Fl of moving objects",
    "AAE": "angular error",
    "WAUC": "pixels right within 0.05 to 5 px, weighted; higher is better",
    "s0-10": "EPE where the motion is below 10 px",
    "s10-40": "EPE where the motion is 10 to 40 px",
    "s40+": "EPE where the motion is 40 px or more",
    "EPE matched": "EPE where both frames show the point",
    "EPE unmatched": "EPE where it is occluded",
    "d0-10": "EPE up to 10 px from an occlusion's boundary",
    "d10-60": "EPE 10 to 60 px from one",
    "d60-140": "EPE 60 to 140 px from one",
}


class Row(NamedTuple):
    """name: of a scene or pair. means: {measure: Mean}. pairs: how many the row stands for. seconds: of a prediction, None where not known."""

    name: str
    means: Dict[str, Mean]
    pairs: int = 1
    seconds: Optional[float] = None


def unit(measure):
    """ "px", "%" or "°"."""
    found = unit_of(measure)
    return DEGREE_SIGN if found == DEGREES else found


def number(measure, value, sign=False):
    """The value as text with the decimals of its unit, "n/a" for None. sign: "+" before what is above 0."""
    if value is None:
        return "n/a"
    text = "%.*f" % (DECIMALS[unit(measure)], abs(value))
    return text if float(text) == 0 else ("-" if value < 0 else "+" if sign else "") + text


def with_unit(measure, value):
    """ "12.30 %"; "n/a" without a unit."""
    return number(measure, value) + (
        ""
        if value is None
        else unit(measure)
        if unit(measure) == DEGREE_SIGN
        else THIN + unit(measure)
    )


def measures_of(evaluation):
    """The names of its measures, in the order of printing."""
    names = {}
    for _, means, _ in evaluation.pairs:
        names.update(dict.fromkeys(means))
    return list(names)


class Cell(NamedTuple):
    """A number on a page. value: None is not known, and sorted last. tone: "better", "worse" or "", of a difference."""

    text: str
    value: Optional[float]
    tone: str = ""


class Column(NamedTuple):
    """title: the heading. unit: may be "". meaning: what is shown where the pointer rests."""

    title: str
    unit: str = ""
    meaning: str = ""


class Table(NamedTuple):
    """columns: of the numbers, without the names'. rows: (name, Cells)."""

    columns: List[Column]
    rows: List[Tuple[str, List[Cell]]]


def measure_cell(measure, value):
    return Cell(number(measure, value), value)


def measure_column(measure):
    return Column(measure, unit(measure), MEANINGS.get(measure, ""))


def count_cell(count):
    return Cell("{:,}".format(count), count)


def scene_table(rows, measures):
    """Of `scene_rows`: the number of pairs, then the measures."""
    return Table(
        [Column("Pairs")] + [measure_column(measure) for measure in measures],
        [(row.name, [count_cell(row.pairs)] + _measure_cells(row, measures)) for row in rows],
    )


def pair_table(rows, measures):
    """Of `pair_rows`: the measures, the pixels that count, and the time where it is known."""
    timed = any(row.seconds is not None for row in rows)
    columns = (
        [measure_column(measure) for measure in measures]
        + [Column("Pixels", "", "pixels that the EPE stands on")]
        + [Column("Time", "ms")] * timed
    )
    return Table(
        columns,
        [
            (
                row.name,
                _measure_cells(row, measures)
                + [count_cell(row.means.get(EPE, Mean(None, 0)).count)]
                + [_time_cell(row)] * timed,
            )
            for row in rows
        ],
    )


def _measure_cells(row, measures):
    return [measure_cell(measure, value_of(row, measure)) for measure in measures]


def _time_cell(row):
    return Cell("n/a" if row.seconds is None else "%.1f" % (1000 * row.seconds), row.seconds)


def pair_rows(evaluation):
    """A Row for each pair, in the order of the run."""
    return [Row(name, means, 1, seconds) for name, means, seconds in evaluation.pairs]


def scene_of(pair):
    """The folder of a pair's id, "" where it has none: "alley_1" of "alley_1/frames_0001_0002"."""
    return pair.rpartition("/")[0]


def scene_rows(rows):
    """A Row for each scene: the means of its pairs' means, each with the number of pairs it stands on. None at all where the ids have no scenes."""
    scenes = {}
    for row in rows:
        scenes.setdefault(scene_of(row.name), []).append(row)
    if set(scenes) <= {""}:
        return []
    return [
        Row(scene, {measure: mean.per_image for measure, mean in totals(group).items()}, len(group))
        for scene, group in scenes.items()
    ]


def totals(rows):
    """{measure: RunningMean} over rows, in the order of printing."""
    found = {}
    for row in rows:
        for measure, mean in row.means.items():
            found.setdefault(measure, RunningMean()).add(mean)
    return found


def ranked(rows, measure=EPE):
    """The rows that have the measure, the smallest first."""
    return sorted(
        (row for row in rows if value_of(row, measure) is not None),
        key=lambda row: value_of(row, measure),
    )


def value_of(row, measure):
    """The value of a row's measure, None where it has none."""
    return row.means.get(measure, Mean(None, 0)).value


def best_and_worst(rows, count):
    """(best, worst): up to `count` rows of each by EPE, the most telling first; no row is in both, and the worst go before the best where there are few."""
    order = ranked(rows)
    worst = order[::-1][: min(count, -(-len(order) // 2))]
    return order[: min(count, len(order) - len(worst))], worst


def unit_of(measure):
    """ "px", "%" or "deg"."""
    return UNITS.get(measure, PIXELS)


def totals_table(totals):
    """Lines of text, a measure each: its unit, the mean of the images' means, the mean over all pixels, and on how many images and pixels they stand.

    totals: {measure: {"per_image", "images", "pooled", "pixels"}}, of `Totals.as_dict` or of an evaluation.json. What stands on nothing is "n/a".
    """
    rows = [
        (
            name,
            unit_of(name),
            _number(each["per_image"]),
            _number(each["pooled"]),
            "{:,}".format(each["images"]),
            "{:,}".format(each["pixels"]),
        )
        for name, each in totals.items()
    ]
    widths = [max(len(row[column]) for row in [HEAD] + rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        for row in [HEAD] + rows
    )


def _number(value):
    return "n/a" if value is None else "%.4f" % value
