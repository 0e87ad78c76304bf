"""The journal of an evaluation."""

import errno

import numpy as np
import pytest

from pwcnet.evaluation import journal as module
from pwcnet.evaluation.journal import Journal, read_journal_ids
from pwcnet.evaluation.scoring import Result, score

SETTINGS = {"data": "sintel-clean", "filters": {"scenes": ("a",)}}


def scored(pair_id):
    ground_truth = np.full((4, 6, 2), 3, np.float32)
    scores, histograms = score(ground_truth / 3, ground_truth)
    return Result(pair_id, scores, None, 0.5, True, histograms)


@pytest.fixture
def path(tmp_path):
    """A journal of two pairs."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(str(path), SETTINGS)
    assert not path.exists()
    journal.add(scored("a/1"), ["flow"])
    journal.add(scored("a/2"))
    journal.close()
    return path


def append(path, text):
    with open(str(path), "a") as stream:
        stream.write(text)


def test_pairs_are_read_back(path):
    journal = Journal(str(path), SETTINGS)
    assert list(journal.results) == ["a/1", "a/2"]
    assert journal.saved == {"a/1": {"flow"}, "a/2": set()}
    read, expected = journal.results["a/1"], scored("a/1")
    assert read._replace(histograms=None) == expected._replace(histograms=None)
    for histogram, counts in zip(read.histograms, expected.histograms):
        np.testing.assert_array_equal(histogram, counts)


def test_a_line_that_was_cut_off_is_ignored_and_replaced(path):
    append(path, '{"id": "a/3", "sco')
    journal = Journal(str(path), SETTINGS)
    assert list(journal.results) == ["a/1", "a/2"]
    journal.add(scored("a/3"))
    journal.close()
    assert list(Journal(str(path), SETTINGS).results) == ["a/1", "a/2", "a/3"]


def test_lines_of_earlier_versions_say_nothing_of_files(path):
    path.write_text(path.read_text().replace('"kept": ["flow"], ', ""))
    assert Journal(str(path), SETTINGS).saved["a/1"] == set()


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        '{"id": "a", "scores": 1, "seconds": 1, "first": true, "histograms": []}',
        '{"id": "a", "scores": {}, "seconds": 1, "first": true, "histograms": [[1]]}',
        "\x00\x00",
    ],
)
def test_a_damaged_line(line, path):
    append(path, line + "\n")
    with pytest.raises(ValueError, match="journal.jsonl"):
        Journal(str(path), SETTINGS)


@pytest.mark.parametrize("text", ["", "damaged\n", "{}\n", '{"settings": 1}\n'])
def test_a_file_that_is_no_journal(text, path):
    path.write_text(text)
    with pytest.raises(ValueError, match="journal.jsonl"):
        Journal(str(path), SETTINGS)


def test_other_settings_are_named(path):
    for other, words in (
        (dict(SETTINGS, data="hd1k"), 'data .*"sintel-clean" there, "hd1k" now'),
        ({"data": "sintel-clean"}, "filters .* there, null now"),
        (dict(SETTINGS, masked=True), "masked .null there, true now"),
    ):
        with pytest.raises(ValueError, match="journal.jsonl .*another " + words):
            Journal(str(path), other)


def test_a_full_disk_names_the_journal(path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    journal = Journal(str(path), SETTINGS)
    monkeypatch.setattr(module, "_format_result", full)
    with pytest.raises(OSError) as caught:
        journal.add(scored("a/3"))
    assert caught.value.filename == str(path)


def test_ids_of_a_damaged_journal(path):
    append(path, '[]\n{"id": 3}\n{"id": "a/4"')
    assert read_journal_ids(str(path)) == ["a/1", "a/2"]
    assert read_journal_ids(str(path) + ".absent") == []
