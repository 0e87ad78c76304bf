"""Scores of predictions that no network made, and their totals."""

import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.evaluation.histograms import EPE_EDGES, SPEED_EDGES
from pwcnet.evaluation.scoring import (
    Result,
    Totals,
    evaluate_samples,
    mean_epe,
    mean_without_first,
    score,
)
from pwcnet.flow.averages import Mean
from pwcnet.flow.metrics import MEASURES
from pwcnet.io.flow_files import write_flow
from tests.helpers.flows import average_epe


class BrightnessDifference:
    """Predicts the brightness differences of the frames."""

    def flow(self, frame1, frame2):
        return (frame1[..., :2].astype(np.float32) - frame2[..., 1:]) / 16


def test_score_counts_known_and_valid_pixels_only():
    random = np.random.RandomState(0)
    prediction, ground_truth = random.randn(2, 5, 7, 2).astype(np.float32)
    ground_truth[0, 0], ground_truth[1, 1] = 1e10, np.nan
    valid = random.rand(5, 7) < 0.5
    counted = valid.copy()
    counted[0, 0] = counted[1, 1] = False
    expected = np.hypot(*(prediction - ground_truth)[counted].astype(np.float64).T)
    assert score(prediction, ground_truth, valid)[0]["EPE"].count == expected.size
    assert score(prediction, ground_truth, valid)[0]["EPE"].value == pytest.approx(
        expected.mean(), rel=1e-6
    )
    assert score(prediction, ground_truth)[0]["EPE"].count == 33


def moving(height=6, width=8):
    """Ground truth of speeds 5, 13 and 50 pixels, by rows of thirds."""
    ground_truth = np.zeros((height, width, 2), np.float32)
    ground_truth[:2], ground_truth[2:4], ground_truth[4:] = (3, 4), (5, -12), (30, 40)
    return ground_truth


