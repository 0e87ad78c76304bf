"""A film's motion as one row, from the motion of its pairs."""

from __future__ import annotations

import math
from typing import Any, Iterable, Sequence

import numpy as np

from pwcnet._checks import require
from pwcnet.flow.motion import PairMotion

OWN_SHARE = 0.02  # of the pixels; where more move by themselves, the film is "moving"
DRIFT = 1.0  # pixels at the frame's sides that a still film's camera moves in all, at most
CAMERA_MEAN = 0.5  # pixels; a camera whose flow is longer on average moves, without drift too


def film_motion(
    pairs: Iterable[PairMotion],
    rate: float | None = None,
    step: int = 1,
    seconds: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Sums up the motion of a film.

    | key | unit | meaning |
    |---|---|---|
    | `pairs` | | pairs of frames, all of them |
    | `cuts` | | pairs that are cuts; no other key counts them |
    | `blanks` | | pairs of which one frame alone has no texture; no other key counts them |
    | `height`, `width` | px | of the frames |
    | `seconds` | s | from the first frame to the last of the pairs, without cuts and blanks |
    | `motion_mean` | px a pair | mean over pairs of the mean length of the flow |
    | `motion_mean_diagonal` | 1 | the same as share of the frame's diagonal |
    | `motion_mean_per_second` | 1/s | the same share in a second of the film |
    | `motion_median` | px a pair | mean over pairs of the median length of the flow |
    | `motion_median_diagonal` | 1 | as share of the diagonal |
    | `motion_median_per_second` | 1/s | the same share in a second |
    | `motion_p95` | px a pair | mean over pairs of the 95th percentile |
    | `motion_p95_diagonal` | 1 | as share of the diagonal |
    | `motion_p95_per_second` | 1/s | the same share in a second |
    | `motion_max` | px a pair | the largest mean of a pair |
    | `moving_share` | 0..1 | mean share of pixels that move (by more than the pairs' `still`) |
    | `camera_mean` | px a pair | mean length of the camera's flow |
    | `camera_pan_x`, `camera_pan_y` | px | the camera's pans, added up; right, down above 0 |
    | `camera_path` | px | lengths of the camera's pans, added up |
    | `camera_log_zoom` | 1 | logarithms of its zooms, added up; above 0 the image grows |
    | `camera_roll` | degrees | its rolls, added up; clockwise above 0 |
    | `residual_mean` | px a pair | mean length of the flow without the camera's |
    | `residual_mean_diagonal` | 1 | as share of the diagonal |
    | `residual_mean_per_second` | 1/s | the same share in a second |
    | `residual_share` | 0..1 | mean share of pixels that move by themselves |
    | `residual_largest` | 0..1 | mean share of the largest region that does |
    | `kind` | | "still": nothing moves, but noise; "camera": the camera alone does; "moving" |

    Args:
        pairs: Of the film, in its order, all of one size.
        rate: Frames per second of the film; None where it is unknown.
        step: Frames from one to the next of a pair.
        seconds: The time between both frames of each pair; None takes step / rate.

    Returns:
        A value for each key, in that order; None where it is unknown: where no pair counts, of
        times without rate or seconds, of the camera where none could be fitted.
        Values are finite and plain, as JSON needs them.

    Raises:
        ValueError: The pairs differ in size, or rate, step or seconds are none.
    """
    pairs = list(pairs)
    sizes = sorted({(pair.height, pair.width) for pair in pairs})
    require(len(sizes) < 2, "pairs of one size", sizes)
    times = _times(len(pairs), rate, step, seconds)
    counted = [number for number, pair in enumerate(pairs) if not (pair.is_cut or pair.is_blank)]
    duration = None if times is None or not pairs else math.fsum(times[at] for at in counted)
    kept = [pairs[at] for at in counted]
    height, width = sizes[0] if sizes else (None, None)
    row: dict[str, Any] = {
        "pairs": len(pairs),
        "cuts": sum(pair.is_cut for pair in pairs),
        "blanks": sum(pair.is_blank for pair in pairs),
        "height": height,
        "width": width,
        "seconds": duration,
    }
    scale = None if not sizes else math.hypot(*sizes[0])
    pace = len(kept) / duration if duration else None
    for key, name in (("mean", "mean"), ("median", "median"), ("p95", "percentile_95")):
        row.update(_scaled("motion_" + key, _mean(kept, name), scale, pace))
    row["motion_max"] = max((pair.mean for pair in kept), default=None)
    row["moving_share"] = _mean(kept, "moving")
    row.update(_camera(kept))
    row.update(_scaled("residual_mean", _mean(kept, "residual_mean"), scale, pace))
    row["residual_share"] = _mean(kept, "residual_moving")
    row["residual_largest"] = _mean(kept, "residual_largest")
    row["kind"] = _kind(row)
    return row


def _times(count, rate, step, seconds):
    """Seconds of each pair, or None."""
    require(step == int(step) and step > 0, "a step of whole frames above 0", step)
    require(
        rate is None or (np.isfinite(rate) and rate > 0),
        "a rate of frames per second above 0",
        rate,
    )
    if seconds is None:
        return None if rate is None else [step / rate] * count
    times = [float(value) for value in seconds]
    require(len(times) == count, "the seconds of %d pairs" % count, len(times))
    wrong = [value for value in times if not (np.isfinite(value) and value > 0)]
    require(not wrong, "seconds above 0 for each pair", wrong[0] if wrong else None)
    return times


def _scaled(key, value, scale, pace):
    """A length in pixels, as share of the diagonal, and as such a share in a second."""
    share = None if value is None else value / scale
    per_second = None if share is None or pace is None else share * pace
    return {key: value, key + "_diagonal": share, key + "_per_second": per_second}


def _known(pairs, name):
    return [getattr(pair, name) for pair in pairs if getattr(pair, name) is not None]


def _mean(pairs, name):
    values = _known(pairs, name)
    return math.fsum(values) / len(values) if values else None


def _sum(values):
    return math.fsum(values) if values else None


def _camera(pairs):
    steps = [math.hypot(pair.pan_x, pair.pan_y) for pair in pairs if pair.pan_x is not None]
    return {
        "camera_mean": _mean(pairs, "camera_mean"),
        "camera_pan_x": _sum(_known(pairs, "pan_x")),
        "camera_pan_y": _sum(_known(pairs, "pan_y")),
        "camera_path": _sum(steps),
        "camera_log_zoom": _sum(_known(pairs, "log_zoom")),
        "camera_roll": _sum(_known(pairs, "roll")),
    }


def _kind(row):
    """What moves; a slow zoom moves nothing between two frames, but all of it in the end."""
    if row["camera_mean"] is None:
        return None
    radius = row["width"] / 2
    drift = max(
        math.hypot(row["camera_pan_x"], row["camera_pan_y"]),
        abs(row["camera_log_zoom"]) * radius,
        abs(math.radians(row["camera_roll"])) * radius,
    )
    if row["residual_share"] > OWN_SHARE:
        return "moving"
    if drift > DRIFT or row["camera_mean"] > CAMERA_MEAN:
        return "camera"
    return "still"
