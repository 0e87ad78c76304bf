"""Scores and totals, with predictions made by hand."""
import numpy as np
import pytest

from pwcnet.data.samples import load_sample
from pwcnet.data.sintel import sintel_samples
from pwcnet.evaluation.scoring import Totals, evaluate_samples, mean_without_first, score
from pwcnet.flow.files import write_flow
from tests.conftest import average_epe


class ByHand:
    """Predicts the brightness differences of the frames."""

    def flow(self, frame1, frame2):
        return (frame1[..., :2].astype(np.float32) - frame2[..., 1:]) / 16


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
