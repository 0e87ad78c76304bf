"""Flow scored against the truth: one pair, the pairs of a data set, and what they come to.

Where a prediction comes from makes no difference here: this machine's network and files that a device wrote are scored by the same function.
"""
import time
from typing import Dict, NamedTuple, Optional

import numpy as np

from pwcnet.data.samples import load_sample
from pwcnet.flow.files import as_mask, valid_pixels
from pwcnet.flow.metrics import Mean, RunningMean, average, endpoint_error
from pwcnet.overlap import ahead


class Result(NamedTuple):
    """One scored pair.

    id: as of its sample. scores: {measure: Mean over the pair's valid pixels}. flow: [H, W, 2] float32, pixels, the prediction.
    seconds: what the prediction took; None where it was made elsewhere.
    """
    id: str
    scores: Dict[str, Mean]
    flow: np.ndarray
    seconds: Optional[float] = None


def score(prediction, truth, valid=None):
    """{"EPE": Mean, "Zero flow": Mean} of one frame; the second is what no motion at all would have, for scale.

    prediction, truth: [H, W, 2] floating, pixels, channels (u, v), of the frame without padding. valid: [H, W], None is all; unknown truth never counts.
    Raises ValueError for shapes that differ and for a prediction that is not finite.
    """
    epe = endpoint_error(prediction, truth)
    counted = as_mask(valid, epe.shape) & valid_pixels(truth)
    return {"EPE": average(epe, counted), "Zero flow": average(endpoint_error(np.zeros_like(truth), truth), counted)}


def named_score(name, prediction, truth, valid=None):
    """`score`, whose errors end with the name of the pair or file."""
    try:
        return score(prediction, truth, valid)
    except ValueError as error:
        raise ValueError("%s (%s)" % (error, name)) from error


def evaluate_samples(predictor, samples, masked=False):
    """Predicts and scores the samples one by one; returns an iterator of `Result`, in their order.

    predictor: has `flow(frame1, frame2)`, as pwcnet.predictor.Predictor. masked: pixels of the samples' invalid masks do not count.
    Raises at once ValueError where there is no sample, one without ground truth, or `masked` and no sample has a mask; errors of files come as they are read.
    """
    samples = list(samples)
    if not samples:
        raise ValueError("expected at least one pair to evaluate, got none; try another mode")
    for sample in samples:
        if sample.flow is None:
            raise ValueError("expected ground truth for every pair, got none for %s; try a mode of the training frames" % sample.id)
    if masked and not any(sample.invalid for sample in samples):
        raise ValueError("expected masks of invalid pixels, got none for %d pairs; try without masks" % len(samples))
    return _evaluated(predictor, samples, masked)


def _evaluated(predictor, samples, masked):
    for sample, loaded in ahead((sample, load_sample(sample, masked)) for sample in samples):
        started = time.perf_counter()
        flow = predictor.flow(loaded.frame1, loaded.frame2)
        seconds = time.perf_counter() - started
        yield Result(sample.id, named_score(sample.id, flow, loaded.flow, loaded.valid), flow, seconds)


class Totals:
    """What results come to: `measures`, {measure: RunningMean}, and the mean time."""

    def __init__(self):
        self.measures, self._seconds = {}, []

    def add(self, result):
        for measure, mean in result.scores.items():
            self.measures.setdefault(measure, RunningMean()).add(mean)
        if result.seconds is not None:
            self._seconds.append(result.seconds)

    @property
    def mean_seconds(self):
        """Of a prediction; see `mean_without_first`."""
        return mean_without_first(self._seconds)


def mean_without_first(seconds):
    """The mean time of runs; the first, which builds the graph, counts only where it is the only one."""
    return float(np.mean(seconds[1:] or seconds))
