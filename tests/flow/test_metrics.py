"""Measures against values worked out by hand."""

import math
import os

import numpy as np
import pytest

from pwcnet.flow import metrics
from pwcnet.flow.averages import Mean, RunningMean
from pwcnet.io.flow_files import read_flow

GROUND_TRUTH = np.array(
    [[[3, 4], [0, 20], [60, 80]], [[0, 0], [9, 12], [30, 40]]], np.float32
)  # speeds 5, 20, 100; 0, 15, 50
OFFSET = np.array(
    [[[0, 1], [3, 4], [0, 4]], [[2, 0], [0, 0], [0, 6]]], np.float32
)  # errors 1, 5, 4; 2, 0, 6
PREDICTION = GROUND_TRUTH + OFFSET
EPE = np.array([[1, 5, 4], [2, 0, 6]], np.float64)
RANDOM = np.random.RandomState(0)


def scene(height=20, width=30):
    ground_truth = (30 * RANDOM.randn(height, width, 2)).astype(np.float32)
    return ground_truth + RANDOM.randn(height, width, 2).astype(np.float32), ground_truth


def masks(height=20, width=30):
    occlusions, foreground = np.zeros((2, height, width), bool)
    occlusions[:, :10] = True
    foreground[:5] = True
    return {"occlusions": occlusions, "foreground": foreground, "visible": ~occlusions}


def test_endpoint_error_is_the_length_of_the_difference():
    error = metrics.endpoint_error(PREDICTION, GROUND_TRUTH)
    assert error.dtype == np.float64
    np.testing.assert_allclose(error, EPE)


def test_average_stands_on_the_valid_pixels():
    assert metrics.average(EPE) == Mean(3.0, 6)
    assert metrics.average(EPE, np.array([[1, 0, 1], [0, 1, 0]])) == Mean(5 / 3, 3)
    assert metrics.average(EPE, np.zeros((2, 3), bool)) == Mean(None, 0)


def test_matched_and_unmatched():
    occlusions = np.array([[0, 255, 0], [0, 255, 0]], np.uint8)
    assert metrics.matched_epe(EPE, occlusions) == Mean(13 / 4, 4)
    assert metrics.unmatched_epe(EPE, occlusions) == Mean(2.5, 2)
    assert metrics.unmatched_epe(EPE, occlusions, np.array([[1, 0, 1], [1, 0, 1]])) == Mean(None, 0)


def test_speeds():
    assert metrics.epe_by_speed(EPE, GROUND_TRUTH) == {
        "s0-10": Mean(1.5, 2),
        "s10-40": Mean(2.5, 2),
        "s40+": Mean(5.0, 2),
    }
    edges = np.array([[[10, 0], [40, 0], [9.99, 0]]])
    counts = {
        name: mean.count for name, mean in metrics.epe_by_speed(np.ones((1, 3)), edges).items()
    }
    assert counts == {"s0-10": 1, "s10-40": 1, "s40+": 1}
    slow = metrics.epe_by_speed(np.ones((1, 3)), np.zeros((1, 3, 2)))
    assert slow == {"s0-10": Mean(1.0, 3), "s10-40": Mean(None, 0), "s40+": Mean(None, 0)}


@pytest.mark.parametrize("fill", [0, 1])
def test_without_a_boundary_there_are_no_distances(fill):
    occlusions = np.full((2, 3), fill)
    assert np.isinf(metrics.occlusion_distance(occlusions)).all()
    assert set(metrics.epe_by_distance(EPE, occlusions).values()) == {Mean(None, 0)}


def test_distance_bins():
    occlusions = np.zeros((1, 200), bool)
    occlusions[0, 0] = True  # distances 0, 0, 1, 2, ..., 198
    bins = metrics.epe_by_distance(np.arange(200.0)[np.newaxis], occlusions)
    assert bins == {"d0-10": Mean(5.0, 11), "d10-60": Mean(35.5, 50), "d60-140": Mean(100.5, 80)}


def test_percent_above():
    assert metrics.percent_above(EPE, 1) == Mean(100 * 4 / 6, 6)
    assert metrics.percent_above(EPE, 3) == Mean(50.0, 6)
    assert metrics.percent_above(EPE, 5, np.array([[0, 1, 1], [0, 0, 1]])) == Mean(100 / 3, 3)


def test_fl_needs_both_limits():
    # wrong: 5 of 20 px, 6 of 50 px; not 4 of 100 px (4 %), nor 1 of 5 px (20 %)
    assert metrics.fl(EPE, GROUND_TRUTH) == Mean(100 * 2 / 6, 6)
    assert metrics.fl(
        np.array([[3.0, 3.01, 5.0, 5.01]]), np.array([[[0, 0], [0, 0], [100, 0], [100, 0]]])
    ) == Mean(50.0, 4)


