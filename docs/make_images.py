"""Makes docs/images/flow.png: two synthetic scenes, their ground truth, and their flow."""

import os
import sys

import cv2
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from pwcnet import Predictor, flow_to_color  # noqa: E402
from pwcnet.data.synthetic.options import SceneOptions  # noqa: E402
from pwcnet.data.synthetic.scenes import generate_pair  # noqa: E402

SEEDS = (43, 45)
OPTIONS = SceneOptions(height=256, width=448, median_motion=5, largest_motion=24)
GAP = 6


def main():
    """Writes the image, by the shipped weights."""
    rows = []
    with Predictor() as predictor:
        for seed in SEEDS:
            pair = generate_pair(seed, 1, OPTIONS)
            flow = predictor.flow(pair.frame1, pair.frame2)
            largest = max(np.hypot(*np.moveaxis(f, -1, 0)).max() for f in (pair.flow, flow))
            images = pair.frame1, flow_to_color(pair.flow, largest), flow_to_color(flow, largest)
            rows.append(joined([bordered(image) for image in images]))
    titles = np.full((30, rows[0].shape[1], 3), 255, np.uint8)
    for column, title in enumerate(("frame 1", "ground truth", "flow")):
        place = column * (OPTIONS.width + GAP) + 2, 21
        cv2.putText(
            titles, title, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 1, cv2.LINE_AA
        )
    image = np.concatenate(
        [titles, rows[0], np.full((GAP, titles.shape[1], 3), 255, np.uint8), rows[1]]
    )
    cv2.imwrite(os.path.join(ROOT, "docs", "images", "flow.png"), image[..., ::-1])


def joined(images):
    """Images side by side."""
    gap = np.full((images[0].shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([images[0], gap, images[1], gap, images[2]], axis=1)


def bordered(image):
    """The image with a thin grey border."""
    cv2.rectangle(image, (0, 0), (image.shape[1] - 1, image.shape[0] - 1), (200, 200, 200), 1)
    return image


if __name__ == "__main__":
    main()
