"""Scores of predicted flow: of one pair, of the pairs of a data set, and their totals.

Predictions of the network and predictions read from files are scored by the same function.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import Any, Iterable, Iterator, NamedTuple, Sequence

import numpy as np

from pwcnet.data.ground_truth import beyond_text
from pwcnet.evaluation.histograms import Histograms, compute_histograms, empty_histograms
from pwcnet.flow.averages import Mean, RunningMean
from pwcnet.flow.metrics import (
    MEASURES,
    angular_error,
    average,
    endpoint_error,
    evaluate_maps,
    flow_magnitude,
)
from pwcnet.flow.padding import padded_size
from pwcnet.io.flow_files import as_mask, valid_pixels
from pwcnet.io.prefetch import pipelined_map, prefetch

log = logging.getLogger(__name__)


class Result(NamedTuple):
    """One scored pair.

    Attributes:
        id: The id of the sample.
        scores: {measure: Mean over the valid pixels of the pair}.
        flow: [H, W, 2] float32, pixels, the prediction; None where it is not kept.
        seconds: The time of the prediction; None where it was read from a file.
        first: Whether the prediction was the first of its size: its time includes building a graph.
        histograms: The histograms of the pair; None counts as empty.
        beyond: Pixels of its ground truth that are unknown because their motion is too large.
    """

    id: str
    scores: dict[str, Mean]
    flow: np.ndarray | None = None
    seconds: float | None = None
    first: bool = False
    histograms: Histograms | None = None
    beyond: int = 0


def score(
    prediction: np.ndarray,
    ground_truth: np.ndarray,
    valid: np.ndarray | None = None,
    occlusions: np.ndarray | None = None,
    foreground: np.ndarray | None = None,
    visible: np.ndarray | None = None,
) -> tuple[dict[str, Mean], Histograms]:
    """Scores one prediction by every measure that the masks allow.

    Args:
        prediction: [H, W, 2], floating, pixels, channels (u, v), of the frame without padding.
        ground_truth: The same.
        valid: [H, W], non-zero = valid; None is everywhere. Unknown ground truth never counts.
        occlusions: [H, W], non-zero = occluded; None where the data set has no such mask.
        foreground: [H, W], non-zero = moving object; None where the data set has no such mask.
        visible: [H, W], non-zero = frame 2 shows the pixel too; None where the data set has no such
            mask.

    Returns:
        ({measure: Mean} in the order of `pwcnet.flow.metrics.MEASURES`, the histograms).

    Raises:
        ValueError: The shapes differ, or the prediction is not finite.
    """
    epe = endpoint_error(prediction, ground_truth)
    valid = as_mask(valid, epe.shape) & valid_pixels(ground_truth)
    angles, speed = angular_error(prediction, ground_truth), flow_magnitude(ground_truth)
    scores = evaluate_maps(epe, angles, speed, valid, occlusions, foreground, visible)
    return scores, compute_histograms(epe, speed, valid)


def mean_epe(
    prediction: np.ndarray, ground_truth: np.ndarray, valid: np.ndarray | None = None
) -> Mean:
    """The EPE of `score`, without the time for the other measures; arguments as there."""
    epe = endpoint_error(prediction, ground_truth)
    return average(epe, as_mask(valid, epe.shape) & valid_pixels(ground_truth))


@contextmanager
def value_errors_naming(name: str) -> Iterator[None]:
    """Appends the name of a pair or file to the message of a ValueError that the block raises."""
    try:
        yield
    except ValueError as error:
        raise ValueError("%s (%s)" % (error, name)) from error


def check_samples(samples: Sequence[Any], masked: bool = False) -> None:
    """Checks that samples can be evaluated.

    Args:
        samples: `pwcnet.data.sample.Sample`.
        masked: Whether pixels of the masks of invalid pixels are to be left out.

    Raises:
        ValueError: There is no sample, one has no ground truth, or `masked` is set and no sample
            has a mask of invalid pixels.
    """
    if not samples:
        raise ValueError("There are no pairs to evaluate")
    for sample in samples:
        if not sample.has_ground_truth:
            raise ValueError("The pair %s has no ground truth" % sample.id)
    if masked and not any(sample.has_invalid_mask for sample in samples):
        raise ValueError(
            "None of the %d pairs has a mask of invalid pixels (%s, ...)"
            % (len(samples), samples[0].id)
        )


def evaluate_samples(
    predictor: Any, samples: Sequence[Any], masked: bool = False
) -> Iterator[Result]:
    """Predicts and scores samples, one by one.

    Background threads read the files and score the predictions while the network runs.

    Args:
        predictor: Has `flow(frame1, frame2)`, as `pwcnet.inference.predictor.Predictor`.
        samples: `pwcnet.data.sample.Sample` with ground truth.
        masked: Leave out the pixels of the samples' masks of invalid pixels.

    Returns:
        An iterator over the results, in the order of the samples. Errors of files are raised when
        they are read, after the results of the pairs before them.

    Raises:
        ValueError: At once, as `check_samples` does.
    """
    samples = list(samples)
    check_samples(samples, masked)
    predictions = _predictions(predictor, samples, masked)
    return report_beyond(pipelined_map(_score_prediction, predictions))


def score_sample(predictor: Any, sample: Any, masked: bool, sizes: set[tuple[int, int]]) -> Result:
    """Predicts and scores one sample, as `evaluate_samples` does.

    Args:
        predictor: As there.
        sample: `pwcnet.data.sample.Sample` with ground truth.
        masked: As there.
        sizes: The padded sizes that were predicted before; that of the sample is added.
    """
    return _score_prediction(_predict(predictor, sample.id, sample.load(masked), sizes))


def report_beyond(results: Iterable[Result]) -> Iterator[Result]:
    """Passes results on; at their end, motion that is too large is reported in one line."""
    beyond = {}
    for result in results:
        if result.beyond:
            beyond[result.id] = result.beyond
        yield result
    if beyond:
        pairs = "%d pairs, the first is %s" % (len(beyond), next(iter(beyond)))
        log.warning("%s", beyond_text(sum(beyond.values()), pairs))


def _predictions(predictor: Any, samples: Sequence[Any], masked: bool) -> Iterator[tuple]:
    sizes: set[tuple[int, int]] = set()
    for sample, loaded in prefetch((sample, sample.load(masked)) for sample in samples):
        yield _predict(predictor, sample.id, loaded, sizes)


def _predict(predictor: Any, pair: str, loaded: Any, sizes: set[tuple[int, int]]) -> tuple:
    size = padded_size(*loaded.frame1.shape[:2])
    start = time.perf_counter()
    flow = predictor.flow(loaded.frame1, loaded.frame2)
    seconds = time.perf_counter() - start
    first = size not in sizes
    sizes.add(size)
    return pair, loaded, flow, seconds, first


def _score_prediction(prediction: tuple) -> Result:
    pair, loaded, flow, seconds, first = prediction
    with value_errors_naming(pair):
        scores, histograms = score(
            flow,
            loaded.flow,
            loaded.valid,
            loaded.occlusion,
            loaded.foreground,
            loaded.visible,
        )
    return Result(pair, scores, flow, seconds, first, histograms, int(loaded.beyond))


class Totals:
    """The totals of an evaluation: the means of all measures, the histograms, the mean time.

    Attributes:
        histograms: The sum of the pairs' histograms.
    """

    def __init__(self) -> None:
        self.histograms = empty_histograms()
        self._means: dict[str, RunningMean] = {}
        self._seconds: list[tuple[float, bool]] = []

    def add(self, result: Result) -> None:
        """Adds a pair."""
        for measure, mean in result.scores.items():
            self._means.setdefault(measure, RunningMean()).add(mean)
        if result.seconds is not None:
            self._seconds.append((result.seconds, result.first))
        if result.histograms is not None:
            self.histograms += result.histograms

    @property
    def measures(self) -> dict[str, RunningMean]:
        """The measures that any pair has, in the order of `pwcnet.flow.metrics.MEASURES`."""
        return {name: self._means[name] for name in MEASURES if name in self._means}

    @property
    def mean_seconds(self) -> float | None:
        """The mean time of a prediction; None where no time is known.

        Predictions that include building a graph count only where there are no others.
        """
        seconds = [taken for taken, first in self._seconds if not first]
        seconds = seconds or [taken for taken, _ in self._seconds]
        return float(np.mean(seconds)) if seconds else None

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """The means as JSON holds them.

        Returns:
            {measure: {"per_image": mean of the images' means, "images": number of images, "pooled":
            mean over all pixels, "pixels": number of pixels}}; a mean of nothing is None.
        """
        return {
            name: {
                "per_image": mean.per_image.value,
                "images": mean.per_image.count,
                "pooled": mean.pooled.value,
                "pixels": mean.pooled.count,
            }
            for name, mean in self.measures.items()
        }


def mean_without_first(seconds: Sequence[float]) -> float:
    """The mean time of runs; the first, which builds the graph, counts only if it is alone."""
    return float(np.mean(seconds[1:] or seconds))
