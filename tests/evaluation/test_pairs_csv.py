"""CSV files with one row per pair: all scores, or the end-point error alone."""

import csv
import errno

import numpy as np
import pytest

from pwcnet.evaluation.pairs_csv import (
    EPE_COLUMNS,
    epe_csv,
    format_pairs,
    read_pair_ids,
    read_pairs,
)
from pwcnet.evaluation.scores import PairScores
from pwcnet.evaluation.scoring import Result
from pwcnet.flow.averages import Mean
from tests.helpers.full_disks import FailingDisk

PAIRS = [
    PairScores("a/1", {"EPE": Mean(0.9428091, 24), "s40+": Mean(None, 0)}, 0.5),
    PairScores("b", {"EPE": Mean(2.0, 4)}, None),
]
TEXT = "id,EPE,EPE pixels,s40+,s40+ pixels,seconds\na/1,0.942809,24,,0,0.500000\nb,2.000000,4,,0,\n"


def test_pairs_as_text():
    assert format_pairs(PAIRS, ["EPE", "s40+"]) == TEXT


def test_pairs_are_read_back(tmp_path):
    (tmp_path / "pairs.csv").write_text(TEXT)
    first, second = read_pairs(str(tmp_path / "pairs.csv"), ["EPE", "s40+"], 2)
    nothing = Mean(None, 0)
    assert first == ("a/1", {"EPE": Mean(0.942809, 24), "s40+": nothing}, 0.5)
    assert second == ("b", {"EPE": Mean(2.0, 4), "s40+": nothing}, None)


@pytest.mark.parametrize(
    "text, words",
    [
        (TEXT.rsplit("\n", 2)[0] + "\n", "1 pairs, expected 2"),
        (TEXT.replace("EPE,", "error,"), "'EPE'"),
        (TEXT.replace("0.942809", "x"), "'x'"),
        (TEXT[:-20] + "\n", ""),
        (TEXT.replace("0.942809,", ","), "'' on 24 pixels"),
        (TEXT.replace("0.942809", "nan"), "'nan' on 24 pixels"),
        (TEXT.replace("0.942809", "\xff"), "UnicodeDecodeError"),
        (TEXT.replace("0.942809", "\0"), ""),
    ],
)
def test_damaged_files_are_named(text, words, tmp_path):
    (tmp_path / "pairs.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="pairs.csv.*" + words):
        read_pairs(str(tmp_path / "pairs.csv"), ["EPE", "s40+"], 2)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="pairs.csv"):
        read_pairs(str(tmp_path / "pairs.csv"), ["EPE"], 2)


def test_ids_of_damaged_files(tmp_path):
    (tmp_path / "pairs.csv").write_bytes(b'id,EPE\na/1,x\n\n"b\xff,\nc')
    assert read_pair_ids(str(tmp_path / "pairs.csv")) == ["id", "a/1", "b\ufffd,", "c"]
    assert read_pair_ids(str(tmp_path / "absent.csv")) == []


def result(name, epe, count=4, seconds=None):
    return Result(name, {"EPE": Mean(epe, count)}, np.zeros((2, 2, 2), np.float32), seconds)


def rows(path):
    with open(str(path), newline="") as stream:
        return list(csv.reader(stream))


def test_table_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "epe.csv"
    with epe_csv(str(path)) as add:
        add(result("a/frames_0001_0002", 1.23456789, 100, 0.25))
        assert not path.exists()
        assert (
            rows(tmp_path / "new" / "epe.partial.csv")[1][0] == "a/frames_0001_0002"
        )  # there already, whatever happens now
        add(result("b", None, 0))
    assert rows(path) == [
        list(EPE_COLUMNS),
        ["a/frames_0001_0002", "1.234568", "100", "0.250000"],
        ["b", "n/a", "0", ""],
    ]
    assert [entry.name for entry in path.parent.iterdir()] == ["epe.csv"]


def test_an_interrupted_table_keeps_its_rows_and_the_complete_one(tmp_path, caplog):
    path = str(tmp_path / "epe.csv")
    with epe_csv(path) as add:
        add(result("earlier", 1.0))
    with pytest.raises(KeyboardInterrupt), epe_csv(path) as add:
        add(result("first", 2.0))
        raise KeyboardInterrupt
    assert rows(path)[1][0] == "earlier"
    assert [row[0] for row in rows(tmp_path / "epe.partial.csv")] == ["id", "first"]
    assert "1 pairs" in caplog.text and "epe.partial.csv" in caplog.text


def test_a_table_without_rows_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="broken"), epe_csv(str(tmp_path / "epe.csv")):
        raise ValueError("broken")
    assert not list(tmp_path.iterdir())


def test_a_table_that_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "folder" / ".."):
        with pytest.raises(IsADirectoryError, match="folder"), epe_csv(str(path)):
            raise AssertionError("the block ran")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_names_the_table(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError) as caught, epe_csv(str(tmp_path / "epe.csv")) as add:
        add(result("first", 2.0))
        monkeypatch.setattr(csv, "writer", full)
        add(result("second", 2.0))
    assert caught.value.filename == str(tmp_path / "epe.csv")
    monkeypatch.undo()
    assert [row[0] for row in rows(tmp_path / "epe.partial.csv")] == ["id", "first"]


def test_half_a_row_does_not_stay(tmp_path):
    with pytest.raises(OSError), epe_csv(str(tmp_path / "epe.csv")) as add:
        add(result("first", 2.0))
        with FailingDisk(tmp_path, 1, errno.ENOSPC):
            add(result("second", 2.0))
    assert [row[0] for row in rows(tmp_path / "epe.partial.csv")] == ["id", "first"]


def test_one_evaluation_at_a_time_writes_a_table(tmp_path):
    path = str(tmp_path / "epe.csv")
    with epe_csv(path) as add:
        add(result("first", 2.0))
        with pytest.raises(BlockingIOError, match=str(tmp_path)), epe_csv(path):
            pass
    assert [row[0] for row in rows(path)] == ["id", "first"] and len(list(tmp_path.iterdir())) == 1


def test_no_table():
    with epe_csv(None) as add:
        add(result("a", 1.0))


def test_names_that_are_no_utf8_are_escaped_as_they_come(tmp_path):
    result = Result("scene_\udcff", {"EPE": Mean(1.5, 10)})
    with epe_csv(str(tmp_path / "epe.csv")) as add:
        add(result)
    assert (tmp_path / "epe.csv").read_text().splitlines()[1].startswith("scene_\\udcff,")
    assert read_pair_ids(str(tmp_path / "epe.csv"))[1:] == [result.id]
