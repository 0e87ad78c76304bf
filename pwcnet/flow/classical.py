"""Flow without a network, by OpenCV: what any learned flow should be compared with."""

import cv2
import numpy as np

FARNEBACK = dict(
    pyr_scale=0.5, levels=5, winsize=15, iterations=3, poly_n=5, poly_sigma=1.2, flags=0
)


def _dis(grey1, grey2):
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey1, grey2, None)


def _farneback(grey1, grey2):
    return cv2.calcOpticalFlowFarneback(grey1, grey2, None, **FARNEBACK)


METHODS = {"dis": _dis, "farneback": _farneback}


class ClassicalFlow:
    """A predictor as pwcnet.inference.predictor.Predictor, for frames of any size.

    method: "dis" (Kroeger et al. 2016, arXiv 1603.03590; preset medium) or "farneback" (Farneback 2003; five levels, otherwise the values of OpenCV's sample).
    Raises ValueError for another.
    """

    def __init__(self, method):
        if method not in METHODS:
            raise ValueError("expected a method of %s, got %r" % (", ".join(METHODS), method))
        self.method, self._calculate = method, METHODS[method]

    def flow(self, frame1, frame2):
        """frame1, frame2: [H, W, 3] uint8 RGB of one size. Returns [H, W, 2] float32, pixels, channels (u, v)."""
        if frame1.shape != frame2.shape:
            raise ValueError(
                "expected frames of one size, got %s and %s; try scaling one of them"
                % (frame1.shape, frame2.shape)
            )
        grey1, grey2 = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (frame1, frame2))
        return np.ascontiguousarray(self._calculate(grey1, grey2), np.float32)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
