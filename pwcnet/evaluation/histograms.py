"""How pixels spread over speeds and errors: counts that add up over pairs."""
from typing import NamedTuple

import numpy as np

SPEED_EDGES = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 80, 120, 160, np.inf)          # pixels a frame; Sintel's 10 and 40 among them
EPE_EDGES = (0, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, np.inf)        # pixels


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
        return dict(edges, pixels_by_speed=_counts(self.pixels_by_speed), epe_sum_by_speed=self.epe_sum_by_speed.tolist(),
                    pixels_by_epe=_counts(self.pixels_by_epe))


def histograms(epe, speed, valid):
    """The `Histograms` of one frame. epe, speed: [H, W] float64, pixels, of `pwcnet.flow.metrics`. valid: [H, W] bool."""
    epe, speed = epe[valid], speed[valid]
    bins = np.searchsorted(SPEED_EDGES, speed, side="right") - 1
    below = np.array([np.count_nonzero(epe < edge) for edge in EPE_EDGES[1:]], np.float64)
    size = len(SPEED_EDGES) - 1
    return Histograms(np.bincount(bins, minlength=size).astype(np.float64), np.bincount(bins, epe, size), np.diff(below, prepend=0))


def check_histograms(stored):
    """Raises ValueError for what is not such a dictionary as `Histograms.as_dict` gives: edges that rise, the last None, and a finite number for each bin."""
    for edges, *values in (("speed_edges", "pixels_by_speed", "epe_sum_by_speed"), ("epe_edges", "pixels_by_epe")):
        finite = np.array(stored[edges][:-1], np.float64)
        if stored[edges][-1] is not None or not (np.diff(finite) > 0).all():
            raise ValueError("%s that do not rise to null" % edges)
        for name in values:
            numbers = np.array(stored[name], np.float64)
            if numbers.shape != finite.shape or not (numbers >= 0).all() or not np.isfinite(numbers).all():
                raise ValueError("no number for each bin in %s" % name)


def empty():
    """The `Histograms` of no pixel."""
    return Histograms(np.zeros(len(SPEED_EDGES) - 1), np.zeros(len(SPEED_EDGES) - 1), np.zeros(len(EPE_EDGES) - 1))


def _edges(edges):
    return [float(edge) if np.isfinite(edge) else None for edge in edges]


def _counts(array):
    return [int(count) for count in array]
