"""The folders and names of msame and ais_bench."""

import errno
import os
import time
from datetime import datetime

import pytest

from pwcnet.ascend.result_folders import (
    ResultFolder,
    find_results,
    folder_times,
    match_predictions,
    missing_predictions,
    prediction_file,
)


def made(parent, *names):
    for name in names:
        (parent / name).mkdir()
        (parent / name / "a_output_0.bin").write_bytes(b"")


@pytest.mark.parametrize(
    "name, expected",
    [
        ("20230610_090503", [datetime(2023, 6, 10, 9, 5, 3)]),
        ("2023610_9_5_3_123456", [datetime(2023, 6, 10, 9, 5, 3, 123456)]),
        ("20231231_23_59_59_7", [datetime(2023, 12, 31, 23, 59, 59, 7)]),
        ("202311_0_0_0_0", [datetime(2023, 1, 1)]),
        ("2023111_0_0_0_0", [datetime(2023, 1, 11), datetime(2023, 11, 1)]),
        ("2023_06_10-09_05_03", [datetime(2023, 6, 10, 9, 5, 3)]),
        ("20230640_090503", []),
        ("2023994_9_5_3_1", []),
        ("run1", []),
        ("2023610_9_5_3", []),
        ("x20230610_090503", []),
        ("20230610_090503_old", []),
    ],
)
def test_times_in_names(name, expected):
    assert folder_times(name) == expected


@pytest.mark.parametrize(
    "names, newest",
    [
        (("20230610_090503", "20230611_080000", "20230609_235959"), "20230611_080000"),
        (
            ("2023610_9_5_3_123456", "2023610_10_5_3_123456"),
            "2023610_10_5_3_123456",
        ),  # neither is the order of the names,
        (
            ("2023610_9_5_3_123456", "20221231_9_5_3_1", "2023610_9_5_3_99"),
            "2023610_9_5_3_123456",
        ),  # nor of the numbers
        (("2023_06_10-09_05_03", "2023_06_10-09_05_04"), "2023_06_10-09_05_04"),
        (("20230610_090503", "2023610_9_5_4_0", "2023_06_10-09_05_02"), "2023610_9_5_4_0"),
        (("2023111_0_0_0_0", "20231202_000000"), "20231202_000000"),
        (("anything",), "anything"),
    ],
)
def test_the_newest_is_taken_and_logged(names, newest, tmp_path, caplog):
    caplog.set_level("INFO")
    made(tmp_path, *names)
    (tmp_path / "2023_06_10-09_05_03_summary.json").write_text("{}")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "@eaDir").mkdir()
    assert find_results(str(tmp_path)) == str(tmp_path / newest)
    assert str(tmp_path / newest) in caplog.text


@pytest.mark.parametrize(
    "names",
    [
        ("20230610_090503", "mine"),
        ("a", "b"),
        ("2023111_0_0_0_0", "20230601_000000"),
        ("20230610_090503", "2023610_9_5_3_0"),
    ],
)
def test_several_without_an_order_are_listed(names, tmp_path):
    made(tmp_path, *names)
    with pytest.raises(ValueError, match=", ".join(sorted(names))):
        find_results(str(tmp_path))


def test_the_folder_itself(tmp_path):
    made(tmp_path, "20230610_090503")
    (tmp_path / "a_output_0.bin").write_bytes(b"")
    assert find_results(str(tmp_path)) == str(tmp_path)
    (tmp_path / "empty").mkdir()
    assert find_results(str(tmp_path / "empty")) == str(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="absent"):
        find_results(str(tmp_path / "absent"))


def test_a_new_folder_is_named_after_the_time(tmp_path):
    output, made_folders = str(tmp_path / "not" / "there"), []
    for _ in range(2):  # in one second
        with ResultFolder(output) as folder:
            (tmp_path / folder.path / "a_output_0.bin").write_bytes(b"")
            assert os.path.basename(folder.path).startswith(".partial-")
            assert find_results(output) == (made_folders[-1] if made_folders else output)
        made_folders.append(folder.path)
    first, second = made_folders
    assert (
        abs(datetime.strptime(os.path.basename(first), "%Y%m%d_%H%M%S").timestamp() - time.time())
        < 10
    )
    assert (
        second != first
        and find_results(output) == second
        and os.listdir(second) == ["a_output_0.bin"]
    )
    assert sorted(os.listdir(output)) == sorted(os.path.basename(folder) for folder in made_folders)


def test_a_folder_that_is_not_complete_is_removed(tmp_path):
    with pytest.raises(KeyboardInterrupt), ResultFolder(str(tmp_path)) as folder:
        (tmp_path / folder.path / "a_output_0.bin").write_bytes(b"")
        raise KeyboardInterrupt
    with pytest.raises(OSError) as caught, ResultFolder(str(tmp_path)) as folder:
        raise OSError(
            errno.ENOSPC, "No space left on device", os.path.join(folder.path, "a_output_0.bin")
        )
    assert caught.value.errno == errno.ENOSPC and caught.value.filename == str(tmp_path)
    with pytest.raises(ValueError, match="another"), ResultFolder(str(tmp_path)):
        raise ValueError("another")
    assert not os.listdir(str(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError) as caught, ResultFolder(str(tmp_path / "file")):
        pass
    assert caught.value.filename == str(tmp_path / "file")


def test_a_folder_that_cannot_get_its_name_is_removed(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", source)

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError) as caught, ResultFolder(str(tmp_path)):
        pass
    assert caught.value.filename == str(tmp_path) and not os.listdir(str(tmp_path))


def test_the_name_of_a_run_that_was_faster_is_not_taken(tmp_path, monkeypatch):
    rename, calls = os.rename, []

    def taken_at_first(source, target):
        calls.append(target)
        if len(calls) == 1:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", source)
        rename(source, target)

    monkeypatch.setattr(os, "rename", taken_at_first)
    with ResultFolder(str(tmp_path)) as folder:
        pass
    assert len(calls) == 2 and os.listdir(str(tmp_path)) == [os.path.basename(folder.path)]


def test_predictions_are_matched_by_name(tmp_path):
    for name in ("b_output_0.bin", "a_0.bin", ".partial-x-c_output_0.bin", "acl.json"):
        (tmp_path / name).write_bytes(b"")
    assert match_predictions(["a", "b"], str(tmp_path)) == {
        "a": str(tmp_path / "a_0.bin"),
        "b": str(tmp_path / "b_output_0.bin"),
    }
    with pytest.raises(
        ValueError,
        match="5 of 7 .*%s: c_output_0.bin, d_output_0.bin, e_output_0.bin, ..." % tmp_path,
    ):
        match_predictions(list("abcdefg"), str(tmp_path))
    with pytest.raises(ValueError, match="1 files .*: b_output_0.bin"):
        match_predictions(["a"], str(tmp_path))


def test_ais_bench_cuts_names_at_their_first_dot(tmp_path):
    assert [prediction_file(tool, "a.b.c") for tool in ("msame", "ais_bench")] == [
        "a.b.c_output_0.bin",
        "a_0.bin",
    ]
    for name in ("a_0.bin", "b_0.bin"):
        (tmp_path / name).write_bytes(b"")
    assert match_predictions(["a.1", "b"], str(tmp_path)) == {
        "a.1": str(tmp_path / "a_0.bin"),
        "b": str(tmp_path / "b_0.bin"),
    }
    assert missing_predictions(["b", "c", "a"], str(tmp_path)) == ["c"]
    assert missing_predictions(["a.1", "a.2", "b"], str(tmp_path)) == [
        "a.1",
        "a.2",
    ]  # one file cannot be two predictions
