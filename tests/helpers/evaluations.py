"""Evaluations without a network: pairs of a given EPE, their frames, the folder of the files."""

import csv
import json
import os

import numpy as np

from pwcnet.data.sample import LoadedSample
from pwcnet.evaluation.pairs_csv import format_pairs
from pwcnet.evaluation.results import Evaluation
from pwcnet.evaluation.scores import PairScores, measure_names, running_means
from pwcnet.flow.averages import Mean

SPEED_EDGES, EPE_EDGES = [0, 1, 10, 40, None], [0, 0.5, 1, 3, None]
SCENES = [
    "scene_%d/frames_%04d_%04d" % (scene, number, number + 1)
    for scene in (1, 2, 10)
    for number in (1, 2, 3)
]


def evaluation(epes, data="sintel-clean", pixels=400, **about):
    """An evaluation of pairs {id: EPE, or None for a pair without a valid pixel}.

    No pair has a pixel in s40+, every other pair has matched pixels.
    """
    pairs = []
    for number, (name, epe) in enumerate(epes.items()):
        count = 0 if epe is None else pixels
        means = {
            "EPE": Mean(epe, count),
            "Zero flow": Mean(None if epe is None else 5.0, count),
            "Fl-all": Mean(None if epe is None else 10.0 * epe, count),
            "WAUC": Mean(None if epe is None else 100.0 - epe, count),
            "s40+": Mean(None, 0),
            "EPE matched": Mean(epe, count)
            if epe is not None and number % 2 == 0
            else Mean(None, 0),
        }
        pairs.append(PairScores(name, means, None if epe is None else 0.25))
    return Evaluation(
        dict(
            {
                "data": data,
                "root": "/data",
                "pairs": len(pairs),
                "masked": False,
                "filters": {"scenes": ["alley"], "limit": None},
                "weights": {"path": "pwcnet.ckpt-7", "sha256": "ab" * 32, "kind": "checkpoint"},
                "command": ["pwcnet", "evaluate", "--output", "a b"],
                "versions": {"pwcnet": "1.0", "numpy": "1.19"},
                "made": "2024-02-03T04:05:06+00:00",
                "mean_seconds": 0.25,
                "totals": totals(pairs),
                "histograms": {
                    "speed_edges": SPEED_EDGES,
                    "pixels_by_speed": [0, 300, 100, 0],
                    "epe_sum_by_speed": [0, 150.0, 200.0, 0],
                    "epe_edges": EPE_EDGES,
                    "pixels_by_epe": [100, 200, 50, 50],
                },
            },
            **about,
        ),
        pairs,
    )


def totals(pairs):
    """The "totals" of evaluation.json."""
    return {
        name: {
            "per_image": mean.per_image.value,
            "images": mean.per_image.count,
            "pooled": mean.pooled.value,
            "pixels": mean.pooled.count,
        }
        for name, mean in running_means(pairs).items()
    }


def write(folder, evaluation):
    """Writes the folder of an evaluation; returns its path."""
    folder.mkdir(parents=True)
    with open(str(folder / "evaluation.json"), "w") as stream:
        json.dump(evaluation.summary, stream)
    measures = measure_names(evaluation.pairs)
    (folder / "pairs.csv").write_text(format_pairs(evaluation.pairs, measures))
    return str(folder)


def loaded_pair(name, height=20, width=600):
    """(loaded sample, prediction) of any name.

    Everything moves by 3 px to the right, the left half is not valid; the prediction is 4 px too
    long.
    """
    frame = np.full((height, width, 3), (250, 10, 20), np.uint8)
    ground_truth = np.zeros((height, width, 2), np.float32) + np.float32([3, 0])
    valid = np.ones((height, width), bool)
    valid[:, : width // 2] = False
    loaded = LoadedSample(frame, frame[..., ::-1].copy(), ground_truth, valid, None)
    return loaded, ground_truth + np.float32([4, 0])


def content(path):
    """{name: bytes} of a folder, without what differs between runs: times and the command."""
    found = {}
    for parent, _, names in os.walk(str(path)):
        for name in names:
            with open(os.path.join(parent, name), "rb") as stream:
                found[os.path.relpath(os.path.join(parent, name), str(path))] = stream.read()
    about = json.loads(found["evaluation.json"].decode())
    found["evaluation.json"] = {
        key: value for key, value in about.items() if key not in ("made", "mean_seconds", "command")
    }
    found["pairs.csv"] = [row[:-1] for row in csv.reader(found["pairs.csv"].decode().splitlines())]
    return found
