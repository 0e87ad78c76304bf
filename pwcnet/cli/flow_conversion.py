"""What `pwcnet convert` does with each flow file: colors, arrows, other formats, scores."""

from __future__ import annotations

import logging
import os
from argparse import Namespace
from typing import Sequence

import numpy as np

from pwcnet.cli.common import remedy
from pwcnet.cli.flow_inputs import FlowInput, ground_truth_of
from pwcnet.data.ground_truth import beyond_text, read_ground_truth
from pwcnet.evaluation.measures import format_totals
from pwcnet.evaluation.scoring import Result, Totals
from pwcnet.flow.color_scale import largest_magnitude
from pwcnet.flow.colors import flow_to_color
from pwcnet.flow.drawing import draw_arrows, draw_legend
from pwcnet.flow.metrics import evaluate
from pwcnet.io.flow_files import clip_to_kitti, write_flow
from pwcnet.io.flow_pictures import write_flow_pictures
from pwcnet.io.images import IMAGE_EXTENSIONS, read_frame, write_image

FILES = {
    "png": ("%s.png",),
    "arrows": ("%s_arrows.png",),
    "flo": ("%s.flo",),
    "kitti": (os.path.join("kitti", "%s.png"),),
    "pfm": ("%s.pfm",),
    "npy": ("%s.npy",),
    "npz": ("%s.npz",),
    "flo5": ("%s.flo5",),
    "xy": ("%s_x.png", "%s_y.png"),
}
COMMON = "common"  # --max-magnitude: the largest motion of all flows

log = logging.getLogger(__name__)


def output_paths(folder: str, name: str, kind: str) -> tuple[str, ...]:
    """The paths of a flow's files of a kind of FILES."""
    return tuple(os.path.join(folder, pattern % name) for pattern in FILES[kind])


class Converter:
    """Converts and scores one flow file after another.

    Args:
        args: the options.
        single: whether there is only one file.
    """

    def __init__(self, args: Namespace, single: bool) -> None:
        self._args, self._single = args, single
        self._largest: float = 0.0  # motion of all flows, for a common scale
        self._totals, self._scored, self._clipped = Totals(), 0, {"kitti": 0, "xy": 0}
        self._beyond: dict[str, int] = {}  # pixels of ground truth, by file

    def measure(self, flow_input: FlowInput) -> None:
        """Takes note of the largest motion."""
        flow, valid = flow_input.read(self._args.bound)
        self._largest = max(self._largest, largest_magnitude(flow[valid]))

    def __call__(self, flow_input: FlowInput) -> None:
        """Writes the files of a flow, and scores it."""
        flow, valid = flow_input.read(self._args.bound)
        if self._args.truth:
            self._score(flow_input, flow, valid)
        for kind in self._args.to:
            paths = output_paths(self._args.output, flow_input.name, kind)
            self._write(kind, paths, flow_input.name, flow, valid)

    def report(self) -> None:
        """Prints the scores of all, and reports clipped values and absurd ground truth."""
        if self._scored:
            print(format_totals(self._totals.as_dict()))
        if self._beyond:
            files = "%d files, the first is %s" % (len(self._beyond), next(iter(self._beyond)))
            log.warning("%s", beyond_text(sum(self._beyond.values()), files))
        for kind, count in self._clipped.items():
            if count:
                log.warning("%d pixels are clipped to the range of %s", count, kind)

    def _score(self, flow_input: FlowInput, flow: np.ndarray, valid: np.ndarray) -> None:
        path, name = flow_input.paths[0], flow_input.name
        truth_path = ground_truth_of(flow_input, self._args.truth, self._single)
        truth, known, beyond = read_ground_truth(truth_path)
        if beyond:
            self._beyond[truth_path] = beyond
        if truth.shape != flow.shape:
            raise ValueError(
                "%s has %dx%d pixels (height x width), its ground truth %s %dx%d"
                % (path, *flow.shape[:2], truth_path, *truth.shape[:2])
            )
        missing = int((known & ~valid).sum())
        if missing:
            raise ValueError("%s has no flow at %d pixels of %s" % (path, missing, truth_path))
        scores = evaluate(np.where(valid[..., np.newaxis], flow, 0), truth, known)
        self._totals.add(Result(name, scores))
        self._scored += 1
        print("{}  EPE {:.3f} px, Fl-all {:.2f} %".format(name, scores["EPE"], scores["Fl-all"]))

    def _write(
        self, kind: str, paths: Sequence[str], name: str, flow: np.ndarray, valid: np.ndarray
    ) -> None:
        if kind == "png":
            write_image(paths[0], self._colors(flow, valid))
        elif kind == "arrows":
            masked = np.where(valid[..., np.newaxis], flow, np.float32(np.nan))
            frame = self._frame(name, flow.shape)
            write_image(paths[0], draw_arrows(frame, masked, self._args.arrow_spacing))
        elif kind == "xy":
            masked = np.where(valid[..., np.newaxis], flow, np.float32(np.nan))
            self._clipped[kind] += write_flow_pictures(paths[0], paths[1], masked, self._args.bound)
        elif kind == "kitti":
            flow, changed = clip_to_kitti(flow)
            self._clipped[kind] += changed
            write_flow(paths[0], flow, valid)
        else:
            write_flow(paths[0], flow, None if valid.all() else valid)

    def _colors(self, flow: np.ndarray, valid: np.ndarray) -> np.ndarray:
        chosen = self._args.max_magnitude
        largest = self._largest if chosen == COMMON else chosen or largest_magnitude(flow[valid])
        image = flow_to_color(flow, largest, valid)
        return draw_legend(image, largest) if self._args.legend else image

    def _frame(self, name: str, shape: Sequence[int]) -> np.ndarray:
        if not self._args.frames:
            return np.full((shape[0], shape[1], 3), 255, np.uint8)
        for extension in IMAGE_EXTENSIONS:
            path = os.path.join(self._args.frames, name + extension)
            if os.path.isfile(path):
                return read_frame(path, upright=True)  # as `pwcnet predict` reads it
        with remedy("leave --frames out to draw on white"):
            raise FileNotFoundError("No image %s in %s" % (name, self._args.frames))
