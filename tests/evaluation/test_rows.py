"""The table of the published command lines."""

import csv
import errno

import numpy as np
import pytest

from pwcnet.evaluation.results import COLUMNS, results_table
from pwcnet.evaluation.scoring import Result
from pwcnet.flow.metrics import Mean


def result(name, epe, count=4, seconds=None):
    return Result(name, {"EPE": Mean(epe, count)}, np.zeros((2, 2, 2), np.float32), seconds)


def rows(path):
    with open(str(path), newline="") as stream:
        return list(csv.reader(stream))


def test_table_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "epe.csv"
    with results_table(str(path)) as add:
        add(result("a/frames_0001_0002", 1.23456789, 100, 0.25))
        assert not path.exists()
        assert (
            rows(tmp_path / "new" / "epe.partial.csv")[1][0] == "a/frames_0001_0002"
        )  # there already, whatever happens now
        add(result("b", None, 0))
    assert rows(path) == [
        list(COLUMNS),
        ["a/frames_0001_0002", "1.234568", "100", "0.250000"],
        ["b", "n/a", "0", ""],
    ]
    assert [entry.name for entry in path.parent.iterdir()] == ["epe.csv"]


def test_an_interrupted_table_keeps_its_rows_and_the_complete_one(tmp_path, caplog):
    path = str(tmp_path / "epe.csv")
    with results_table(path) as add:
        add(result("earlier", 1.0))
    with pytest.raises(KeyboardInterrupt), results_table(path) as add:
        add(result("first", 2.0))
        raise KeyboardInterrupt
    assert rows(path)[1][0] == "earlier"
    assert [row[0] for row in rows(tmp_path / "epe.partial.csv")] == ["id", "first"]
    assert "1 pairs" in caplog.text and "epe.partial.csv" in caplog.text


def test_a_table_without_rows_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="broken"), results_table(str(tmp_path / "epe.csv")):
        raise ValueError("broken")
    assert not list(tmp_path.iterdir())


def test_a_table_that_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "folder" / ".."):
        with pytest.raises(IsADirectoryError, match="folder"), results_table(str(path)):
            raise AssertionError("the block ran")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_names_the_table(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError) as caught, results_table(str(tmp_path / "epe.csv")) as add:
        add(result("first", 2.0))
        monkeypatch.setattr(csv, "writer", full)
        add(result("second", 2.0))
    assert caught.value.filename == str(tmp_path / "epe.csv")
    monkeypatch.undo()
    assert [row[0] for row in rows(tmp_path / "epe.partial.csv")] == ["id", "first"]


def test_no_table():
    with results_table(None) as add:
        add(result("a", 1.0))
