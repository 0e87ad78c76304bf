"""Prints the tables of errors on held-back scenes in pwcnet/weights/README.md, "Scenes".

One weights: where the error lies, by motion, distance to motion edges, texture and visibility.
Several: the mean error of each, the mean difference from the first, pair by pair, with its standard
error, and how many pairs are better.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from pwcnet import Predictor  # noqa: E402
from pwcnet.cli.arguments import ArgumentParser  # noqa: E402
from pwcnet.cli.common import run  # noqa: E402
from pwcnet.data.datasets.registry import parse_source  # noqa: E402
from pwcnet.flow.metrics import SPEEDS, endpoint_error  # noqa: E402

SCENES = [
    "generated=seed=901,pairs=32,height=320,width=512,median=8,largest=160",
    "generated=kind=worlds,seed=901,pairs=32,height=320,width=512,median=10,largest=200",
]
EDGE = 2.0  # pixels: where flow differs by more from one pixel to the next, motion has an edge
DISTANCES = (0, 4, 16, np.inf)  # pixels
CONTRAST_WINDOW = 7  # pixels, of the standard deviation of grey levels


def main(argv, prog):
    """Prints the table of one or of several weights."""
    parser = ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument(
        "weights", metavar="WEIGHTS", nargs="*", help="default: small, the shipped ones"
    )
    parser.add_argument(
        "--data",
        metavar="NAME=VALUES",
        nargs="+",
        default=SCENES,
        help="the scenes; default: %s" % " ".join(SCENES),
    )
    args = parser.parse_args(argv)
    weights = args.weights or ["small"]
    names = [parse_source(text).location for text in args.data]
    pairs = [held_back(text) for text in args.data]
    results = [[errors(one, loaded) for loaded in pairs] for one in weights]
    if len(weights) == 1:
        print_groups(names, pairs, results[0])
    else:
        print_differences(names, weights, results)


def held_back(text):
    """The loaded pairs of a source: as many as its values say."""
    samples = parse_source(text).samples("train_noval", "train")
    return [samples[index].load() for index in range(len(samples))]


def errors(weights, pairs):
    """[H, W] float64 of each pair: the end-point error, NaN where there is no ground truth."""
    with Predictor(weights, quality="plain") as predictor:
        flows = [predictor.flow(pair.frame1, pair.frame2) for pair in pairs]
    return [
        np.where(pair.valid, endpoint_error(flow, pair.flow), np.nan)
        for flow, pair in zip(flows, pairs)
    ]


def print_groups(names, pairs, results):
    """A row for each group of pixels: its share of the pixels and of the error, and its EPE."""
    print("| | %s |" % " | ".join("%s: pixels, %% | EPE | error, %%" % name for name in names))
    print("|---" * (1 + 3 * len(names)) + "|")
    tables = [groups(loaded) for loaded in pairs]
    for label in tables[0]:
        cells = []
        for table, error in zip(tables, results):
            error = np.concatenate([one.ravel() for one in error])
            known = ~np.isnan(error)
            chosen = error[known & table[label]]
            cells += [
                "%.1f" % (100 * chosen.size / known.sum()),
                "%.2f" % chosen.mean(),
                "%.1f" % (100 * chosen.sum() / error[known].sum()),
            ]
        print("| %s | %s |" % (label, " | ".join(cells)))


def groups(pairs):
    """{label: [pixels of all pairs] bool}."""
    length = joined(np.hypot(pair.flow[..., 0], pair.flow[..., 1]) for pair in pairs)
    distance, contrast = joined(map(edge_distance, pairs)), joined(map(local_contrast, pairs))
    occluded = joined(pair.occlusion for pair in pairs)
    low, high = np.quantile(contrast, [1 / 3, 2 / 3])
    table = {name: (length >= least) & (length < most) for name, least, most in SPEEDS}
    for least, most in zip(DISTANCES, DISTANCES[1:]):
        label = "%g-%g px from a motion edge" % (least, most)
        table[label.replace("-inf", "+")] = (distance >= least) & (distance < most)
    table["texture: lowest third"] = contrast < low
    table["middle third"] = (contrast >= low) & (contrast < high)
    table["highest third"] = contrast >= high
    table["visible in frame 2"], table["occluded"] = ~occluded, occluded
    table["all"] = np.ones_like(occluded)
    return table


def joined(arrays):
    """The values of all arrays in one."""
    return np.concatenate([array.ravel() for array in arrays])


def edge_distance(pair):
    """[H, W] float32: pixels from a motion edge; as far as can be where there is none."""
    edge = np.zeros(pair.valid.shape, bool)
    for one, other in (np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1]):
        differs = np.hypot(*np.moveaxis(pair.flow[one] - pair.flow[other], -1, 0)) > EDGE
        differs &= pair.valid[one] & pair.valid[other]
        edge[one] |= differs
        edge[other] |= differs
    if not edge.any():
        return np.full(edge.shape, np.hypot(*edge.shape), np.float32)
    return cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def local_contrast(pair):
    """[H, W] float32: the standard deviation of grey levels around each pixel of frame 1."""
    grey = cv2.cvtColor(pair.frame1, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean, square = (cv2.blur(values, (CONTRAST_WINDOW,) * 2) for values in (grey, grey * grey))
    return np.sqrt(np.maximum(square - mean * mean, 0))


def print_differences(names, weights, results):
    """A row for each of the weights: EPE, and what differs from the first."""
    print("| | %s |\n|%s" % (" | ".join(names), "---|" * (1 + len(names))))
    means = [[np.array(list(map(np.nanmean, one))) for one in result] for result in results]
    for name, one in zip(weights, means):
        cells = ["%.3f" % pairs.mean() for pairs in one]
        if name != weights[0]:
            cells = [cell + difference(*pairs) for cell, *pairs in zip(cells, one, means[0])]
        print("| %s | %s |" % (name, " | ".join(cells)))


def difference(errors, first):
    """The mean difference of errors [pairs] from the first ones, as text."""
    change = errors - first
    spread = change.std(ddof=1) / np.sqrt(change.size)
    better = np.count_nonzero(change < 0)
    return " (%+.3f ± %.3f, %d of %d better)" % (change.mean(), spread, better, change.size)


if __name__ == "__main__":
    run(main)
