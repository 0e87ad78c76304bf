"""Tables of films and their kinds."""

from pwcnet.archive.html import tables
from pwcnet.archive.html.films import Film
from pwcnet.archive.html.tables import film_table, format_duration, kind_table, number_cell
from tests.helpers.motion_archives import absent, film_row

UNKNOWN = {"camera_pan_x": None, "camera_pan_y": None, "camera_log_zoom": None}


def film(name, *row, **others):
    row = film_row(*row, **others)
    return Film(absent(name), row, row["pairs"], None)


def test_a_row_a_film():
    films = [
        film("a", 2.0, 0.5, "camera", 4, 1, 8.0, camera_log_zoom=0.4055),
        film("b", None, None, None, 2, 2, None, **UNKNOWN),
        film("c", 0.004, 0.0, "still", 4, 0, 2.0, camera_log_zoom=1e6, camera_pan_x=-0.04),
    ]
    table = film_table(films)
    rows = {name: [cell.text for cell in cells] for name, cells in table.rows}
    assert [column.title for column in table.columns].count("Motion") == 2
    assert rows["a"] == "camera 2.00 0.002 0.50 +12.0 −3.0 1.50 1 4 8.0".split()
    assert rows["b"] == ["unknown"] + ["n/a"] * 6 + ["2", "2", "n/a"]
    assert rows["c"][:6] == "still 0.00 0.000 0.00 0.0 −3.0".split()
    values = {name: [cell.value for cell in cells] for name, cells in table.rows}
    assert values["b"][0] is None and values["c"][0] < values["a"][0] and values["c"][1] == 0.004


def test_of_many_films_the_utmost_are_shown(monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 4)
    films = [film("f%d" % number, float(7 * number % 10)) for number in range(10)]
    shown = [name for name, _ in film_table(films).rows]
    assert shown == ["f0", "f3", "f4", "f7"]  # of motion 0, 1, 8 and 9
    assert len(film_table(films[:4]).rows) == 4


def test_kinds():
    films = [film("a", kind="still"), film("b", kind="still", seconds=None), film("c")]
    rows = kind_table(films).rows
    assert [name.split(":")[0] for name, _ in rows] == ["still", "camera", "moving"]
    texts = [[cell.text for cell in cells] for _, cells in rows]
    assert texts[0] == ["2", "66.7", "8", "8.0\u202fs"] and texts[1][0] == "0"
    assert [cell.value for cell in rows[1][1]] == [0, 0.0, 0, None]
    rows = kind_table(films + [film("d", kind=None)]).rows
    assert rows[3][0].startswith("unknown") and rows[3][1][0].text == "1"


def test_numbers():
    assert [format_duration(value) for value in (None, 3.14, 90, 5400)] == [
        "n/a",
        "3.1\u202fs",
        "1.5\u202fmin",
        "1.5\u202fh",
    ]
    assert [number_cell(value, 1, True).text for value in (-0.04, -2.0, 3.0, None)] == [
        "0.0",
        "−2.0",
        "+3.0",
        "n/a",
    ]
