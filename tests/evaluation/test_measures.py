"""Units and texts of the measures, the table of totals."""

from pwcnet.evaluation.measures import (
    MEANINGS,
    format_totals,
    format_value,
    format_with_unit,
    unit_name,
    unit_symbol,
)
from pwcnet.flow.metrics import MEASURES


def test_every_measure_has_a_meaning_and_a_unit():
    assert set(MEANINGS) == set(MEASURES)
    names = {"AAE": "deg", "Fl-all": "%", "3px": "%", "WAUC": "%", "Zero flow": "px", "s40+": "px"}
    assert {measure: unit_name(measure) for measure in names} == names
    assert [unit_symbol(measure) for measure in ("AAE", "Fl-bg", "EPE")] == ["°", "%", "px"]


def test_values_have_the_decimals_of_their_unit():
    values = (("EPE", 1.23456), ("Fl-all", 12.345), ("AAE", 1.0), ("EPE", None))
    assert [format_value(*value) for value in values] == ["1.235", "12.35", "1.00", "n/a"]
    values = (("s40+", 1), ("WAUC", 5), ("AAE", 2), ("EPE", None))
    texts = ["1.000\u202fpx", "5.00\u202f%", "2.00°", "n/a"]
    assert [format_with_unit(*value) for value in values] == texts


def test_signs():
    values = (0.5, -0.5, 0.0, -0.0001, None)
    texts = ["+0.500", "-0.500", "0.000", "0.000", "n/a"]
    assert [format_value("EPE", value, sign=True) for value in values] == texts


def test_the_table_of_totals_has_units_and_aligned_columns():
    totals = {
        "EPE": {"per_image": 1.5, "images": 2, "pooled": 12.25, "pixels": 1234567},
        "d60-140": {"per_image": None, "images": 0, "pooled": None, "pixels": 0},
    }
    assert format_totals(totals).splitlines() == [
        "measure      per image   pooled  images     pixels",
        "EPE      px     1.5000  12.2500       2  1,234,567",
        "d60-140  px        n/a      n/a       0          0",
    ]
