"""Prints how often the flow is within 1 px, by its confidence: the table in docs/own-frames.md.

With --fit the constants of pwcnet/flow/confidence.py, from generated pairs of other seeds.
"""

import dataclasses
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

import numpy as np  # noqa: E402
from make_tables import ROWS  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from pwcnet import Predictor  # noqa: E402
from pwcnet.cli.arguments import ArgumentParser  # noqa: E402
from pwcnet.cli.common import run  # noqa: E402
from pwcnet.data.datasets.registry import parse_source  # noqa: E402
from pwcnet.data.splits import subset  # noqa: E402
from pwcnet.data.synthetic.options import SceneOptions  # noqa: E402
from pwcnet.data.synthetic.scenes import generate_pair  # noqa: E402
from pwcnet.flow.confidence import MARGIN, flow_confidence, mean_inconsistency  # noqa: E402
from pwcnet.flow.consistency import round_trip  # noqa: E402
from pwcnet.flow.metrics import endpoint_error  # noqa: E402
from pwcnet.flow.warping import leaves_frame  # noqa: E402
from pwcnet.runtime.choices import DEFAULT_QUALITY, PLAIN, QUALITIES  # noqa: E402

FIT_SEEDS, CHECK_SEEDS = (9101, 9202), (9303,)
PAIRS = 6  # of each seed and kind
SLOW = SceneOptions(height=320, width=512, median_motion=2, largest_motion=40)
FAST = SceneOptions(height=320, width=512, median_motion=10, largest_motion=200)
SCENES = {
    "generated %s, median motion %g px" % (kind, options.median_motion): dataclasses.replace(
        options, kind=kind
    )
    for kind in ("layers", "worlds")
    for options in (SLOW, FAST)
}
SURE = 0.9
EDGES = (0, 0.3, 0.6, SURE, 0.97, 1)
# For the fit: of so many pixels one counts (columns in turn); pixels added before logarithms.
EVERY, LEAST = 17, 1e-4


def main(argv, prog):
    """Prints the table, or the constants."""
    parser = ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="folder of MPI-Sintel-complete, middlebury, FlyingChairs_release and KITTI "
        "(default: generated pairs alone)",
    )
    parser.add_argument("--fit", action="store_true", help="print the constants, of plain")
    parser.add_argument("--quality", choices=QUALITIES, default=DEFAULT_QUALITY)
    args = parser.parse_args(argv)
    with Predictor(quality=PLAIN if args.fit else args.quality) as predictor:
        if args.fit:
            print_fit(predictor)
        else:
            print_table(predictor, args.data)


def print_table(predictor, data):
    """Prints the shares of pixels, and which of them are within 1 px, in a row for each set."""
    samples = {label: generated(options, CHECK_SEEDS) for label, options in SCENES.items()}
    for label, (name, *chosen) in ROWS.items() if data else ():
        if "=" not in name:
            found = parse_source("%s=%s" % (name, data)).samples("val_notrain")
            samples[label] = (sample.load() for sample in subset(found, chosen[1:], []))
    ranges = [(SURE, 1), *zip(EDGES, EDGES[1:])]
    heads = ["frames", "within 1 px", *("%g to %g" % limits for limits in ranges)]
    print("| %s |\n|%s" % (" | ".join(heads), "---|" * len(heads)))
    for label, pairs in samples.items():
        confidence, right = (np.concatenate(values) for values in zip(*scored(predictor, pairs)))
        cells = ["%.0f %%" % (100 * right.mean())]
        cells += [cell(confidence, right, *limits) for limits in ranges]
        print("| %s |" % " | ".join([label, *cells]), flush=True)


def cell(confidence, right, low, high):
    """The share of the pixels with this confidence; how many of them are within 1 px."""
    chosen = (confidence >= low) & ((confidence < high) | (high == 1))
    within = "%.0f %%" % (100 * right[chosen].mean()) if chosen.any() else "-"
    return "%.0f %%: %s" % (100 * chosen.mean(), within)


def print_fit(predictor):
    """Prints HALF, SLOPE and LEAVING, from as many pixels of each set."""
    parts = [
        inconsistency(forward, backward, pair)
        for options in SCENES.values()
        for pair, forward, backward in predictor.both_ways(generated(options, FIT_SEEDS))
    ]
    distance, leaving, right = (np.concatenate(values) for values in zip(*parts))
    x = np.log(distance[~leaving] + LEAST)[:, np.newaxis]
    fitted = LogisticRegression(C=1e6).fit(x, right[~leaving])
    slope = -fitted.coef_[0, 0]
    print("HALF = %.2f" % np.exp(fitted.intercept_[0] / slope))
    print("SLOPE = %.2f\nLEAVING = %.2f" % (slope, right[leaving].mean()))


def generated(options, seeds):
    """Yields the generated pairs of these seeds."""
    for seed in seeds:
        for number in range(PAIRS):
            yield generate_pair(seed, number, options)


def scored(predictor, pairs):
    """Yields (confidence, whether the flow is within 1 px) of the valid pixels of each pair."""
    for pair, forward, backward in predictor.both_ways(pairs):
        valid = pair.valid != 0
        right = endpoint_error(forward, pair.flow) < 1
        yield flow_confidence(forward, backward)[valid], right[valid]


def inconsistency(forward, backward, pair):
    """(mean inconsistency, leaving the frame, within 1 px) of every 17th valid pixel."""
    trip, leaving = round_trip(forward, backward), leaves_frame(forward, MARGIN)
    right = endpoint_error(forward, pair.flow) < 1
    arrays = mean_inconsistency(trip, ~leaving), leaving, right
    return [array[pair.valid != 0][::EVERY] for array in arrays]


if __name__ == "__main__":
    run(main)
