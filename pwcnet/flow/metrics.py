"""Measures of optical flow: end-point error, outliers and angles, as benchmarks define them.

Shapes and units, for one frame:
    flow: [H, W, 2], floating, pixels, channels (u, v), u to the right, v down.
    epe: [H, W] float64, pixels, from `endpoint_error`.
    masks (valid, occlusions, foreground): [H, W], bool or numbers, non-zero = True.

The ground truth of a pixel is unknown where `pwcnet.io.flow_files.valid_pixels` says so. `valid` is
None for every pixel; pixels outside of it change nothing. All measures return a `Mean` and raise
ValueError for shapes that differ and for valid pixels whose error is unknown.
"""

from __future__ import annotations

from typing import Tuple

import numpy as np

from pwcnet.flow.averages import Mean, average_where, check_known, percentage
from pwcnet.flow.occlusion import occlusion_distance
from pwcnet.io.flow_files import as_mask, valid_pixels

Ranges = Tuple[Tuple[str, float, float], ...]  # name, from (included), to (excluded)
Names = Tuple[str, ...]

# Sintel: pixels per frame.
SPEEDS: Ranges = (("s0-10", 0, 10), ("s10-40", 10, 40), ("s40+", 40, np.inf))
# Sintel: pixels.
DISTANCES: Ranges = (("d0-10", 0, 10), ("d10-60", 10, 60), ("d60-140", 60, 140))
OUTLIER_PIXELS = (1, 3, 5)  # of the measures 1px, 3px, 5px
FL_PIXELS, FL_FRACTION = 3, 0.05  # KITTI: an outlier's error exceeds both limits
WAUC_THRESHOLDS = np.arange(1, 101) / 20  # VIPER: 0.05 to 5 pixels
WAUC_WEIGHTS = 1 - np.arange(100) / 100  # of the thresholds: 1.00 down to 0.01

GENERAL_MEASURES = ("EPE", "Zero flow", "1px", "3px", "5px", "Fl-all", "AAE", "WAUC")
SPEED_MEASURES = tuple(name for name, _, _ in SPEEDS)
OCCLUSION_MEASURES = ("EPE matched", "EPE unmatched") + tuple(name for name, _, _ in DISTANCES)
FOREGROUND_MEASURES = ("Fl-bg", "Fl-fg")
VISIBLE_MEASURES = ("EPE noc", "3px noc", "Fl noc")  # KITTI: of pixels that frame 2 shows too
VISIBLE_FOREGROUND_MEASURES = ("Fl-bg noc", "Fl-fg noc")
MEASURES = (
    GENERAL_MEASURES
    + SPEED_MEASURES
    + OCCLUSION_MEASURES
    + FOREGROUND_MEASURES
    + VISIBLE_MEASURES
    + VISIBLE_FOREGROUND_MEASURES
)


def endpoint_error(prediction: np.ndarray, ground_truth: np.ndarray) -> np.ndarray:
    """The end-point error ||prediction - ground_truth||_2 of each pixel.

    Args:
        prediction: [H, W, 2], pixels.
        ground_truth: [H, W, 2], pixels.

    Returns:
        [H, W] float64, pixels; NaN where the ground truth is unknown.

    Raises:
        ValueError: The shapes differ, or the prediction is not finite.
    """
    prediction, ground_truth = _check_flows(prediction, ground_truth)
    difference = prediction - ground_truth
    return np.hypot(difference[..., 0], difference[..., 1])


def angular_error(prediction: np.ndarray, ground_truth: np.ndarray) -> np.ndarray:
    """The angle between the vectors (u, v, 1) of each pixel (Barron et al. 1994).

    Args:
        prediction: [H, W, 2], pixels.
        ground_truth: [H, W, 2], pixels.

    Returns:
        [H, W] float64, degrees; NaN where the ground truth is unknown.

    Raises:
        ValueError: The shapes differ, or the prediction is not finite.
    """
    prediction, ground_truth = _check_flows(prediction, ground_truth)
    (u, v), (true_u, true_v) = (np.moveaxis(flow, -1, 0) for flow in (prediction, ground_truth))
    # By sine and cosine: the arc cosine alone gives 1e-6 degrees for equal vectors.
    sine = np.sqrt((v - true_v) ** 2 + (u - true_u) ** 2 + (u * true_v - v * true_u) ** 2)
    return np.degrees(np.arctan2(sine, u * true_u + v * true_v + 1))


def flow_magnitude(flow: np.ndarray) -> np.ndarray:
    """The length of each flow vector, which benchmarks call speed.

    Args:
        flow: [H, W, 2], pixels.

    Returns:
        [H, W] float64, pixels; 0 where the flow is unknown.
    """
    flow = _replace_unknown(np.asarray(flow, np.float64), 0)
    return np.hypot(flow[..., 0], flow[..., 1])


def average(values: np.ndarray, valid: np.ndarray | None = None) -> Mean:
    """The mean over valid pixels: the EPE of `endpoint_error`, the AAE of `angular_error`."""
    return average_where(values, valid)