def test_fl_of_background_and_foreground():
    foreground = np.array([[0, 1, 1], [0, 0, 0]])
    assert metrics.fl_fg(EPE, GROUND_TRUTH, foreground) == Mean(50.0, 2)
    assert metrics.fl_bg(EPE, GROUND_TRUTH, foreground) == Mean(25.0, 4)
    assert metrics.fl_fg(EPE, GROUND_TRUTH, foreground * 0) == Mean(None, 0)


def test_angular_error_in_degrees():
    prediction = np.array([[[0, 0], [1, 0], [1, 0], [5, 7]]])
    ground_truth = np.array([[[1, 0], [0, 1], [-1, 0], [5, 7]]])
    np.testing.assert_allclose(
        metrics.angular_error(prediction, ground_truth), [[45, 60, 90, 0]], atol=1e-12
    )


def test_wauc_weights_small_errors_most():
    weights = [1 - step / 100 for step in range(100)]  # for thresholds 0.05, 0.10, ..., 5.00
    assert metrics.wauc(np.array([[0.0, 0.05]])) == Mean(100.0, 2)
    assert metrics.wauc(np.array([[5.01]])) == Mean(0.0, 1)
    assert metrics.wauc(np.array([[0.06]])).value == pytest.approx(
        100 * (sum(weights) - 1) / sum(weights)
    )
    assert metrics.wauc(np.array([[5.0]])).value == pytest.approx(100 * 0.01 / sum(weights))
    errors = 6 * np.random.RandomState(0).rand(30, 40)
    inliers = [(errors <= step / 20).mean() for step in range(1, 101)]
    assert metrics.wauc(errors).value == pytest.approx(
        100 * np.dot(weights, inliers) / sum(weights)
    )


def test_all_of_them_for_a_perfect_prediction():
    _, ground_truth = scene()
    for name, mean in metrics.evaluate(ground_truth, ground_truth, **masks()).items():
        if name != "Zero flow":
            assert (
                mean.count == 0
                and mean.value is None
                or mean.value == (100.0 if name == "WAUC" else 0.0)
            ), name


def test_names_and_order():
    prediction, ground_truth = scene()
    basic = [
        "EPE",
        "Zero flow",
        "1px",
        "3px",
        "5px",
        "Fl-all",
        "AAE",
        "WAUC",
        "s0-10",
        "s10-40",
        "s40+",
    ]
    assert list(metrics.evaluate(prediction, ground_truth)) == basic
    everything = basic + [
        "EPE matched",
        "EPE unmatched",
        "d0-10",
        "d10-60",
        "d60-140",
        "Fl-bg",
        "Fl-fg",
        "EPE noc",
        "3px noc",
        "Fl noc",
        "Fl-bg noc",
        "Fl-fg noc",
    ]
    results = metrics.evaluate(prediction, ground_truth, **masks())
    assert list(results) == everything == list(metrics.MEASURES)
    assert results["EPE"] == metrics.average(metrics.endpoint_error(prediction, ground_truth))
    assert results["Fl-fg"].count == 150 and results["Fl-bg"].count == 450
    assert results["Fl-fg noc"].count == 100 and results["Fl-bg noc"].count == 300
    without_objects = metrics.evaluate(prediction, ground_truth, visible=masks()["visible"])
    assert list(without_objects) == basic + list(metrics.VISIBLE_MEASURES)


def test_fl_of_objects_and_background_is_that_of_visible_pixels_too():
    ground_truth = np.full((4, 6, 2), 50.0)
    prediction = ground_truth.copy()
    objects, visible = np.zeros((2, 4, 6), bool)
    objects[:2], visible[:, :3] = True, True
    prediction[0, :2] += 100  # objects that frame 2 shows
    prediction[3, 4] += 100  # background that it does not
    results = metrics.evaluate(prediction, ground_truth, foreground=objects, visible=visible)
    assert results["Fl-fg noc"] == Mean(pytest.approx(200 / 6), 6)
    assert results["Fl-bg noc"] == Mean(0.0, 6) and results["Fl-bg"].value > 0
    assert results["Fl noc"] == Mean(pytest.approx(200 / 12), 12)


def test_zero_flow_has_the_mean_speed_as_error():
    _, ground_truth = scene()
    expected = pytest.approx(np.hypot(ground_truth[..., 0], ground_truth[..., 1]).mean(), rel=1e-6)
    assert metrics.evaluate(np.zeros_like(ground_truth), ground_truth)["EPE"].value == expected
    assert metrics.evaluate(ground_truth, ground_truth)["Zero flow"].value == expected


@pytest.mark.parametrize("value", [1e6, 1e10, np.nan, np.inf])
def test_a_masked_out_pixel_changes_nothing(value):
    prediction, ground_truth = scene()
    valid = np.ones(ground_truth.shape[:2], bool)
    valid[3, 4] = False
    before = metrics.evaluate(prediction, ground_truth, valid, **masks())
    ground_truth[3, 4] = value
    assert metrics.evaluate(prediction, ground_truth, valid, **masks()) == before
    prediction[3, 4] = 12345
    assert metrics.evaluate(prediction, ground_truth, valid, **masks()) == before
    assert before["EPE"].count == valid.sum()


