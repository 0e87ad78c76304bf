"""What a network makes of a pair of frames, as pictures to watch during training."""

import cv2
import numpy as np

from pwcnet.flow.colors import error_to_color, flow_to_color

WIDTH = 512  # of the widest picture, pixels
FIRST_LEVEL = 6  # of the pyramid, 1/64 of the input
GAP, PAPER = 3, 24  # between the levels: flow without motion is white


def training_pictures(loaded, flow, pyramid):
    """The pair, its truth, the prediction, the error and every level: {tag: [H', W', 3] uint8 RGB}, W' at most 512.

    loaded: a pwcnet.data.sample.Loaded with truth. flow: [H, W, 2] float32, pixels, the prediction. pyramid: the flows [h, w, 2] float32 of levels 6, 5, ...,
    each in pixels of its level, of the frames as the network saw them, padded.
    "truth", "prediction" and "pyramid" have Middlebury's colours, full at the fastest valid pixel of the truth and darker beyond; "error" has KITTI's, black
    where there is no truth. Raises ValueError where `loaded` has no truth or flow is of another size.
    """
    if loaded.flow is None:
        raise ValueError(
            "expected a pair with truth, got one without; try samples of a training set"
        )
    if flow.shape != loaded.flow.shape:
        raise ValueError(
            "expected flow of shape %s as the truth has, got %s; try it without padding"
            % (loaded.flow.shape, flow.shape)
        )
    truth = np.where(loaded.valid[..., np.newaxis], loaded.flow, np.float32(0))
    speed = np.hypot(truth[..., 0], truth[..., 1])
    scale = float(speed.max()) or 1.0
    error = error_to_color(np.hypot(*np.moveaxis(flow - truth, -1, 0)), speed, loaded.valid)
    everywhere = np.ones(speed.shape, bool)
    return {
        "frame1": _reduced(loaded.frame1, everywhere),
        "frame2": _reduced(loaded.frame2, everywhere),
        "truth": _reduced(flow_to_color(truth, scale, loaded.valid), loaded.valid),
        "prediction": _reduced(flow_to_color(flow, scale), everywhere),
        "error": _reduced(error, loaded.valid),
        "pyramid": _levels(pyramid, scale),
    }


def _levels(pyramid, scale):
    """The levels side by side, coarse to fine, in the size of cells that all of them fit in."""
    height, width = pyramid[-1].shape[:2]
    cell = (WIDTH - GAP * (len(pyramid) - 1)) // len(pyramid)
    size = cell, max(1, int(round(cell * height / width)))
    row = []
    for level, flow in zip(range(FIRST_LEVEL, 0, -1), pyramid):
        colors = flow_to_color(flow * np.float32(2**level), scale)
        row += [
            cv2.resize(colors, size, interpolation=cv2.INTER_NEAREST),
            np.full((size[1], GAP, 3), PAPER, np.uint8),
        ]
    return np.concatenate(row[:-1], axis=1)


def _reduced(picture, valid):
    """At most 512 pixels wide: the mean of the valid pixels under each, so that sparse colours stay as bright as dense ones."""
    height, width = picture.shape[:2]
    if width <= WIDTH:
        return picture
    size = WIDTH, max(1, int(round(WIDTH * height / width)))
    total, share = (
        cv2.resize(array.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for array in (picture * valid[..., np.newaxis], valid)
    )
    mean = np.divide(
        total, share[..., np.newaxis], out=np.zeros_like(total), where=share[..., np.newaxis] > 0
    )
    return np.rint(np.minimum(mean, 255)).astype(np.uint8)