def matched_epe(epe: np.ndarray, occlusions: np.ndarray, valid: np.ndarray | None = None) -> Mean:
    """Sintel's EPE matched: over pixels that are visible in both frames."""
    return average_where(epe, valid, ~as_mask(occlusions, np.shape(epe)))


def unmatched_epe(epe: np.ndarray, occlusions: np.ndarray, valid: np.ndarray | None = None) -> Mean:
    """Sintel's EPE unmatched: over pixels that are occluded in frame 2."""
    return average_where(epe, valid, as_mask(occlusions, np.shape(epe)))


def epe_by_speed(
    epe: np.ndarray, ground_truth: np.ndarray, valid: np.ndarray | None = None
) -> dict[str, Mean]:
    """Sintel's s0-10, s10-40 and s40+: by speed of the ground truth in pixels per frame.

    The lower end of each range is included.
    """
    return _average_ranges(epe, valid, _speed(ground_truth, epe), SPEEDS)


def epe_by_distance(
    epe: np.ndarray, occlusions: np.ndarray, valid: np.ndarray | None = None
) -> dict[str, Mean]:
    """Sintel's d0-10, d10-60 and d60-140: by distance to the nearest occlusion boundary in pixels.

    The lower end of each range is included; all are empty where nothing is occluded. Sintel
    publishes no program for these: `occlusion_distance` defines the distance here.
    """
    return _average_ranges(epe, valid, occlusion_distance(occlusions), DISTANCES)


def percent_above(epe: np.ndarray, threshold: float, valid: np.ndarray | None = None) -> Mean:
    """The percentage of valid pixels with an error above a threshold in pixels: 1px, 3px, 5px."""
    check_known(epe, valid)
    return percentage(_without_nan(epe) > threshold, valid)


def fl(epe: np.ndarray, ground_truth: np.ndarray, valid: np.ndarray | None = None) -> Mean:
    """KITTI's Fl-all: the percentage of outliers.

    An outlier's error is above 3 pixels AND above 5 % of the length of the ground truth.
    """
    return _fl(epe, _speed(ground_truth, epe), valid)


def fl_fg(
    epe: np.ndarray,
    ground_truth: np.ndarray,
    foreground: np.ndarray,
    valid: np.ndarray | None = None,
) -> Mean:
    """KITTI's Fl-fg: `fl` over moving objects, the non-zero pixels of KITTI's obj_map."""
    shape = np.shape(epe)
    return fl(epe, ground_truth, as_mask(valid, shape) & as_mask(foreground, shape))


def fl_bg(
    epe: np.ndarray,
    ground_truth: np.ndarray,
    foreground: np.ndarray,
    valid: np.ndarray | None = None,
) -> Mean:
    """KITTI's Fl-bg: `fl` over the background, the zero pixels of KITTI's obj_map."""
    shape = np.shape(epe)
    return fl(epe, ground_truth, as_mask(valid, shape) & ~as_mask(foreground, shape))


def wauc(epe: np.ndarray, valid: np.ndarray | None = None) -> Mean:
    """VIPER's weighted area under the curve of inliers over thresholds, in percent; 100 is perfect.

    100 / sum(w) * sum over i = 1..100 of w_i * (share of pixels with an error of at most i / 20
    pixels), with w_i = 1 - (i - 1) / 100 (Richter et al., Playing for Benchmarks, 2017).
    """
    check_known(epe, valid)
    # An inlier of a threshold is one of all larger thresholds, too: their weights add up.
    weight_from = np.append(np.cumsum(WAUC_WEIGHTS[::-1])[::-1], 0.0)
    first_threshold = np.searchsorted(WAUC_THRESHOLDS, _without_nan(epe), side="left")
    return average(100.0 * weight_from[first_threshold] / weight_from[0], valid)


def evaluate(
    prediction: np.ndarray,
    ground_truth: np.ndarray,
    valid: np.ndarray | None = None,
    occlusions: np.ndarray | None = None,
    foreground: np.ndarray | None = None,
    visible: np.ndarray | None = None,
) -> dict[str, Mean]:
    """Every measure that the given masks allow.

    Args:
        prediction: [H, W, 2], pixels.
        ground_truth: [H, W, 2], pixels.
        valid: None is everywhere (Sintel: dense). Pixels of unknown ground truth never count.
        occlusions: For EPE matched, EPE unmatched and d0-10 to d60-140.
        foreground: For Fl-bg and Fl-fg.
        visible: For EPE noc, 3px noc and Fl noc, over the valid pixels that it marks: those of
            KITTI's flow_noc. With `foreground`, also for Fl-bg noc and Fl-fg noc.

    Returns:
        {measure: Mean}, in the order of MEASURES. "Zero flow" is the EPE of a flow of zero, the
        mean speed, for scale.

    Raises:
        ValueError: The shapes differ, or the prediction is not finite.
    """
    epe = endpoint_error(prediction, ground_truth)
    valid = as_mask(valid, epe.shape) & valid_pixels(ground_truth)
    angles, speed = angular_error(prediction, ground_truth), flow_magnitude(ground_truth)
    return evaluate_maps(epe, angles, speed, valid, occlusions, foreground, visible)