def test_unknown_ground_truth_is_left_out_or_refused():
    prediction, ground_truth = scene()
    ground_truth[0, 0], ground_truth[0, 1] = np.nan, 1e10
    assert metrics.evaluate(prediction, ground_truth)["EPE"].count == ground_truth[..., 0].size - 2
    error = metrics.endpoint_error(prediction, ground_truth)
    assert np.isnan(error[0, :2]).all() and np.isfinite(error).sum() == error.size - 2
    assert np.isnan(metrics.angular_error(prediction, ground_truth)[0, :2]).all()
    occlusions = masks()["occlusions"]
    for function in (
        metrics.average,
        metrics.wauc,
        lambda e: metrics.percent_above(e, 1),
        lambda e: metrics.epe_by_speed(e, ground_truth),
        lambda e: metrics.epe_by_distance(e, occlusions),
        lambda e: metrics.matched_epe(e, occlusions),
    ):
        with pytest.raises(ValueError, match="errors of 2 valid pixels"):
            function(error)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_predictions_that_are_no_numbers_do_not_pass(value):
    prediction, ground_truth = scene()
    prediction[1, 2, 0] = value
    valid = np.ones(ground_truth.shape[:2], bool)
    valid[1, 2] = False
    for function in (
        metrics.endpoint_error,
        metrics.angular_error,
        metrics.evaluate,
        lambda p, t: metrics.evaluate(p, t, valid),
    ):
        with pytest.raises(ValueError, match="prediction has 1 pixels"):
            function(prediction, ground_truth)


def test_shapes_must_agree():
    prediction, ground_truth = scene()
    for wrong in (prediction[1:], prediction[..., :1], prediction[np.newaxis]):
        for function in (metrics.endpoint_error, metrics.angular_error, metrics.evaluate):
            with pytest.raises(ValueError, match="shape"):
                function(wrong, ground_truth)
    mask = np.ones((20, 31))
    for call in (
        lambda: metrics.average(EPE, mask),
        lambda: metrics.evaluate(prediction, ground_truth, mask),
        lambda: metrics.evaluate(prediction, ground_truth, occlusions=mask),
        lambda: metrics.evaluate(prediction, ground_truth, foreground=mask),
        lambda: metrics.epe_by_speed(EPE, ground_truth),
        lambda: metrics.fl(EPE, ground_truth),
        lambda: metrics.occlusion_distance(EPE[0]),
    ):
        with pytest.raises(ValueError, match="shape"):
            call()


def test_running_mean_pools_like_one_large_image():
    images = [scene(8, 8) for _ in range(3)]
    running = RunningMean()
    for prediction, ground_truth in images:
        running.add(metrics.fl(metrics.endpoint_error(prediction, ground_truth), ground_truth))
    together = metrics.evaluate(*(np.concatenate(parts) for parts in zip(*images)))["Fl-all"]
    assert (
        running.pooled.value == pytest.approx(together.value)
        and running.pooled.count == together.count
    )
    assert running.per_image.value == pytest.approx(running.pooled.value)


def test_real_sintel_bins_cover_the_frame(real_data):
    import cv2

    folder = os.path.join(real_data, "MPI-Sintel-complete", "training")
    ground_truth, valid = read_flow(os.path.join(folder, "flow", "market_5", "frame_0002.flo"))
    occlusions = cv2.imread(
        os.path.join(folder, "occlusions", "market_5", "frame_0002.png"), cv2.IMREAD_GRAYSCALE
    )
    results = metrics.evaluate(np.zeros_like(ground_truth), ground_truth, valid, occlusions)
    assert (
        results["EPE"].value == pytest.approx(32.0, abs=0.5) and results["EPE"].count == 436 * 1024
    )
    assert results["EPE matched"].count + results["EPE unmatched"].count == 436 * 1024
    assert sum(results[name].count for name in ("s0-10", "s10-40", "s40+")) == 436 * 1024
    assert results["s0-10"].value < 10 <= results["s10-40"].value < 40 <= results["s40+"].value
    assert all(math.isfinite(results[name].value) for name in ("d0-10", "d10-60", "d60-140"))


def test_real_kitti_ground_truth_is_sparse(real_data):
    ground_truth, valid = read_flow(
        os.path.join(real_data, "KITTI", "data_scene_flow", "training", "flow_occ", "000000_10.png")
    )
    results = metrics.evaluate(ground_truth + np.float32(10), ground_truth, valid)
    assert results["EPE"] == Mean(pytest.approx(math.hypot(10, 10), rel=1e-5), int(valid.sum()))
    assert 0.1 < valid.mean() < 0.25