def masks(height=6, width=8):
    """Left half occluded, right half foreground."""
    left = np.zeros((height, width), bool)
    left[:, : width // 2] = True
    return {"occlusions": left, "foreground": ~left, "visible": ~left}


def test_a_perfect_prediction_has_no_error():
    scores, histograms = score(moving(), moving(), **masks())
    assert list(scores) == list(MEASURES)
    for name in (
        "EPE",
        "1px",
        "3px",
        "5px",
        "Fl-all",
        "AAE",
        "s0-10",
        "s10-40",
        "s40+",
        "EPE matched",
        "EPE unmatched",
        "d0-10",
        "Fl-bg",
        "Fl-fg",
    ):
        assert scores[name].value == 0, name
    assert scores["WAUC"].value == 100 and scores["d10-60"] == scores["d60-140"] == Mean(None, 0)
    assert histograms.pixels_by_epe[0] == 48 and histograms.epe_sum_by_speed.sum() == 0


def test_no_motion_has_the_mean_speed_as_error():
    scores, histograms = score(np.zeros((6, 8, 2)), moving())
    assert scores["EPE"] == scores["Zero flow"] == Mean(pytest.approx((5 + 13 + 50) / 3), 48)
    assert (scores["s0-10"], scores["s10-40"], scores["s40+"]) == (
        Mean(5, 16),
        Mean(13, 16),
        Mean(50, 16),
    )
    assert scores["Fl-all"].value == 100 and scores["5px"].value == pytest.approx(200 / 3)
    by_speed = {
        SPEED_EDGES[i]: (histograms.pixels_by_speed[i], histograms.epe_sum_by_speed[i])
        for i in np.flatnonzero(histograms.pixels_by_speed)
    }
    assert by_speed == {5: (16, 80), 10: (16, 208), 40: (16, 800)}
    assert {
        EPE_EDGES[i]: histograms.pixels_by_epe[i] for i in np.flatnonzero(histograms.pixels_by_epe)
    } == {5: 16, 10: 16, 50: 16}


def test_a_pixel_that_does_not_count_changes_nothing():
    valid, other = np.ones((6, 8), bool), np.zeros((6, 8, 2))
    valid[0, 0], other[0, 0] = False, 1000
    before, after = (
        score(prediction, moving(), valid, **masks()) for prediction in (np.zeros((6, 8, 2)), other)
    )
    assert before[0] == after[0] and before[0]["EPE"].count == 47
    for mine, others in zip(before[1], after[1]):
        np.testing.assert_array_equal(mine, others)
    assert mean_epe(other, moving(), valid) == before[0]["EPE"]


def test_totals_add_up():
    totals = Totals()
    for name, ground_truth, pair_masks in (("a", moving(), masks()), ("b", 2 * moving(2, 4), {})):
        scores, histograms = score(np.zeros_like(ground_truth), ground_truth, **pair_masks)
        totals.add(Result(name, scores, None, 1.0, name == "a", histograms))
    means = totals.as_dict()
    assert list(means) == list(MEASURES)
    assert means["EPE"] == {
        "per_image": pytest.approx((68 / 3 + 10) / 2),
        "images": 2,
        "pooled": pytest.approx((16 * 68 + 80) / 56),
        "pixels": 56,
    }
    assert means["EPE matched"]["images"] == 1 and means["d60-140"] == {
        "per_image": None,
        "images": 0,
        "pooled": None,
        "pixels": 0,
    }
    histograms = totals.histograms.as_dict()
    assert {
        edge: count
        for edge, count in zip(histograms["epe_edges"], histograms["pixels_by_epe"])
        if count
    } == {5: 16, 10: 24, 50: 16}
    assert (
        histograms["speed_edges"][-1] is None
        and sum(histograms["pixels_by_speed"]) == 56
        and sum(histograms["epe_sum_by_speed"]) == pytest.approx(16 * 68 + 80)
    )
    assert Totals().mean_seconds is None


def test_times_that_built_a_graph_do_not_count():
    totals = Totals()
    for seconds, first in ((9.0, True), (1.0, False), (8.0, True), (2.0, False)):
        totals.add(Result("a", {}, None, seconds, first))
    assert totals.mean_seconds == 1.5


def test_samples_are_scored_in_order(tiny_sintel):
    samples = sintel_samples(tiny_sintel)
    results, totals = list(evaluate_samples(BrightnessDifference(), samples)), Totals()
    for result in results:
        totals.add(result)
    assert [result.id for result in results] == [sample.id for sample in samples]
    loaded = [sample.load() for sample in samples]
    expected = average_epe(
        [BrightnessDifference().flow(pair.frame1, pair.frame2) for pair in loaded],
        [pair.flow for pair in loaded],
    )
    assert totals.measures["EPE"].per_image.value == pytest.approx(expected[0], rel=1e-6)
    assert totals.measures["EPE"].pooled.value == pytest.approx(expected[1], rel=1e-6)
    assert totals.measures["EPE"].pooled.count == 4 * 60 * 120 and totals.mean_seconds > 0


def test_masks_leave_pixels_out(tiny_sintel):
    samples = sintel_samples(tiny_sintel)
    dense, masked = (
        list(evaluate_samples(BrightnessDifference(), samples[:1], masked))[0].scores["EPE"]
        for masked in (False, True)
    )
    valid = samples[0].load(masked=True).valid
    assert (
        dense.count == 60 * 120
        and masked.count == valid.sum() < dense.count
        and masked.value != dense.value
    )


def test_what_cannot_be_evaluated_is_refused_at_once(tiny_sintel):
    samples = sintel_samples(tiny_sintel)
    with pytest.raises(ValueError, match="no pairs"):
        evaluate_samples(BrightnessDifference(), [])
    unlabelled = [sample.__class__(sample.id, sample.frame1, sample.frame2) for sample in samples]
    with pytest.raises(ValueError, match="scene_01/frames_0001_0002"):
        evaluate_samples(BrightnessDifference(), unlabelled)
    unmasked = [
        sample.__class__(sample.id, sample.frame1, sample.frame2, sample.flow) for sample in samples
    ]
    with pytest.raises(ValueError, match="mask of invalid pixels .scene_01"):
        evaluate_samples(BrightnessDifference(), unmasked, masked=True)


def test_a_diverged_prediction_names_the_pair(tiny_sintel):
    class Diverged:
        def flow(self, frame1, frame2):
            return np.full(frame1.shape[:2] + (2,), np.nan, np.float32)

    with pytest.raises(ValueError, match="7200 pixels .*scene_01/frames_0001_0002"):
        list(evaluate_samples(Diverged(), sintel_samples(tiny_sintel)))


def test_a_pair_without_known_ground_truth_does_not_count(tmp_path, tiny_sintel):
    sample = sintel_samples(tiny_sintel)[0]
    unknown = str(tmp_path / "unknown.flo")
    write_flow(unknown, np.full((60, 120, 2), 1e10, np.float32))
    totals = Totals()
    for result in evaluate_samples(
        BrightnessDifference(),
        [sample, sample.__class__("b", sample.frame1, sample.frame2, unknown)],
    ):
        totals.add(result)
    assert totals.measures["EPE"].per_image.count == 1


def test_the_first_time_counts_only_alone():
    assert mean_without_first([9.0, 1.0, 2.0]) == 1.5
    assert mean_without_first([9.0]) == 9.0
