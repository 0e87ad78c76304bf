"""Flow scored against the truth: one pair, the pairs of a data set, and what they come to.

Where a prediction comes from makes no difference here: this machine's network and files that a device wrote are scored by the same function.
"""

import time
from contextlib import contextmanager
from typing import Dict, NamedTuple, Optional

import numpy as np

from pwcnet.data.sample import load_sample
from pwcnet.flow.metrics import (
    MEASURES,
    Mean,
    RunningMean,
    angular_error,
    average,
    endpoint_error,
    evaluate_maps,
    flow_magnitude,
)
from pwcnet.flow.padding import padded_size
from pwcnet.io.flow_files import as_mask, valid_pixels
from pwcnet.io.prefetch import pipelined_map, prefetch

SPEED_EDGES = (
    0,
    1,
    2,
    3,
    5,
    7,
    10,
    15,
    20,
    30,
    40,
    60,
    80,
    120,
    160,
    np.inf,
)  # pixels a frame; Sintel's 10 and 40 among them
EPE_EDGES = (
    0,
    0.1,
    0.2,
    0.3,
    0.5,
    0.7,
    1,
    1.5,
    2,
    3,
    4,
    5,
    7,
    10,
    15,
    20,
    30,
    50,
    100,
    np.inf,
)  # pixels


class Histograms(NamedTuple):
    """Of one pair, or of several added up; a bin takes in its lower edge. Arrays of float64, the counts whole numbers.

    pixels_by_speed, epe_sum_by_speed: [K], over SPEED_EDGES of the truth's speed; the sum of the errors in pixels. pixels_by_epe: [M], over EPE_EDGES.
    """

    pixels_by_speed: np.ndarray
    epe_sum_by_speed: np.ndarray
    pixels_by_epe: np.ndarray

    def __add__(self, other):
        return Histograms(*(mine + others for mine, others in zip(self, other)))

    def as_dict(self):
        """For JSON: lists, and the edges with None for infinity."""
        edges = {"speed_edges": _edges(SPEED_EDGES), "epe_edges": _edges(EPE_EDGES)}
        return dict(
            edges,
            pixels_by_speed=_counts(self.pixels_by_speed),
            epe_sum_by_speed=self.epe_sum_by_speed.tolist(),
            pixels_by_epe=_counts(self.pixels_by_epe),
        )


def histograms(epe, speed, valid):
    """The `Histograms` of one frame. epe, speed: [H, W] float64, pixels, of `pwcnet.flow.metrics`. valid: [H, W] bool."""
    epe, speed = epe[valid], speed[valid]
    bins = np.searchsorted(SPEED_EDGES, speed, side="right") - 1
    below = np.array([np.count_nonzero(epe < edge) for edge in EPE_EDGES[1:]], np.float64)
    size = len(SPEED_EDGES) - 1
    return Histograms(
        np.bincount(bins, minlength=size).astype(np.float64),
        np.bincount(bins, epe, size),
        np.diff(below, prepend=0),
    )


def check_histograms(stored):
    """Raises ValueError for what is not such a dictionary as `Histograms.as_dict` gives: edges that rise, the last None, and a finite number for each bin."""
    for edges, *values in (
        ("speed_edges", "pixels_by_speed", "epe_sum_by_speed"),
        ("epe_edges", "pixels_by_epe"),
    ):
        finite = np.array(stored[edges][:-1], np.float64)
        if stored[edges][-1] is not None or not (np.diff(finite) > 0).all():
            raise ValueError("%s that do not rise to null" % edges)
        for name in values:
            numbers = np.array(stored[name], np.float64)
            if (
                numbers.shape != finite.shape
                or not (numbers >= 0).all()
                or not np.isfinite(numbers).all()
            ):
                raise ValueError("no number for each bin in %s" % name)


def empty():
    """The `Histograms` of no pixel."""
    return Histograms(
        np.zeros(len(SPEED_EDGES) - 1), np.zeros(len(SPEED_EDGES) - 1), np.zeros(len(EPE_EDGES) - 1)
    )


def _edges(edges):
    return [float(edge) if np.isfinite(edge) else None for edge in edges]


def _counts(array):
    return [int(count) for count in array]


class Result(NamedTuple):
    """One scored pair.

    id: as of its sample. scores: {measure: Mean over the pair's valid pixels}. flow: [H, W, 2] float32, pixels, the prediction; None where it is not kept.
    seconds: what the prediction took; None where it was made elsewhere. first: the first of its size, which built a graph in that time.
    histograms: how its pixels spread; None is nowhere.
    """

    id: str
    scores: Dict[str, Mean]
    flow: Optional[np.ndarray] = None
    seconds: Optional[float] = None
    first: bool = False
    histograms: Optional[Histograms] = None


