"""What an evaluation came to, as a table for a terminal."""

HEAD = ("measure", "", "per image", "pooled", "images", "pixels")
PIXELS, PERCENT, DEGREES = "px", "%", "deg"
UNITS = {"AAE": DEGREES, "WAUC": PERCENT, "Fl-all": PERCENT, "Fl-bg": PERCENT, "Fl-fg": PERCENT, "1px": PERCENT, "3px": PERCENT, "5px": PERCENT}


def unit_of(measure):
    """"px", "%" or "deg"."""
    return UNITS.get(measure, PIXELS)


def totals_table(totals):
    """Lines of text, a measure each: its unit, the mean of the images' means, the mean over all pixels, and on how many images and pixels they stand.

    totals: {measure: {"per_image", "images", "pooled", "pixels"}}, of `Totals.as_dict` or of an evaluation.json. What stands on nothing is "n/a".
    """
    rows = [(name, unit_of(name), _number(each["per_image"]), _number(each["pooled"]), "{:,}".format(each["images"]), "{:,}".format(each["pixels"]))
            for name, each in totals.items()]
    widths = [max(len(row[column]) for row in [HEAD] + rows) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths)))
                     for row in [HEAD] + rows)


def _number(value):
    return "n/a" if value is None else "%.4f" % value
