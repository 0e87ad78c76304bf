"""How far a flow is from the truth: the measures of Sintel, KITTI, Middlebury and VIPER.

All shapes are of one frame. flow: [H, W, 2] floating, pixels, channels (u, v). epe: [H, W] float64, pixels, from `endpoint_error`.
valid: [H, W] bool (or numbers, non-zero = valid), None = every pixel; pixels outside it change nothing.
Every measure returns a Mean, and raises ValueError for shapes that differ and for a valid pixel whose error is unknown (NaN).
"""

from typing import NamedTuple, Optional

import numpy as np
from scipy.ndimage import distance_transform_edt

from pwcnet.io.flow_files import as_mask, valid_pixels

SPEEDS = (
    ("s0-10", 0, 10),
    ("s10-40", 10, 40),
    ("s40+", 40, np.inf),
)  # Sintel, pixels a frame, [from, to)
DISTANCES = (
    ("d0-10", 0, 10),
    ("d10-60", 10, 60),
    ("d60-140", 60, 140),
)  # Sintel, pixels, [from, to)
OUTLIER_PIXELS = (1, 3, 5)
FL_PIXELS, FL_FRACTION = 3, 0.05  # KITTI: wrong where the error exceeds both
MEASURES = (
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
    "s40+",  # of any truth,
    "EPE matched",
    "EPE unmatched",
    "d0-10",
    "d10-60",
    "d60-140",
    "Fl-bg",
    "Fl-fg",
)  # where there are masks
WAUC_THRESHOLDS = np.arange(1, 101) / 20  # VIPER: 0.05 to 5 pixels,
WAUC_WEIGHTS = 1 - np.arange(100) / 100  # weighing 1.00 down to 0.01


class Mean(NamedTuple):
    """A mean and the number of pixels (or images) it stands on; value is None where that is 0. Printed as "n/a" then.

    It is a tuple: write "%s" % str(mean), or "{:.2f}".format(mean), not "%s" % mean.
    """

    value: Optional[float]
    count: int

    def __str__(self):
        return format(self, "")

    def __format__(self, spec):
        return "n/a" if self.value is None else format(self.value, spec or ".2f")


class RunningMean:
    """Collects the means of images; both averages that papers print. An image without a valid pixel does not count."""

    def __init__(self):
        self._values, self._images, self._weighted, self._pixels = 0.0, 0, 0.0, 0

    def add(self, mean):
        """mean: a Mean of one image. ValueError for a value that is not finite."""
        if not mean.count:
            return
        if not np.isfinite(mean.value):
            raise ValueError(
                "expected a finite mean, got %r; try looking for NaN in the prediction"
                % (mean.value,)
            )
        self._values, self._images = self._values + mean.value, self._images + 1
        self._weighted, self._pixels = (
            self._weighted + mean.value * mean.count,
            self._pixels + mean.count,
        )

    @property
    def per_image(self):
        """Mean of the images' means (what published EPE is); its count is of images."""
        return Mean(self._values / self._images, self._images) if self._images else Mean(None, 0)

    @property
    def pooled(self):
        """Mean over all pixels of all images; its count is of pixels."""
        return Mean(self._weighted / self._pixels, self._pixels) if self._pixels else Mean(None, 0)


def endpoint_error(prediction, truth):
    """||prediction - truth||_2: [H, W] float64, pixels; NaN where the truth is unknown. ValueError for a prediction with NaN or infinity."""
    prediction, truth = _pair(prediction, truth)
    return np.hypot(prediction[..., 0] - truth[..., 0], prediction[..., 1] - truth[..., 1])


def angular_error(prediction, truth):
    """Angle between (u, v, 1) vectors (Barron et al. 1994): [H, W] float64, degrees; unknown truth and ValueError as in `endpoint_error`."""
    (u, v), (true_u, true_v) = (np.moveaxis(flow, -1, 0) for flow in _pair(prediction, truth))
    # By sine and cosine: the arc cosine alone gives 1e-6 degrees for equal vectors.
    sine = np.sqrt((v - true_v) ** 2 + (u - true_u) ** 2 + (u * true_v - v * true_u) ** 2)
    return np.degrees(np.arctan2(sine, u * true_u + v * true_v + 1))


def flow_magnitude(truth):
    """The truth's length: [H, W] float64, pixels; 0 where it is unknown, which never counts."""
    truth = _where_unknown(np.asarray(truth, np.float64), 0)
    return np.hypot(truth[..., 0], truth[..., 1])


