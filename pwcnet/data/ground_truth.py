"""Ground truth from flow files: what no frame can move is unknown."""

from __future__ import annotations

import numpy as np

from pwcnet.io.flow_files import read_flow

# Ground truth beyond this many pixels in a direction is taken as unknown: no published frame moves
# so far, but files of FlyingThings3D hold values of millions. KITTI's .png ends at 512 pixels.
LARGEST_MOTION = 10000.0


def read_ground_truth(path: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Reads a flow file; motion beyond LARGEST_MOTION is unknown.

    Args:
        path: as of `pwcnet.io.flow_files.read_flow`, whose errors are raised.

    Returns:
        (flow, valid, number of pixels that the limit made unknown).
    """
    flow, valid = read_flow(path)
    with np.errstate(invalid="ignore"):
        within = np.abs(flow) <= LARGEST_MOTION
    within = within[..., 0] & within[..., 1]
    return flow, valid & within, int(np.count_nonzero(valid & ~within))


def beyond_text(pixels: int, name: str) -> str:
    """The sentence that reports pixels which the limit made unknown, in a pair or in several."""
    return "ground truth of %d pixels is beyond %d px and taken as unknown (%s)" % (
        pixels,
        LARGEST_MOTION,
        name,
    )
