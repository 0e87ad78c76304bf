"""Films of an archive with their motion, ranked, and their pair rows."""

import numpy as np
import pytest

from pwcnet.archive.folder import read_ledger
from pwcnet.archive.html.films import (
    CURVES,
    MOTION,
    PAN,
    RESIDUAL,
    films_of,
    films_with_curves,
    rank,
    read_curves,
    stillest_and_fastest,
)
from pwcnet.archive.items import Item
from pwcnet.io.row_files import write_rows
from tests.helpers.motion_archives import absent, film_row, pair_row, write_motion_archive


def films(folder, entries):
    """entries: {name: (motion, cuts, whether pair rows are kept)}."""
    written = [
        (absent(name), film_row(motion, cuts=cuts), [pair_row(1)] if kept else None)
        for name, (motion, cuts, kept) in entries.items()
    ]
    folder = write_motion_archive(folder, written)
    return films_of(folder, read_ledger(folder))


def names(found):
    return [film.item.name for film in found]


def test_films_are_those_with_motion(tmp_path):
    item = Item("b/x", "/gone/x.mp4", 3, 9)
    written = [(item, film_row(), [pair_row(1)]), (absent("a"), film_row(), None)]
    folder = write_motion_archive(tmp_path, written, ["failed"])
    found = films_of(folder, read_ledger(folder))
    assert names(found) == ["a", "b/x"] and found[1].item == item
    assert found[0].pair_rows is None and found[1].pair_rows == folder + "/b/x.motion.jsonl"
    (tmp_path / "b" / "x.motion.jsonl").unlink()
    assert films_of(folder, read_ledger(folder))[1].pair_rows is None


def test_an_archive_without_motion(tmp_path):
    folder = write_motion_archive(tmp_path, [(absent("a"), dict(film_row(), motion=None), None)])
    ledger = read_ledger(folder)
    ledger.done["a"]["motion"] = None
    with pytest.raises(ValueError, match=folder):
        films_of(folder, ledger)
    with pytest.raises(ValueError, match=folder):
        films_of(folder, read_ledger(str(tmp_path / "absent")))


def test_extremes_share_no_film_and_leave_out_unknown_motion(tmp_path):
    motions = {"a": 3.0, "b": 0.0, "c": None, "d": 9.0, "e": 1.0, "f": 4.0}
    found = films(tmp_path, {name: (motion, 0, False) for name, motion in motions.items()})
    assert names(rank(found)) == ["b", "e", "a", "f", "d"]
    stillest, fastest = stillest_and_fastest(found, 8)
    assert names(fastest) == ["d", "f", "a"] and names(stillest) == ["b", "e"]
    stillest, fastest = stillest_and_fastest(found, 1)
    assert names(fastest) == ["d"] and names(stillest) == ["b"]


def test_curves_of_the_films_with_most_and_least_motion_and_most_cuts(tmp_path):
    entries = {"f%02d" % number: (float(number), number == 5, True) for number in range(12)}
    entries["f04"] = (4.0, 7, True)
    entries["none"] = (99.0, 99, False)
    chosen = films_with_curves(films(tmp_path, entries))
    assert [(reason, film.item.name) for reason, film in chosen] == [
        ("most motion", "f11"),
        ("most motion", "f10"),
        ("least motion", "f00"),
        ("least motion", "f01"),
        ("most cuts", "f04"),
        ("most cuts", "f05"),
    ]


def write(folder, pairs):
    written = [(absent("a"), film_row(), pairs)]
    return write_motion_archive(folder, written) + "/a.motion.jsonl"


def test_curves_have_gaps_at_cuts_blanks_and_where_the_camera_is_unknown(tmp_path):
    pairs = [pair_row(1), pair_row(2, 90.0, is_cut=True), pair_row(3, 4.0, None, None)]
    pairs.append(pair_row(4, 70.0, is_blank=True))
    curves = read_curves(write(tmp_path, pairs))
    assert curves.unit == "s" and curves.pairs == 1 and list(curves.curves) == list(CURVES)
    np.testing.assert_allclose(curves.positions, [0, 0.1, 0.2, 0.3])
    np.testing.assert_allclose(curves.cuts, [0.1])
    np.testing.assert_allclose(curves.curves[MOTION], [2, np.nan, 4, np.nan])
    np.testing.assert_allclose(curves.curves[RESIDUAL], [1, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(curves.curves[PAN], [5, np.nan, np.nan, np.nan])


def test_long_curves_are_means(tmp_path):
    pairs = [
        pair_row(number, float(number), is_cut=number in (3, 4, 7), rate=None)
        for number in range(1, 12)
    ]
    curves = read_curves(write(tmp_path, pairs), points=4)
    assert curves.unit == "frame" and curves.pairs == 3
    assert curves.positions.tolist() == [1, 4, 7, 10]
    assert curves.cuts.tolist() == [1, 4, 7]
    assert curves.curves[MOTION].tolist() == [1.5, 5.5, 8.5, 10.5]


def test_files_of_pair_rows_that_say_nothing(tmp_path):
    path = tmp_path / "a.motion.jsonl"
    path.write_text("")
    assert read_curves(str(path)) is None
    for text in ('{"pair": 1}\n', "text\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match=str(path)):
            read_curves(str(path))


def test_pair_rows_as_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    pairs = [pair_row(1), pair_row(2, pan=None), pair_row(3, is_cut=True)]
    path = str(tmp_path / "a.motion.parquet")
    write_rows(path, pairs)
    expected, curves = read_curves(write(tmp_path, pairs)), read_curves(path)
    for ours, theirs in zip(curves[0:1] + curves[3:4], expected[0:1] + expected[3:4]):
        np.testing.assert_array_equal(ours, theirs)
    for label in CURVES:
        np.testing.assert_array_equal(curves.curves[label], expected.curves[label])