def evaluate_maps(
    epe: np.ndarray,
    angles: np.ndarray,
    speed: np.ndarray,
    valid: np.ndarray,
    occlusions: np.ndarray | None = None,
    foreground: np.ndarray | None = None,
    visible: np.ndarray | None = None,
) -> dict[str, Mean]:
    """`evaluate` for callers that need the maps of errors, too.

    Args:
        epe: From `endpoint_error`.
        angles: From `angular_error`.
        speed: From `flow_magnitude` of the ground truth.
        valid: [H, W] bool, pixels with known ground truth only.
        occlusions: As for `evaluate`.
        foreground: As for `evaluate`.
        visible: As for `evaluate`.

    Returns:
        {measure: Mean}, in the order of MEASURES.
    """
    means = {"EPE": average(epe, valid), "Zero flow": average(speed, valid)}
    for pixels in OUTLIER_PIXELS:
        means["%dpx" % pixels] = percent_above(epe, pixels, valid)
    means["Fl-all"] = _fl(epe, speed, valid)
    means["AAE"] = average(angles, valid)
    means["WAUC"] = wauc(epe, valid)
    means.update(_average_ranges(epe, valid, speed, SPEEDS))
    if occlusions is not None:
        means["EPE matched"] = matched_epe(epe, occlusions, valid)
        means["EPE unmatched"] = unmatched_epe(epe, occlusions, valid)
        means.update(epe_by_distance(epe, occlusions, valid))
    if foreground is not None:
        means.update(_fl_by_object(epe, speed, valid, foreground, FOREGROUND_MEASURES))
    if visible is not None:
        seen = valid & as_mask(visible, epe.shape)
        means["EPE noc"] = average(epe, seen)
        means["3px noc"] = percent_above(epe, FL_PIXELS, seen)
        means["Fl noc"] = _fl(epe, speed, seen)
        if foreground is not None:
            means.update(_fl_by_object(epe, speed, seen, foreground, VISIBLE_FOREGROUND_MEASURES))
    return means


def _check_flows(prediction: np.ndarray, ground_truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64, unknown ground truth as NaN."""
    prediction = np.asarray(prediction, np.float64)
    ground_truth = np.asarray(ground_truth, np.float64)
    shape = ground_truth.shape
    if prediction.shape != shape or len(shape) != 3 or shape[2] != 2:
        raise ValueError(
            "Prediction and ground truth must have one shape [H, W, 2], got %s and %s"
            % (prediction.shape, shape)
        )
    finite = np.isfinite(prediction)
    if not finite.all():
        raise ValueError(
            "The prediction has %d pixels with NaN or infinity" % int((~finite).any(axis=-1).sum())
        )
    return prediction, _replace_unknown(ground_truth, np.nan)


def _replace_unknown(flow: np.ndarray, value: float) -> np.ndarray:
    known = valid_pixels(flow)
    return flow if known.all() else np.where(known[..., np.newaxis], flow, value)


def _speed(ground_truth: np.ndarray, epe: np.ndarray) -> np.ndarray:
    shape = np.shape(epe) + (2,)
    if np.shape(ground_truth) != shape:
        raise ValueError(
            "The ground truth must have the shape %s, got %s" % (shape, np.shape(ground_truth))
        )
    return flow_magnitude(ground_truth)


def _fl(epe: np.ndarray, speed: np.ndarray, valid: np.ndarray | None) -> Mean:
    check_known(epe, valid)
    outliers = _without_nan(epe) > FL_PIXELS
    with np.errstate(divide="ignore"):
        outliers[outliers] = epe[outliers] / speed[outliers] > FL_FRACTION
    return percentage(outliers, valid)


def _fl_by_object(
    epe: np.ndarray, speed: np.ndarray, valid: np.ndarray, foreground: np.ndarray, names: Names
) -> dict[str, Mean]:
    """{name: Fl} of the background and of moving objects."""
    objects = as_mask(foreground, epe.shape)
    return {
        name: _fl(epe, speed, valid & pixels) for name, pixels in zip(names, (~objects, objects))
    }


def _without_nan(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, 0)


def _average_ranges(
    epe: np.ndarray, valid: np.ndarray | None, quantity: np.ndarray, ranges: Ranges
) -> dict[str, Mean]:
    """{name: mean EPE of the pixels whose quantity is in the range}."""
    if quantity.shape != np.shape(epe):
        raise ValueError(
            "The maps of one frame must have one shape, got %s and %s"
            % (np.shape(epe), quantity.shape)
        )
    return {
        name: average_where(epe, valid, (quantity >= start) & (quantity < end))
        for name, start, end in ranges
    }
