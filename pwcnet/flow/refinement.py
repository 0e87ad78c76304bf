"""Variational refinement of a flow by OpenCV: data, gradient and smoothness terms."""

from __future__ import annotations

import cv2
import numpy as np

ITERATIONS = 10  # fixed-point iterations; more than 15 gain nothing
SMALLEST = 8  # rows and columns


def can_refine() -> bool:
    """Whether this build of OpenCV has the variational refinement."""
    return hasattr(cv2, "VariationalRefinement_create")


def check_refinement() -> None:
    """Raises ValueError where this build of OpenCV has no variational refinement."""
    if not can_refine():
        raise ValueError(
            "This OpenCV (%s) has no VariationalRefinement, which all levels of quality but plain "
            "need: it was built without the module video, or is older than 4.0" % cv2.__version__
        )


def grey(frame: np.ndarray) -> np.ndarray:
    """Returns RGB [H, W, 3], uint8 or float32 in 0..1, as grey [H, W] uint8."""
    if frame.dtype != np.uint8:
        frame = np.round(np.clip(frame, 0, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def refine(grey1: np.ndarray, grey2: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Refines a flow as the last step of DIS does (Kroeger et al. 2016, arXiv 1603.03590).

    Args:
        grey1: [H, W] uint8, the first frame.
        grey2: [H, W] uint8, the second frame.
        flow: [H, W, 2] float32, pixels, channels (u, v).

    Returns:
        [H, W, 2] float32; the flow itself where it is not finite, or where the frames have fewer
        than 8 rows or columns.

    Raises:
        ValueError: As `check_refinement`.
    """
    check_refinement()
    if min(flow.shape[:2]) < SMALLEST or not np.isfinite(flow).all():
        return flow
    refinement = cv2.VariationalRefinement_create()
    refinement.setFixedPointIterations(ITERATIONS)
    u, v = (np.ascontiguousarray(flow[..., axis], np.float32) for axis in range(2))
    refinement.calcUV(grey1, grey2, u, v)
    return np.stack([u, v], axis=-1)
