#!/usr/bin/env python
"""Draws pairs with their ground truth and the flow of two checkpoints; the last step of demo.sh."""

import os
import sys

# Runs from any directory, without installation.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import cv2
import numpy as np

from pwcnet import Predictor, flow_to_color
from pwcnet.cli.common import run
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.io.images import write_image

TITLES = "frame 1", "ground truth", "flow at the start", "flow at the end"
GAP = 6


def main(argv, prog):
    """Writes the image. argv: folder of the data, two checkpoints, the image to write."""
    data, first, last, output = argv
    samples = [sample.load() for sample in sintel_samples(data)]
    flows = []
    for weights in (first, last):
        with Predictor(weights) as predictor:
            flows.append([predictor.flow(sample.frame1, sample.frame2) for sample in samples])
    rows = []
    for sample, start, end in zip(samples, *flows):
        largest = max(
            np.hypot(*np.moveaxis(flow, -1, 0)).max() for flow in (sample.flow, start, end)
        )
        colors = [flow_to_color(flow, largest) for flow in (sample.flow, start, end)]
        rows.append(np.concatenate([padded(image) for image in [sample.frame1] + colors], axis=1))
    write_image(output, np.concatenate([titles(rows[0].shape[1])] + rows))
    print("wrote %s" % output)


def padded(image):
    """The image twice as large, with a white margin."""
    larger = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(larger, 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def titles(width):
    """A line of column titles."""
    line = np.full((32, width, 3), 255, np.uint8)
    for column, title in enumerate(TITLES):
        place = column * width // len(TITLES) + 4, 22
        cv2.putText(line, title, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 1, cv2.LINE_AA)
    return line


if __name__ == "__main__":
    run(main)
