"""The magnitude that is shown in full colour: of one flow, of the flows of a video, and beyond."""

from __future__ import annotations

import numpy as np

from pwcnet.io.flow_files import valid_pixels

PERCENTILE = 99  # of a flow's magnitudes: single wild pixels do not count, small objects do
REMAINING = 0.05  # share of the octaves to a lower magnitude that is left after a second
DEFAULT_RATE = 25.0  # frames per second
SMALLEST_MAGNITUDE = 1.0  # pixels; otherwise the noise of a still scene would be in full colour


def largest_magnitude(flow: np.ndarray) -> float:
    """The magnitude that `pwcnet.flow.colors.flow_to_color` shows in full colour by default.

    Args:
        flow: [H, W, 2], floating, pixels.

    Returns:
        The largest known magnitude in pixels; 1.0 where nothing moves or nothing is known.
    """
    known = np.asarray(flow, np.float64)[valid_pixels(flow)]
    return float(np.hypot(known[..., 0], known[..., 1]).max(initial=0.0)) or 1.0


def clip_magnitude(flow: np.ndarray, max_magnitude: float) -> np.ndarray:
    """Shortens longer vectors to `max_magnitude`; their direction stays.

    `flow_to_color` darkens colours beyond its maximum, as Middlebury's program does. Where the
    maximum is not the user's choice but below the largest magnitude of the flow, clipped flow gives
    full colour there instead of dark specks.

    Args:
        flow: [H, W, 2], floating, pixels. Unknown values stay as they are.
        max_magnitude: The largest magnitude of the result, pixels.

    Returns:
        [H, W, 2] float64, pixels.
    """
    flow = np.asarray(flow, np.float64)
    magnitude = np.hypot(flow[..., 0], flow[..., 1])
    beyond = valid_pixels(flow) & (magnitude > max_magnitude)
    clipped = flow.copy()
    # Rounded towards zero: not one of the results is beyond the maximum.
    clipped[beyond] *= (max_magnitude * (1 - 1e-9) / magnitude[beyond])[:, np.newaxis]
    return clipped


class VideoColorScale:
    """The magnitude of full colour for each flow of a video, without flicker.

    It starts at the 99th percentile of the first flow's magnitudes, rises at once with faster
    motion, falls within a second to slower motion, and never falls below 1 pixel: neighbouring
    frames have comparable colours and hardly a pixel is beyond the scale. It needs no flow but the
    current one:

        scale = VideoColorScale()
        for flow in flows:
            maximum = scale.update(flow)
            image = flow_to_color(clip_magnitude(flow, maximum), maximum)

    Args:
        rate: The frames per second of the video.
    """

    def __init__(self, rate: float = DEFAULT_RATE) -> None:
        self._octaves: float | None = None
        self._fall = 1 - REMAINING ** (1 / rate)  # share of the octaves per frame

    def update(self, flow: np.ndarray) -> float:
        """The magnitude of full colour for the next flow.

        Args:
            flow: [H, W, 2], floating, pixels; unknown pixels do not count.

        Returns:
            The magnitude in pixels.
        """
        flow = np.asarray(flow)
        magnitudes = np.hypot(*np.moveaxis(flow[valid_pixels(flow)], -1, 0))
        percentile = np.percentile(magnitudes, PERCENTILE) if magnitudes.size else 0.0
        target = float(np.log2(max(SMALLEST_MAGNITUDE, percentile)))
        previous = target if self._octaves is None else self._octaves
        self._octaves = max(target, previous + (target - previous) * self._fall)
        return float(2**self._octaves)