def average(values, valid=None):
    """Mean of an [H, W] map (of `endpoint_error`: the EPE; of `angular_error`: the AAE) over valid pixels."""
    return _average_where(values, valid, True)


def matched_epe(epe, occlusions, valid=None):
    """Sintel's EPE matched: over pixels that both frames show. occlusions: [H, W], non-zero = occluded."""
    return _average_where(epe, valid, ~as_mask(occlusions, np.shape(epe)))


def unmatched_epe(epe, occlusions, valid=None):
    """Sintel's EPE unmatched: over occluded pixels. occlusions: [H, W], non-zero = occluded."""
    return _average_where(epe, valid, as_mask(occlusions, np.shape(epe)))


def epe_by_speed(epe, truth, valid=None):
    """Sintel's s0-10, s10-40, s40+ (pixels a frame of the truth, lower end included): {name: Mean}."""
    return _average_bins(epe, valid, _speed(truth, epe), SPEEDS)


def epe_by_distance(epe, occlusions, valid=None):
    """Sintel's d0-10, d10-60, d60-140 (pixels to the nearest occlusion boundary, lower end included): {name: Mean}.

    Sintel publishes no program for these; `occlusion_distance` says how they are realised here. All are empty where nothing is occluded.
    """
    return _average_bins(epe, valid, occlusion_distance(occlusions), DISTANCES)


def occlusion_distance(occlusions):
    """Euclidean distance to the nearest occlusion boundary: [H, W] float64, pixels; infinity where there is none.

    occlusions: [H, W], non-zero = occluded. The boundary is every pixel, on either side, whose mask differs from that of the pixel
    above, below, left or right; its distance is 0. The border of the frame is no boundary.
    """
    occluded = np.asarray(occlusions) != 0
    if occluded.ndim != 2:
        raise ValueError(
            "expected occlusions of shape [H, W], got %s; try one channel of the picture"
            % (occluded.shape,)
        )
    boundary = np.zeros(occluded.shape, bool)
    vertical, horizontal = occluded[1:] != occluded[:-1], occluded[:, 1:] != occluded[:, :-1]
    boundary[1:] |= vertical
    boundary[:-1] |= vertical
    boundary[:, 1:] |= horizontal
    boundary[:, :-1] |= horizontal
    return distance_transform_edt(~boundary) if boundary.any() else np.full(occluded.shape, np.inf)


def percent_above(epe, threshold, valid=None):
    """Percent of valid pixels with an error above the threshold (pixels): 1px, 3px, 5px."""
    _check_known(epe, valid)
    return _percent(_without_nan(epe) > threshold, valid)


def fl(epe, truth, valid=None):
    """KITTI's Fl-all: percent of valid pixels with an error above 3 pixels AND above 5 % of the truth's length."""
    return _fl(epe, _speed(truth, epe), valid)


def fl_fg(epe, truth, foreground, valid=None):
    """KITTI's Fl-fg: `fl` over moving objects. foreground: [H, W], non-zero = object (KITTI's obj_map)."""
    return fl(epe, truth, as_mask(valid, np.shape(epe)) & as_mask(foreground, np.shape(epe)))


def fl_bg(epe, truth, foreground, valid=None):
    """KITTI's Fl-bg: `fl` over the rest. foreground: [H, W], non-zero = object (KITTI's obj_map)."""
    return fl(epe, truth, as_mask(valid, np.shape(epe)) & ~as_mask(foreground, np.shape(epe)))


def wauc(epe, valid=None):
    """Weighted area under the curve of inliers over thresholds (Richter et al., Playing for Benchmarks, 2017): percent, 100 is perfect.

    100 / sum(w) * sum over i = 1..100 of w_i * (share of pixels with an error of at most i / 20 pixels), w_i = 1 - (i - 1) / 100.
    """
    _check_known(epe, valid)
    passed_from = np.append(
        np.cumsum(WAUC_WEIGHTS[::-1])[::-1], 0.0
    )  # the weight of this threshold and all larger ones
    passed = passed_from[np.searchsorted(WAUC_THRESHOLDS, _without_nan(epe), side="left")]
    return average(100.0 * passed / passed_from[0], valid)


