"""Classical optical flow by OpenCV, the baseline of a learned method."""

from __future__ import annotations

import cv2
import numpy as np

# The values of OpenCV's sample, but five levels instead of three.
FARNEBACK = {
    "pyr_scale": 0.5,
    "levels": 5,
    "winsize": 15,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.2,
    "flags": 0,
}


def _dis(grey1: np.ndarray, grey2: np.ndarray) -> np.ndarray:
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey1, grey2, None)


def _farneback(grey1: np.ndarray, grey2: np.ndarray) -> np.ndarray:
    return cv2.calcOpticalFlowFarneback(grey1, grey2, None, **FARNEBACK)


METHODS = {"dis": _dis, "farneback": _farneback}


class ClassicalFlow:
    """A predictor with the interface of `pwcnet.inference.predictor.Predictor`.

    Args:
        method: "dis" (Kroeger et al. 2016, arXiv 1603.03590, preset medium) or "farneback"
            (Farnebäck 2003).

    Raises:
        ValueError: The method is another one.
    """

    def __init__(self, method: str):
        if method not in METHODS:
            raise ValueError("The method must be one of %s, got %r" % (", ".join(METHODS), method))
        self.method, self._calculate = method, METHODS[method]

    def flow(self, frame1: np.ndarray, frame2: np.ndarray) -> np.ndarray:
        """Estimates the flow from frame 1 to frame 2.

        Args:
            frame1: [H, W, 3] uint8 RGB, any size.
            frame2: [H, W, 3] uint8 RGB, of the same size.

        Returns:
            [H, W, 2] float32, pixels, channels (u, v).

        Raises:
            ValueError: The sizes differ, or OpenCV does not take frames of this size.
        """
        if frame1.shape != frame2.shape:
            raise ValueError(
                "Both frames must have one size, got %s and %s" % (frame1.shape, frame2.shape)
            )
        grey1, grey2 = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (frame1, frame2))
        try:
            return np.ascontiguousarray(self._calculate(grey1, grey2), np.float32)
        except cv2.error as error:
            raise ValueError(
                "OpenCV finds no flow in frames of %dx%d pixels (height x width) by the method %s: "
                "%s" % (*grey1.shape, self.method, error.err)
            ) from error

    def __enter__(self) -> ClassicalFlow:
        return self

    def __exit__(self, *_: object) -> None:
        pass
