"""Prints the tables of large frames in docs/own-frames.md: enlarged Sintel pairs at each level.

Each prediction is a process of its own, so that its peak memory is its own; the second of two
predictions is timed.
"""

import json
import os
import resource
import subprocess
import sys
import time

import cv2
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from pwcnet.cli.arguments import ArgumentParser, image_size, positive_float  # noqa: E402
from pwcnet.cli.common import run  # noqa: E402
from pwcnet.data.datasets.registry import parse_source  # noqa: E402
from pwcnet.data.splits import subset  # noqa: E402
from pwcnet.io.scaling import resized_flow  # noqa: E402
from pwcnet.runtime.choices import QUALITIES  # noqa: E402

SCENES = ("alley_1", "market_5")


def main(argv, prog):
    """Prints one row for each level; with --pair predicts one pair and prints its numbers."""
    parser = ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("data", metavar="DATA", help="folder of MPI-Sintel-complete")
    parser.add_argument(
        "--size", type=image_size, default=(2160, 3840), help="height x width of the frames"
    )
    parser.add_argument("--memory", type=positive_float, metavar="GB")
    parser.add_argument("--levels", nargs="+", choices=QUALITIES, default=QUALITIES)
    parser.add_argument("--pair", nargs=2, metavar=("SCENE", "LEVEL"), help="predict one pair")
    args = parser.parse_args(argv)
    if args.pair:
        print(json.dumps(predict(args.data, args.size, args.memory, *args.pair)))
        return
    print(
        "| | %s | seconds | memory |\n|---|%s---|---|" % (" | ".join(SCENES), "---|" * len(SCENES))
    )
    for level in args.levels:
        results = [in_process(args, scene, level) for scene in SCENES]
        cells = ["%.3g" % result["epe"] for result in results]
        cells.append(" to ".join("%.3g" % result["seconds"] for result in results))
        cells.append("%.2g GB" % max(result["memory"] for result in results))
        print("| `%s` | %s |" % (level, " | ".join(cells)), flush=True)


def in_process(args, scene, level):
    """The numbers of a pair, predicted in a process of its own."""
    command = [sys.executable, __file__, args.data, "--size", "%dx%d" % args.size]
    command += ["--pair", scene, level]
    if args.memory:
        command += ["--memory", str(args.memory)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def predict(data, size, memory, scene, level):
    """{"epe": in pixels of the original, "seconds", "memory": GB at the peak} of a scene's pair."""
    from pwcnet.inference.predictor import Predictor

    samples = subset(parse_source("sintel-clean=" + data).samples("train_noval"), [scene], [])
    sample = samples[0].load()
    frames = [
        cv2.resize(frame, size[::-1], interpolation=cv2.INTER_CUBIC)
        for frame in (sample.frame1, sample.frame2)
    ]
    with Predictor(quality=level, memory=memory) as predictor:
        for _ in range(2):
            start = time.time()
            flow = predictor.flow(*frames)
            seconds = time.time() - start
    small = resized_flow(flow, *sample.flow.shape[:2])
    errors = np.sqrt(np.square(small - sample.flow).sum(axis=-1))[sample.valid]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return {"epe": float(errors.mean()), "seconds": seconds, "memory": peak}


if __name__ == "__main__":
    run(main)
