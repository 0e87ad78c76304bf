"""Makes flow.png, weights.png and levels.png in docs/images, of generated scenes."""

import os
import sys

import cv2
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from pwcnet import Predictor, flow_to_color  # noqa: E402
from pwcnet.data.synthetic.options import SceneOptions  # noqa: E402
from pwcnet.data.synthetic.scenes import generate_pair  # noqa: E402
from pwcnet.flow.colors import error_to_color  # noqa: E402
from pwcnet.flow.metrics import endpoint_error, flow_magnitude  # noqa: E402
from pwcnet.runtime.choices import QUALITIES  # noqa: E402

FLOW_SEEDS = (43, 45)
FLOW_SCENES = SceneOptions(height=256, width=448, median_motion=5, largest_motion=24)
# Those of docs/make_tables.py, of which rows are shown from the best to the worst.
HELD_BACK = SceneOptions(height=320, width=512, median_motion=8, largest_motion=160)
HELD_BACK_SEED, HELD_BACK_PAIRS = 77, 24
RANKS = (4, 12, 18, 22)
# A hard pair: fast motion, on a wide frame.
FAST = SceneOptions(height=376, width=1242, median_motion=20, largest_motion=200, kind="worlds")
FAST_SEED, FAST_NUMBER = 525, 2
GAP = 6


def main():
    """Writes the images."""
    with Predictor(quality="plain") as predictor:
        pairs = [generate_pair(seed, 1, FLOW_SCENES) for seed in FLOW_SEEDS]
        rows = [images(pair, predictor.flow(pair.frame1, pair.frame2))[:3] for pair in pairs]
        write("flow.png", [[""] * 3] * len(rows), rows, ("frame 1", "ground truth", "flow"))
        pairs = [generate_pair(HELD_BACK_SEED, n, HELD_BACK) for n in range(HELD_BACK_PAIRS)]
        results = [(pair, predictor.flow(pair.frame1, pair.frame2)) for pair in pairs]
    results.sort(key=lambda result: epe(*result))
    chosen = [results[rank] for rank in RANKS]
    labels = [
        [
            "",
            "%.0f px on average" % flow_magnitude(pair.flow).mean(),
            "",
            "EPE %.2f, number %d of %d" % (epe(pair, flow), rank + 1, HELD_BACK_PAIRS),
        ]
        for rank, (pair, flow) in zip(RANKS, chosen)
    ]
    write(
        "weights.png",
        labels,
        [[shrunk(image) for image in images(*result)] for result in chosen],
        ("frame 1", "ground truth", "flow", "error: blue below 3 px or 5 %"),
    )
    write_levels()


def write_levels():
    """Writes one hard pair at each quality level."""
    pair = generate_pair(FAST_SEED, FAST_NUMBER, FAST)
    labels, rows = [], []
    for quality in QUALITIES:
        with Predictor(quality=quality) as predictor:
            flow = predictor.flow(pair.frame1, pair.frame2)
        labels.append(["", "", quality, "EPE %.2f" % epe(pair, flow)])
        rows.append([shrunk(image, 0.4) for image in images(pair, flow)])
    write(
        "levels.png",
        labels,
        rows,
        ("frame 1", "ground truth", "flow", "error: blue below 3 px or 5 %"),
    )


def epe(pair, flow):
    """The mean end-point error in pixels, where the ground truth is known."""
    return float(endpoint_error(flow, pair.flow)[np.isfinite(pair.flow).all(axis=-1)].mean())


def images(pair, flow):
    """Frame 1, the colors of ground truth and flow on one scale, and of the error."""
    largest = max(flow_magnitude(each).max() for each in (pair.flow, flow))
    error = error_to_color(endpoint_error(flow, pair.flow), flow_magnitude(pair.flow), None)
    return [
        pair.frame1,
        flow_to_color(pair.flow, largest),
        flow_to_color(flow, largest),
        error,
    ]


def shrunk(image, scale=2 / 3):
    """The image at a share of its size."""
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def write(name, labels, rows, titles):
    """Writes rows of images under their titles; labels: texts in the images' lower left corners."""
    height, width = rows[0][0].shape[:2]
    total = len(titles) * (width + GAP) - GAP
    parts = [np.full((30, total, 3), 255, np.uint8)]
    for column, title in enumerate(titles):
        put_text(parts[0], title, column * (width + GAP) + 2, 21, (60, 60, 60))
    for texts, row in zip(labels, rows):
        cells = [bordered(np.ascontiguousarray(image)) for image in row]
        for cell, text in zip(cells, texts):
            put_text(cell, text, 8, height - 10, (40, 40, 40))
        parts += [joined(cells), np.full((GAP, total, 3), 255, np.uint8)]
    path = os.path.join(ROOT, "docs", "images", name)
    cv2.imwrite(path, np.concatenate(parts[:-1])[..., ::-1])


def put_text(image, text, x, y, color):
    """Writes a line of text, with a white rim."""
    for thickness, paint in ((4, (255, 255, 255)), (1, color)):
        place = (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.55, paint, thickness, cv2.LINE_AA
        cv2.putText(image, text, *place)


def joined(cells):
    """Images side by side."""
    gap = np.full((cells[0].shape[0], GAP, 3), 255, np.uint8)
    parts = [part for cell in cells for part in (gap, cell)]
    return np.concatenate(parts[1:], axis=1)


def bordered(image):
    """The image with a thin grey border."""
    cv2.rectangle(image, (0, 0), (image.shape[1] - 1, image.shape[0] - 1), (200, 200, 200), 1)
    return image


if __name__ == "__main__":
    main()
