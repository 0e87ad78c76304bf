"""The speed of full colour for a video, which must not flicker."""

import numpy as np

from pwcnet.io.flow_files import valid_pixels

PERCENTILE = 99  # of a flow's speeds: single wild pixels decide nothing, small objects still do
FALL = 0.03  # share of the way to a lower speed, in octaves, that one frame goes: half of it in 23 frames
STILL = 1.0  # pixels; slower scenes stay pale, or the noise of a still one would be shown in full colour


class SteadyScale:
    """Speeds of full colour for one flow after the other: `scale = SteadyScale(); for flow in flows: flow_to_color(flow, scale.follow(flow))`.

    The first is the 99 % speed of the first flow; from there it follows that of each flow, at once to faster motion and slowly to slower, never below 1 pixel.
    So neighbouring pictures compare, and hardly a pixel is beyond the scale. It needs no flow but the present one.
    """

    def __init__(self):
        self._octaves = None

    def follow(self, flow):
        """flow: [H, W, 2] floating, pixels, the next one; unknown pixels do not count. Returns the speed of full colour in pixels for this flow."""
        flow = np.asarray(flow)
        speeds = np.hypot(*np.moveaxis(flow[valid_pixels(flow)], -1, 0))
        target = np.log2(max(STILL, np.percentile(speeds, PERCENTILE) if speeds.size else STILL))
        if self._octaves is None:
            self._octaves = target
        self._octaves = max(target, self._octaves + (target - self._octaves) * FALL)
        return float(2**self._octaves)
