"""Histograms of the pixels of an evaluation: by speed of the ground truth and by error."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np

# Lower edges of the bins, pixels per frame; Sintel's 10 and 40 are among them.
SPEED_EDGES = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 80, 120, 160, np.inf)
# Lower edges of the bins, pixels.
EPE_EDGES = (0, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, np.inf)


class Histograms(NamedTuple):
    """The histograms of one pair, or the sum of several; a bin includes its lower edge.

    Attributes:
        pixels_by_speed: [len(SPEED_EDGES) - 1] float64, the number of pixels by speed of the ground
            truth.
        epe_sum_by_speed: [len(SPEED_EDGES) - 1] float64, the sum of their end-point errors, pixels.
        pixels_by_epe: [len(EPE_EDGES) - 1] float64, the number of pixels by end-point error.
    """

    pixels_by_speed: np.ndarray
    epe_sum_by_speed: np.ndarray
    pixels_by_epe: np.ndarray

    def __add__(self, other: Any) -> Histograms:
        return Histograms(*(a + b for a, b in zip(self, other)))

    def as_dict(self) -> dict[str, list[float | None]]:
        """The histograms and their edges as JSON holds them: lists, None for infinity."""
        return {
            "speed_edges": _json_edges(SPEED_EDGES),
            "epe_edges": _json_edges(EPE_EDGES),
            "pixels_by_speed": _json_counts(self.pixels_by_speed),
            "epe_sum_by_speed": self.epe_sum_by_speed.tolist(),
            "pixels_by_epe": _json_counts(self.pixels_by_epe),
        }


def empty_histograms() -> Histograms:
    """The histograms of no pixel."""
    by_speed, by_epe = np.zeros(len(SPEED_EDGES) - 1), np.zeros(len(EPE_EDGES) - 1)
    return Histograms(by_speed, by_speed, by_epe)


def compute_histograms(epe: np.ndarray, speed: np.ndarray, valid: np.ndarray) -> Histograms:
    """The histograms of one frame.

    Args:
        epe: [H, W], pixels, from `pwcnet.flow.metrics.endpoint_error`.
        speed: [H, W], pixels, from `pwcnet.flow.metrics.flow_magnitude` of the ground truth.
        valid: [H, W] bool, the pixels that count.
    """
    epe, speed = epe[valid], speed[valid]
    bins = np.searchsorted(SPEED_EDGES, speed, side="right") - 1
    # Counting the pixels below each edge is several times as fast as sorting them into bins.
    below = np.array([np.count_nonzero(epe < edge) for edge in EPE_EDGES[1:]], np.float64)
    count = len(SPEED_EDGES) - 1
    return Histograms(
        np.bincount(bins, minlength=count).astype(np.float64),
        np.bincount(bins, epe, count),
        np.diff(below, prepend=0),
    )


def check_histograms(stored: dict[str, Any]) -> None:
    """Checks histograms that were read from JSON; see `Histograms.as_dict`.

    Raises:
        ValueError: The edges do not rise, the last one is not None, or a histogram has not one
            finite number of at least 0 per bin.
        LookupError, TypeError: A part is missing or of another type.
    """
    for edges, *histograms in (
        ("speed_edges", "pixels_by_speed", "epe_sum_by_speed"),
        ("epe_edges", "pixels_by_epe"),
    ):
        finite = np.array(stored[edges][:-1], np.float64)
        if stored[edges][-1] is not None or not (np.diff(finite) > 0).all():
            raise ValueError("%s must rise and end with null" % edges)
        for name in histograms:
            values = np.array(stored[name], np.float64)
            if values.shape != finite.shape or not (np.isfinite(values) & (values >= 0)).all():
                raise ValueError("%s must have one number of at least 0 per bin" % name)


def _json_edges(edges: Sequence[float]) -> list[float | None]:
    return [float(edge) if np.isfinite(edge) else None for edge in edges]


def _json_counts(counts: np.ndarray) -> list[float | None]:
    return [int(count) for count in counts]
