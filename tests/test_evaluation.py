"""Scores, totals and their table, with predictions made by hand."""
import csv
import errno

import numpy as np
import pytest

from pwcnet import evaluation
from pwcnet.data.samples import load_sample
from pwcnet.data.sintel import sintel_samples
from pwcnet.evaluation import COLUMNS, Result, Totals, evaluate_samples, mean_without_first, results_table, score
from pwcnet.flow.files import write_flow
from pwcnet.flow.metrics import Mean
from tests.conftest import average_epe


class ByHand:
    """Predicts the brightness differences of the frames."""

    def flow(self, frame1, frame2):
        return (frame1[..., :2].astype(np.float32) - frame2[..., 1:]) / 16


def result(name, epe, count=4, seconds=None):
    return Result(name, {"EPE": Mean(epe, count)}, np.zeros((2, 2, 2), np.float32), seconds)


def rows(path):
    with open(str(path), newline="") as stream:
        return list(csv.reader(stream))


def test_score_counts_known_and_valid_pixels_only():
    random = np.random.RandomState(0)
    prediction, truth = random.randn(2, 5, 7, 2).astype(np.float32)
    truth[0, 0], truth[1, 1] = 1e10, np.nan
    valid = random.rand(5, 7) < 0.5
    counted = valid.copy()
    counted[0, 0] = counted[1, 1] = False
    expected = np.hypot(*(prediction - truth)[counted].astype(np.float64).T)
    assert score(prediction, truth, valid)["EPE"].count == expected.size
    assert score(prediction, truth, valid)["EPE"].value == pytest.approx(expected.mean(), rel=1e-6)
    assert score(prediction, truth)["EPE"].count == 33


def test_samples_are_scored_in_order(tiny_sintel):
    samples = sintel_samples(tiny_sintel)
    results, totals = list(evaluate_samples(ByHand(), samples)), Totals()
    for each in results:
        totals.add(each)
    assert [each.id for each in results] == [sample.id for sample in samples]
    loaded = [load_sample(sample) for sample in samples]
    expected = average_epe([ByHand().flow(each.frame1, each.frame2) for each in loaded], [each.flow for each in loaded])
    assert totals.measures["EPE"].per_image.value == pytest.approx(expected[0], rel=1e-6)
    assert totals.measures["EPE"].pooled.value == pytest.approx(expected[1], rel=1e-6)
    assert totals.measures["EPE"].pooled.count == 4 * 60 * 120 and totals.mean_seconds > 0


def test_masks_leave_pixels_out(tiny_sintel):
    samples = sintel_samples(tiny_sintel)
    dense, masked = (list(evaluate_samples(ByHand(), samples[:1], masked))[0].scores["EPE"] for masked in (False, True))
    valid = load_sample(samples[0], masked=True).valid
    assert dense.count == 60 * 120 and masked.count == valid.sum() < dense.count and masked.value != dense.value


def test_what_cannot_be_evaluated_is_refused_at_once(tiny_sintel):
    samples = sintel_samples(tiny_sintel)
    with pytest.raises(ValueError, match="at least one pair"):
        evaluate_samples(ByHand(), [])
    unlabelled = [sample.__class__(sample.id, sample.frame1, sample.frame2) for sample in samples]
    with pytest.raises(ValueError, match="none for scene_01/frames_0001_0002"):
        evaluate_samples(ByHand(), unlabelled)
    unmasked = [sample.__class__(sample.id, sample.frame1, sample.frame2, sample.flow) for sample in samples]
    with pytest.raises(ValueError, match="masks of invalid pixels"):
        evaluate_samples(ByHand(), unmasked, masked=True)


def test_a_diverged_prediction_names_the_pair(tiny_sintel):
    class Diverged:
        def flow(self, frame1, frame2):
            return np.full(frame1.shape[:2] + (2,), np.nan, np.float32)

    with pytest.raises(ValueError, match="7200 pixels with NaN.*scene_01/frames_0001_0002"):
        list(evaluate_samples(Diverged(), sintel_samples(tiny_sintel)))


def test_a_pair_without_known_truth_does_not_count(tmp_path, tiny_sintel):
    sample = sintel_samples(tiny_sintel)[0]
    unknown = str(tmp_path / "unknown.flo")
    write_flow(unknown, np.full((60, 120, 2), 1e10, np.float32))
    totals = Totals()
    for each in evaluate_samples(ByHand(), [sample, sample.__class__("b", sample.frame1, sample.frame2, unknown)]):
        totals.add(each)
    assert totals.measures["EPE"].per_image.count == 1


def test_the_first_time_counts_only_alone():
    assert mean_without_first([9.0, 1.0, 2.0]) == 1.5
    assert mean_without_first([9.0]) == 9.0


def test_table_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "epe.csv"
    with results_table(str(path)) as add:
        add(result("a/frames_0001_0002", 1.23456789, 100, 0.25))
        assert not path.exists()
        assert rows(tmp_path / "new" / "epe.partial.csv")[1][0] == "a/frames_0001_0002"           # there already, whatever happens now
        add(result("b", None, 0))
    assert rows(path) == [list(COLUMNS), ["a/frames_0001_0002", "1.234568", "100", "0.250000"], ["b", "n/a", "0", ""]]
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
        monkeypatch.setattr(evaluation.csv, "writer", full)
        add(result("second", 2.0))
    assert caught.value.filename == str(tmp_path / "epe.csv")
    monkeypatch.undo()
    assert [row[0] for row in rows(tmp_path / "epe.partial.csv")] == ["id", "first"]


def test_no_table():
    with results_table(None) as add:
        add(result("a", 1.0))
