"""The table for a terminal."""

from pwcnet.evaluation.html.tables import totals_table, unit_of


def test_every_row_has_its_unit_and_lines_up():
    totals = {
        "EPE": {"per_image": 1.5, "images": 2, "pooled": 12.25, "pixels": 1234567},
        "d60-140": {"per_image": None, "images": 0, "pooled": None, "pixels": 0},
    }
    assert totals_table(totals).splitlines() == [
        "measure      per image   pooled  images     pixels",
        "EPE      px     1.5000  12.2500       2  1,234,567",
        "d60-140  px        n/a      n/a       0          0",
    ]
    assert (unit_of("AAE"), unit_of("Fl-all"), unit_of("3px"), unit_of("Zero flow")) == (
        "deg",
        "%",
        "%",
        "px",
    )
