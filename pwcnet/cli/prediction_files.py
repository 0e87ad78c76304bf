"""The files that `pwcnet predict` writes for each pair."""

from __future__ import annotations

import io
import logging
import os
import tempfile
from argparse import Namespace
from typing import Any

import cv2
import numpy as np

from pwcnet.flow.color_scale import VideoColorScale, clip_magnitude, largest_magnitude
from pwcnet.flow.colors import flow_to_color
from pwcnet.flow.confidence import flow_confidence
from pwcnet.flow.drawing import draw_arrows, draw_legend, side_by_side
from pwcnet.flow.occlusion import forward_backward_occlusion
from pwcnet.io.atomic import os_errors_naming, write_bytes
from pwcnet.io.flow_files import KITTI_MAX, KITTI_MIN, clip_to_kitti, read_flow, write_flow
from pwcnet.io.frame_pairs import Pair
from pwcnet.io.images import write_image
from pwcnet.io.partial_files import partial_prefix, remove_abandoned

FILES = {
    "flo": "%s.flo",
    "png": "%s.png",
    "kitti": os.path.join("kitti", "%s.png"),
    "arrows": "%s_arrows.png",
}
CONFIDENCE = "confidence"
CONFIDENCE_FILES = {CONFIDENCE: "%s_confidence.png", "confidence array": "%s_confidence.npz"}
OCCLUSION_FILES = {"occlusion": "%s_occlusion.png", "backward": "%s_backward.flo"}
FORMATS = (*FILES, CONFIDENCE, "video")

COMMON = "common"  # --max-magnitude: the largest motion of all flows

log = logging.getLogger(__name__)


def output_files(args: Namespace, name: str) -> dict[str, str]:
    """{kind: path} of the files of a pair; the video, which all pairs share, is not among them."""
    patterns = {kind: FILES[kind] for kind in args.save if kind in FILES}
    if CONFIDENCE in args.save:
        patterns.update(CONFIDENCE_FILES)
    if args.occlusion:
        kinds = OCCLUSION_FILES if "flo" in args.save else ("occlusion",)
        patterns.update((kind, OCCLUSION_FILES[kind]) for kind in kinds)
    return {kind: os.path.join(args.output, pattern % name) for kind, pattern in patterns.items()}


def needs_backward(args: Namespace) -> bool:
    """Whether the files need the backward flow too."""
    return args.occlusion or CONFIDENCE in args.save


class Saver:
    """Writes the files of one pair after another, each completely or not at all.

    A context manager: colors on a common scale are written when it ends.

    Args:
        args: the options.
        video: the writer of `video_writer`, or None.
        rate: the frames per second of the video.
    """

    def __init__(self, args: Namespace, video: Any, rate: float) -> None:
        self._args, self._video, self._scale = args, video, VideoColorScale(rate)
        self._clipped_pixels = self._clipped_files = 0
        self._largest = 0.0  # motion in pixels
        self._waiting: dict[str, str] = {}  # images without a scale so far, and their flow files
        self._folder: Any = None  # of flow that waits for the common scale and is not saved

    def __call__(self, pair: Pair, flow: np.ndarray, backward: np.ndarray | None = None) -> None:
        """Writes the files of a pair. flow, backward: [H, W, 2], pixels, channels (u, v)."""
        args, files = self._args, output_files(self._args, pair.name)
        if "flo" in files:
            write_flow(files["flo"], flow)
        if backward is not None and "backward" in files:
            write_flow(files["backward"], backward)
        if "png" in files and args.max_magnitude == COMMON:
            self._wait(files, pair.name, flow)
        elif "png" in files:
            self._write_colors(files["png"], flow, args.max_magnitude or largest_magnitude(flow))
        if "kitti" in files:
            self._write_kitti(files["kitti"], flow)
        if "arrows" in files:
            write_image(files["arrows"], draw_arrows(pair.frame1, flow, args.arrow_spacing))
        if backward is not None and "occlusion" in files:
            white = np.uint8(255) * forward_backward_occlusion(flow, backward)
            write_image(files["occlusion"], np.repeat(white[..., np.newaxis], 3, axis=-1))
        if backward is not None and CONFIDENCE in files:
            self._write_confidence(files, flow_confidence(flow, backward))
        if self._video is not None:
            self._write_video_frame(pair.frame1, flow)

    def __enter__(self) -> Saver:
        return self

    def __exit__(self, *_: Any) -> None:
        """Writes what waits for the common scale, after an interruption too; reports clipping."""
        try:
            for image, flow_file in self._waiting.items():
                self._write_colors(image, read_flow(flow_file)[0], self._largest)
        finally:
            if self._folder is not None:
                self._folder.cleanup()
        if self._waiting:
            log.info("colors: full color is %.4g pixels of motion", self._largest)
        if self._clipped_files:
            log.warning(
                "%d pixels of %d kitti files are clipped to %g..%.2f, the range of such files",
                self._clipped_pixels,
                self._clipped_files,
                KITTI_MIN,
                KITTI_MAX,
            )

    def _wait(self, files: dict[str, str], name: str, flow: np.ndarray) -> None:
        """Keeps a flow on the disk until the largest motion of all is known."""
        self._largest = max(self._largest, largest_magnitude(flow))
        flow_file = files.get("flo") or self._write_hidden(flow)
        self._waiting[files["png"]] = flow_file

    def _write_hidden(self, flow: np.ndarray) -> str:
        output = self._args.output
        with os_errors_naming(output):
            if self._folder is None:
                os.makedirs(output, exist_ok=True)
                remove_abandoned(output)
                self._folder = tempfile.TemporaryDirectory(prefix=partial_prefix(), dir=output)
            path = os.path.join(self._folder.name, "%d.flo" % len(self._waiting))
            write_flow(path, flow)
        return path

    def _write_kitti(self, path: str, flow: np.ndarray) -> None:
        flow, changed = clip_to_kitti(flow)
        self._clipped_pixels += changed
        self._clipped_files += changed > 0
        write_flow(path, flow)

    def _write_confidence(self, files: dict[str, str], confidence: np.ndarray) -> None:
        """Writes 8 bits, grey, of which 255 is 1, and float16: steps of 1/2048 near 1."""
        grey, array = (files[kind] for kind in CONFIDENCE_FILES)
        codes = np.rint(255 * confidence).astype(np.uint8)
        write_bytes(grey, cv2.imencode(".png", codes)[1].tobytes())
        stream = io.BytesIO()
        np.savez_compressed(stream, confidence=confidence.astype(np.float16))
        write_bytes(array, stream.getvalue())

    def _write_colors(self, path: str, flow: np.ndarray, max_magnitude: float) -> None:
        write_image(path, self._colors(flow, max_magnitude))

    def _write_video_frame(self, frame: np.ndarray, flow: np.ndarray) -> None:
        maximum = self._args.max_magnitude
        if maximum is None:
            maximum = self._scale.update(flow)
            flow = clip_magnitude(flow, maximum)
        self._video.write(side_by_side(frame, self._colors(flow, maximum)))

    def _colors(self, flow: np.ndarray, max_magnitude: float) -> np.ndarray:
        image = flow_to_color(flow, max_magnitude)
        return draw_legend(image, max_magnitude) if self._args.legend else image
