"""Tables with a row for each item."""

import json
import math
import sys

import pytest

from pwcnet.io.row_files import check_rows_path, read_rows, write_rows

ROWS = [{"name": "a", "pairs": 3, "mean": 1.5, "kind": None}, {"name": "ü", "pairs": 0}]


def test_json_lines(tmp_path):
    path = tmp_path / "new" / "motion.jsonl"
    write_rows(str(path), ROWS)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == ROWS == read_rows(str(path))


def test_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_rows(str(tmp_path / "motion.parquet"), ROWS)
    table = parquet.read_table(str(tmp_path / "motion.parquet")).to_pydict()
    assert table == {"name": ["a", "ü"], "pairs": [3, 0], "mean": [1.5, None], "kind": [None] * 2}
    rows = read_rows(str(tmp_path / "motion.parquet"))
    assert rows == [ROWS[0], dict(ROWS[1], mean=None, kind=None)]
    (tmp_path / "motion.parquet").write_bytes(b"no table")
    with pytest.raises(ValueError, match="motion.parquet"):
        read_rows(str(tmp_path / "motion.parquet"))


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match="`parquet`"):
        check_rows_path(str(tmp_path / "motion.parquet"))
    with pytest.raises(ValueError, match="`parquet`"):
        read_rows(str(tmp_path / "motion.parquet"))


@pytest.mark.parametrize("value", [math.nan, math.inf, object()])
def test_values_that_no_row_has_leave_the_old_file(tmp_path, value):
    path = tmp_path / "motion.jsonl"
    write_rows(str(path), ROWS)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="motion.jsonl"):
        write_rows(str(path), ROWS + [{"mean": value}])
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("line", ["", "[1]", "3", "{"])
def test_lines_that_are_no_rows_are_named(tmp_path, line):
    path = tmp_path / "motion.jsonl"
    path.write_text('{"name": "a"}\n%s\n' % line)
    with pytest.raises(ValueError, match="2 of .*motion.jsonl"):
        read_rows(str(path))


def test_other_extensions_are_refused(tmp_path):
    with pytest.raises(ValueError, match="motion.txt"):
        write_rows(str(tmp_path / "motion.txt"), ROWS)
