"""Units, decimals and meanings of the measures, and their totals as a table of text."""

from __future__ import annotations

from typing import Any

EPE = "EPE"
ZERO_FLOW = "Zero flow"
PIXELS, PERCENT, DEGREES = "px", "%", "deg"
DEGREE_SYMBOL = "°"
UNITS = {
    "1px": PERCENT,
    "3px": PERCENT,
    "5px": PERCENT,
    "Fl-all": PERCENT,
    "Fl-bg": PERCENT,
    "Fl-fg": PERCENT,
    "3px noc": PERCENT,
    "Fl noc": PERCENT,
    "Fl-bg noc": PERCENT,
    "Fl-fg noc": PERCENT,
    "AAE": DEGREES,
    "WAUC": PERCENT,
}  # every other measure is in pixels
DECIMALS = {PIXELS: 3, PERCENT: 2, DEGREES: 2}
HIGHER_IS_BETTER = ("WAUC",)
MEANINGS = {
    EPE: "end-point error",
    ZERO_FLOW: "EPE of a flow of zero, for scale",
    "1px": "pixels with an end-point error above 1 px",
    "3px": "pixels with an end-point error above 3 px",
    "5px": "pixels with an end-point error above 5 px",
    "Fl-all": "pixels with an end-point error above 3 px and 5 % of the motion",
    "Fl-bg": "Fl of the background",
    "Fl-fg": "Fl of moving objects",
    "EPE noc": "EPE of pixels that frame 2 shows too (KITTI's flow_noc)",
    "3px noc": "3px of pixels that frame 2 shows too",
    "Fl noc": "Fl-all of pixels that frame 2 shows too",
    "Fl-bg noc": "Fl-bg of pixels that frame 2 shows too",
    "Fl-fg noc": "Fl-fg of pixels that frame 2 shows too",
    "AAE": "average angular error",
    "WAUC": "weighted share of pixels with an end-point error of at most 0.05 to 5 px; "
    "higher is better",
    "s0-10": "EPE where the motion is below 10 px",
    "s10-40": "EPE where the motion is 10 to 40 px",
    "s40+": "EPE where the motion is 40 px or more",
    "EPE matched": "EPE of pixels visible in both frames",
    "EPE unmatched": "EPE of occluded pixels",
    "d0-10": "EPE up to 10 px from an occlusion boundary",
    "d10-60": "EPE 10 to 60 px from an occlusion boundary",
    "d60-140": "EPE 60 to 140 px from an occlusion boundary",
}
NARROW_SPACE = "\u202f"  # no line break between a number and its unit
NOT_AVAILABLE = "n/a"
_HEADINGS = ("measure", "", "per image", "pooled", "images", "pixels")


def unit_name(measure: str) -> str:
    """The unit of a measure in plain letters: "px", "%" or "deg"."""
    return UNITS.get(measure, PIXELS)


def unit_symbol(measure: str) -> str:
    """The unit of a measure as a page shows it: "px", "%" or "°"."""
    name = unit_name(measure)
    return DEGREE_SYMBOL if name == DEGREES else name


def format_value(measure: str, value: float | None, sign: bool = False) -> str:
    """A value with the decimals of its unit.

    Args:
        measure: The name of the measure.
        value: The value, None where there is none.
        sign: Write "+" before a positive value.

    Returns:
        For example "1.235", "+12.30" or, for None, "n/a". A value that rounds to zero has no sign.
    """
    if value is None:
        return NOT_AVAILABLE
    text = "%.*f" % (DECIMALS[unit_name(measure)], abs(value))
    if float(text) == 0:
        return text
    return ("-" if value < 0 else "+" if sign else "") + text


def format_with_unit(measure: str, value: float | None) -> str:
    """A value with its unit, for example "12.30 %" or "2.00°"; "n/a" for None."""
    if value is None:
        return NOT_AVAILABLE
    symbol = unit_symbol(measure)
    space = "" if symbol == DEGREE_SYMBOL else NARROW_SPACE
    return format_value(measure, value) + space + symbol


def format_totals(totals: dict[str, dict[str, Any]]) -> str:
    """The totals of an evaluation as a table of text, one line per measure.

    Args:
        totals: {measure: {"per_image", "images", "pooled", "pixels"}}, as from
            `pwcnet.evaluation.scoring.Totals.as_dict` or evaluation.json: the mean of the images'
            means, the number of images, the mean over all pixels, and the number of pixels.

    Returns:
        Lines with aligned columns; a mean without pixels is "n/a".
    """
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for measure, total in totals.items():
        means = tuple(
            NOT_AVAILABLE if total[kind] is None else "%.4f" % total[kind]
            for kind in ("per_image", "pooled")
        )
        counts = tuple("{:,}".format(total[kind]) for kind in ("images", "pixels"))
        rows.append((measure, unit_name(measure)) + means + counts)
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    )