def score(prediction, truth, valid=None, occlusions=None, foreground=None):
    """({measure: Mean}, Histograms) of one frame: every measure of `pwcnet.flow.metrics.MEASURES` that the masks allow.

    prediction, truth: [H, W, 2] floating, pixels, channels (u, v), of the frame without padding. valid: [H, W], None is all; unknown truth never counts.
    occlusions, foreground: [H, W], non-zero = occluded, moving object; None is unknown.
    Raises ValueError for shapes that differ and for a prediction that is not finite.
    """
    epe = endpoint_error(prediction, truth)
    counted = as_mask(valid, epe.shape) & valid_pixels(truth)
    speed = flow_magnitude(truth)
    return evaluate_maps(
        epe, angular_error(prediction, truth), speed, counted, occlusions, foreground
    ), histograms(epe, speed, counted)


def mean_epe(prediction, truth, valid=None):
    """The EPE alone, a Mean; as `score` has it, in less time."""
    epe = endpoint_error(prediction, truth)
    return average(epe, as_mask(valid, epe.shape) & valid_pixels(truth))


@contextmanager
def value_errors_naming(name):
    """ValueErrors of the block end with the name of the pair or file."""
    try:
        yield
    except ValueError as error:
        raise ValueError("%s (%s)" % (error, name)) from error


def check_samples(samples, masked=False):
    """Raises ValueError where there is no sample, one without ground truth, or `masked` and no sample has a mask of invalid pixels."""
    if not samples:
        raise ValueError("expected at least one pair to evaluate, got none; try another mode")
    for sample in samples:
        if sample.flow is None:
            raise ValueError(
                "expected ground truth for every pair, got none for %s; try a mode of the training frames"
                % sample.id
            )
    if masked and not any(sample.invalid for sample in samples):
        raise ValueError(
            "expected masks of invalid pixels, got none for %d pairs; try without masks"
            % len(samples)
        )


def evaluate_samples(predictor, samples, masked=False):
    """Predicts and scores the samples one by one; returns an iterator of `Result`, in their order.

    Files are read, and predictions scored, in threads of their own while the network runs.
    predictor: has `flow(frame1, frame2)`, as pwcnet.inference.predictor.Predictor. masked: pixels of the samples' invalid masks do not count.
    Raises at once what `check_samples` does; errors of files come as they are read, after the results of the pairs before them.
    """
    samples = list(samples)
    check_samples(samples, masked)
    return pipelined_map(_scored, _predicted(predictor, samples, masked))


def _predicted(predictor, samples, masked):
    sizes = set()
    for sample, loaded in prefetch((sample, load_sample(sample, masked)) for sample in samples):
        size = padded_size(*loaded.frame1.shape[:2])
        started = time.perf_counter()
        flow = predictor.flow(loaded.frame1, loaded.frame2)
        yield sample.id, loaded, flow, time.perf_counter() - started, size not in sizes
        sizes.add(size)


def _scored(predicted):
    name, loaded, flow, seconds, first = predicted
    with value_errors_naming(name):
        scores, spread = score(flow, loaded.flow, loaded.valid, loaded.occlusion, loaded.foreground)
    return Result(name, scores, flow, seconds, first, spread)


class Totals:
    """What results come to. measures: {measure: RunningMean}, those that any result has, in the order of MEASURES. histograms: the sum of all."""

    def __init__(self):
        self._means, self._seconds, self.histograms = {}, [], empty()

    def add(self, result):
        for measure, mean in result.scores.items():
            self._means.setdefault(measure, RunningMean()).add(mean)
        if result.seconds is not None:
            self._seconds.append((result.seconds, result.first))
        if result.histograms is not None:
            self.histograms += result.histograms

    @property
    def measures(self):
        return {name: self._means[name] for name in MEASURES if name in self._means}

    @property
    def mean_seconds(self):
        """Of a prediction, without those that built a graph unless there are no others; None where nothing was timed."""
        seconds = [taken for taken, first in self._seconds if not first] or [
            taken for taken, _ in self._seconds
        ]
        return float(np.mean(seconds)) if seconds else None

    def as_dict(self):
        """For JSON: {measure: {"per_image", "images", "pooled", "pixels"}}; the means are None where they stand on nothing."""
        return {
            name: {
                "per_image": mean.per_image.value,
                "images": mean.per_image.count,
                "pooled": mean.pooled.value,
                "pixels": mean.pooled.count,
            }
            for name, mean in self.measures.items()
        }


def mean_without_first(seconds):
    """The mean time of runs; the first, which builds the graph, counts only where it is the only one."""
    return float(np.mean(seconds[1:] or seconds))
