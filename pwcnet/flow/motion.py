"""How much moves between two frames: all of it, the camera, and what is left without the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pwcnet._checks import require
from pwcnet.flow import cuts
from pwcnet.flow.camera_motion import fit_camera
from pwcnet.flow.camera_refinement import refine_camera
from pwcnet.flow.warping import leaves_frame, warp
from pwcnet.io.flow_files import valid_pixels

STILL = 0.5  # pixels
# The share of the camera's own motion by which flow may miss it and still count as the camera's.
CAMERA_SHARE = 0.03
OPENING = 5  # pixels; what moves by itself and is narrower is the flow's fault
BLUR, WINDOW = 1.0, 5  # pixels; of the frames, and of the squares in which they are compared
NOISE_SHARE = 0.5  # of the frames' median difference along the camera's motion
CAMERA_VALUES = (
    "moving",
    "pan_x",
    "pan_y",
    "log_zoom",
    "roll",
    "camera_mean",
    "residual_mean",
    "residual_moving",
    "residual_largest",
)


@dataclass(frozen=True)
class PairMotion:
    """The motion between two frames.

    Lengths are pixels of the frames, shares are of the pixels whose flow is known, 0..1. The
    camera's motion and what is left without it are None where too little flow is known. What is
    left is measured where the camera leaves the pixel within the frame.

    Attributes:
        height: Of the frames.
        width: Of the frames.
        mean: The mean length of the flow.
        median: Its median.
        percentile_95: The length that 95 % of the pixels do not exceed.
        moving: Share that moves by more than `still` pixels, with the camera or by itself; where
            the camera is still, flow that nothing in the frames speaks for is noise.
        pan_x: How far the camera moves the centre of the image to the right.
        pan_y: How far it moves it down.
        log_zoom: The natural logarithm of the factor by which the camera makes the image grow.
        roll: Degrees by which the camera turns the image clockwise.
        camera_mean: The mean length of the camera's flow.
        residual_mean: The mean length of the flow without the camera's.
        residual_moving: Share that moves by itself: its flow without the camera's is longer than
            `still` and 3 % of the camera's there, together, and the frames agree better along the
            flow than along the camera's motion. Flow spills over the edges of what moves.
        residual_largest: Share of the largest connected region of them.
        is_cut: Whether the frames are of different shots: no motion brings them to agreement. The
            other values say nothing then.
        is_blank: Whether one frame is without texture, black or overexposed, and the other is not.
            The other values say nothing then, and whether it is a cut cannot be told.
    """

    height: int
    width: int
    mean: float
    median: float
    percentile_95: float
    moving: float
    pan_x: float | None
    pan_y: float | None
    log_zoom: float | None
    roll: float | None
    camera_mean: float | None
    residual_mean: float | None
    residual_moving: float | None
    residual_largest: float | None
    is_cut: bool
    is_blank: bool


def pair_motion(
    frame1: np.ndarray, frame2: np.ndarray, flow: np.ndarray, still: float = STILL
) -> PairMotion:
    """Measures the motion between two frames.

    Args:
        frame1: [H, W, 3] uint8 RGB.
        frame2: [H, W, 3] uint8 RGB.
        flow: [H, W, 2], floating, pixels, channels (u, v), from frame 1 to frame 2; unknown where
            it is NaN or beyond 1e9.
        still: Pixels; flow of a still film is wrong by less, whatever its noise.

    Raises:
        ValueError: The shapes do not fit, no flow is known, or `still` is not above 0.
    """
    flow = np.asarray(flow, np.float32)
    require(np.isfinite(still) and still > 0, "a length above 0 that counts as still", still)
    _check_shapes(frame1, frame2, flow)
    known = valid_pixels(flow)
    if not known.any():
        raise ValueError("No flow of the pair is known")
    flow = np.where(known[..., np.newaxis], flow, np.float32(0))
    lengths = np.hypot(flow[..., 0], flow[..., 1])[known]
    verdict = cuts.compare(frame1, frame2, flow)
    return PairMotion(
        height=flow.shape[0],
        width=flow.shape[1],
        mean=float(lengths.mean()),
        median=float(np.median(lengths)),
        percentile_95=float(np.percentile(lengths, 95)),
        is_cut=verdict == cuts.CUT,
        is_blank=verdict == cuts.BLANK,
        **_without_camera(frame1, frame2, flow, known, still),
    )


def _check_shapes(frame1, frame2, flow):
    size = flow.shape[:2]
    if flow.shape != size + (2,) or any(frame.shape != size + (3,) for frame in (frame1, frame2)):
        raise ValueError(
            "Frames [H, W, 3] and flow [H, W, 2] must have one size, got %s, %s and %s"
            % (frame1.shape, frame2.shape, flow.shape)
        )


def _without_camera(
    frame1: np.ndarray, frame2: np.ndarray, flow: np.ndarray, known: np.ndarray, still: float
) -> dict[str, Any]:
    """The CAMERA_VALUES of `PairMotion`."""
    camera = _camera(frame1, frame2, flow, known, still)
    if camera is None:
        longer = float((np.hypot(flow[..., 0], flow[..., 1])[known] > still).mean())
        return dict(dict.fromkeys(CAMERA_VALUES), moving=longer)
    height, width = known.shape
    moved = camera.flow(height, width)
    counted = known & ~leaves_frame(moved)
    if not counted.any():
        counted = known
    expected = np.hypot(moved[..., 0], moved[..., 1])
    residual = np.hypot(flow[..., 0] - moved[..., 0], flow[..., 1] - moved[..., 1])
    moving = counted & (residual > still + CAMERA_SHARE * expected)
    if moving.any():
        moving &= _fits_better(frame1, frame2, flow, moved, counted)
    square = np.ones((OPENING, OPENING), np.uint8)
    moving = cv2.morphologyEx(moving.astype(np.uint8), cv2.MORPH_OPEN, square)
    areas = cv2.connectedComponentsWithStats(moving, connectivity=8)[2][1:, cv2.CC_STAT_AREA]
    total = np.count_nonzero(counted)
    longer = np.hypot(flow[..., 0], flow[..., 1]) > still
    values = (
        float((longer & ((expected > still) | (moving > 0)))[known].mean()),
        camera.pan_x,
        camera.pan_y,
        camera.log_zoom,
        camera.roll,
        float(expected[known].mean()),
        float(residual[counted].mean()),
        float(areas.sum() / total),
        float(max(areas, default=0) / total),
    )
    return dict(zip(CAMERA_VALUES, values))


def _camera(frame1, frame2, flow, known, still):
    """The `CameraMotion`, refined where the flow agrees with it; None as `fit_camera`."""
    camera = fit_camera(np.where(known[..., np.newaxis], flow, np.float32(np.nan)))
    if camera is None:
        return None
    left = flow - camera.flow(*known.shape)
    agreeing = known & (np.hypot(left[..., 0], left[..., 1]) <= still)
    grey1, grey2 = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (frame1, frame2))
    return refine_camera(camera, grey1, grey2, agreeing)


def _fits_better(frame1, frame2, flow, moved, counted):
    """[H, W] bool: where the frames differ less along the flow than along the camera's motion."""
    grey1, grey2 = (
        cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), BLUR)
        for frame in (frame1, frame2)
    )
    # In the light of the first frame: flashes and fades are no motion.
    gain = grey1.std() / max(float(grey2.std()), 1e-3)
    grey2 = (grey2 - grey2.mean()) * gain + grey1.mean()
    by_camera, by_flow = (
        cv2.blur(np.abs(grey1 - warp(grey2, motion)), (WINDOW, WINDOW)) for motion in (moved, flow)
    )
    return by_camera >= by_flow + NOISE_SHARE * float(np.median(by_camera[counted]))