def evaluate(prediction, truth, valid=None, occlusions=None, foreground=None):
    """Every measure that the given masks allow, of one frame: {name: Mean}, in the order of `MEASURES`. "Zero flow" is the EPE of no motion, for scale.

    prediction, truth: [H, W, 2]. valid: None is every pixel whose truth is known (Sintel: dense); pixels of unknown truth never count.
    occlusions: [H, W], for EPE matched, unmatched and d0-10 to d60-140. foreground: [H, W], for Fl-bg and Fl-fg.
    """
    epe = endpoint_error(prediction, truth)
    valid = as_mask(valid, epe.shape) & valid_pixels(truth)
    return evaluate_maps(
        epe, angular_error(prediction, truth), flow_magnitude(truth), valid, occlusions, foreground
    )


def evaluate_maps(epe, angles, speed, valid, occlusions=None, foreground=None):
    """`evaluate` of the maps of `endpoint_error`, `angular_error` and `flow_magnitude`, for who needs them too. valid: [H, W] bool, known pixels only."""
    results = {"EPE": average(epe, valid), "Zero flow": average(speed, valid)}
    results.update(
        ("%dpx" % pixels, percent_above(epe, pixels, valid)) for pixels in OUTLIER_PIXELS
    )
    results.update(
        {"Fl-all": _fl(epe, speed, valid), "AAE": average(angles, valid), "WAUC": wauc(epe, valid)}
    )
    results.update(_average_bins(epe, valid, speed, SPEEDS))
    if occlusions is not None:
        results.update(
            {
                "EPE matched": matched_epe(epe, occlusions, valid),
                "EPE unmatched": unmatched_epe(epe, occlusions, valid),
            }
        )
        results.update(epe_by_distance(epe, occlusions, valid))
    if foreground is not None:
        results.update(
            {
                "Fl-bg": _fl(epe, speed, valid & ~as_mask(foreground, epe.shape)),
                "Fl-fg": _fl(epe, speed, valid & as_mask(foreground, epe.shape)),
            }
        )
    return results


def _pair(prediction, truth):
    prediction, truth = np.asarray(prediction, np.float64), np.asarray(truth, np.float64)
    if prediction.shape != truth.shape or truth.ndim != 3 or truth.shape[2] != 2:
        raise ValueError(
            "expected prediction and truth of one shape [H, W, 2], got %s and %s; try cropping the padding"
            % (prediction.shape, truth.shape)
        )
    finite = np.isfinite(prediction)
    if not finite.all():
        wrong = int((~finite).any(axis=-1).sum())
        raise ValueError(
            "expected a finite prediction, got %d pixels with NaN or infinity; try the checkpoint before training diverged"
            % wrong
        )
    return prediction, _where_unknown(truth, np.nan)


def _where_unknown(truth, value):
    known = valid_pixels(truth)
    return truth if known.all() else np.where(known[..., np.newaxis], truth, value)


def _fl(epe, speed, valid):
    _check_known(epe, valid)
    wrong = _without_nan(epe) > FL_PIXELS
    with np.errstate(divide="ignore"):
        wrong[wrong] = epe[wrong] / speed[wrong] > FL_FRACTION
    return _percent(wrong, valid)


def _percent(wrong, valid):
    valid = as_mask(valid, wrong.shape)
    count = int(np.count_nonzero(valid))
    return Mean(100.0 * np.count_nonzero(wrong & valid) / count, count) if count else Mean(None, 0)


def _speed(truth, epe):
    if np.shape(truth) != np.shape(epe) + (2,):
        raise ValueError(
            "expected truth of shape %s, got %s; try the truth of the same frame"
            % (np.shape(epe) + (2,), np.shape(truth))
        )
    return flow_magnitude(truth)


def _check_known(values, valid):
    unknown = int((as_mask(valid, np.shape(values)) & ~np.isfinite(values)).sum())
    if unknown:
        raise ValueError(
            "expected known errors at every valid pixel, got %d unknown; try the valid mask of the truth"
            % unknown
        )


def _without_nan(values):
    return np.where(np.isfinite(values), values, 0)


def _average_where(values, valid, chosen):
    _check_known(values, valid)
    values = np.asarray(values)[as_mask(valid, np.shape(values)) & chosen]
    return Mean(float(values.mean()), values.size) if values.size else Mean(None, 0)


def _average_bins(epe, valid, measure, bins):
    if measure.shape != np.shape(epe):
        raise ValueError(
            "expected maps of one shape, got %s and %s; try the masks of the same frame"
            % (np.shape(epe), measure.shape)
        )
    return {
        name: _average_where(epe, valid, (measure >= start) & (measure < end))
        for name, start, end in bins
    }
