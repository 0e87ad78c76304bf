"""Optical flow of two images, of consecutive images of a folder, or of consecutive video frames."""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from contextlib import closing, nullcontext
from typing import Any, ContextManager, Iterator

import numpy as np

from pwcnet.cli.arguments import ArgumentParser, magnitude, positive_float, positive_int
from pwcnet.cli.common import SPACE, progress_bar, remedy
from pwcnet.cli.options import FINITE_REMEDY, add_device_options, add_weights_option, chosen_weights
from pwcnet.cli.prediction_files import COMMON, FORMATS, Saver, needs_backward, output_files
from pwcnet.cli.prediction_options import (
    MEMORY_REMEDY,
    add_precision_option,
    add_quality_options,
    open_predictor,
)
from pwcnet.io.atomic import check_output_folder
from pwcnet.io.frame_pairs import FramePairs, frame_pairs
from pwcnet.io.lost_frames import BadFrameError
from pwcnet.io.prefetch import BackgroundWriter, prefetch
from pwcnet.io.scaling import full_size_flows
from pwcnet.io.video import LostFramesError, video_writer
from pwcnet.runtime.memory import MemoryBoundError

# Options that only some formats use: (option, name of its value, these formats).
FORMAT_OPTIONS = (
    ("--legend", "legend", ("png", "video")),
    ("--fps", "fps", ("video",)),
    ("--arrow-spacing", "arrow_spacing", ("arrows",)),
)
SKIP_REMEDY = "--skip-bad leaves such frames out"
FOLDER_RATE = 10.0  # frames per second of a folder's video
EXAMPLES = """
pwcnet predict frame1.png frame2.png
pwcnet predict frames/ --output flow --save flo,png,arrows --legend
pwcnet predict clip.mp4 --weights run/ --save video --max-magnitude 20
"""


def main(argv: list[str], prog: str) -> int:
    """Predicts the flow of each pair and writes the files that --save lists."""
    args = parser(prog).parse_args(argv)
    check_formats(args)
    weights = chosen_weights(args)
    with remedy(SKIP_REMEDY, (BadFrameError,)):
        frames = frame_pairs(args.frames, args.every, args.scale, args.skip_bad)
    check_output(args, frames)

    count = 0
    with remedy(SPACE, (LostFramesError,)), remedy(
        MEMORY_REMEDY, (MemoryBoundError,)
    ), open_predictor(args, weights) as predictor, _video(args, frames) as video, Saver(
        args, video, video_rate(args, frames)
    ) as save, BackgroundWriter() as writer, closing(prefetch(_read_pairs(frames))) as read:
        predict = predictor.both_ways if needs_backward(args) else predictor.consecutive
        pairs = full_size_flows(predict(read))
        for pair, *flows in progress_bar(pairs, total=frames.count, unit="pair"):
            for flow in flows:
                check_finite(flow, pair.name, weights)
            writer.submit(save, pair, *flows)
            count += 1
    kinds = args.save + ("occlusion",) * args.occlusion
    noun = "flow" if count == 1 else "flows"
    print("%d %s in %s: %s" % (count, noun, args.output, ", ".join(kinds)))
    if frames.lost:
        print("left out: %d frame%s" % (frames.lost_count, "s" * (frames.lost_count != 1)))
    return 1 if frames.lost else 0


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet predict`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    options.add_argument(
        "frames",
        nargs="+",
        metavar="FRAMES",
        help="two images, one folder of images (in the order of the numbers in their names) or "
        "one video (.mp4, .mkv, .avi, .ts, .gif and others)",
    )
    _add_reading_options(options.add_argument_group("frames"))
    add_weights_option(options)
    add_precision_option(options)
    add_quality_options(options, None)
    output = options.add_argument_group("output")
    output.add_argument(
        "--output",
        default="flow",
        metavar="DIR",
        help="folder of the files below; files of the same names are replaced",
    )
    output.add_argument(
        "--save",
        type=format_list,
        default=("flo", "png"),
        metavar="LIST",
        help="formats with commas between them: flo (Middlebury, DIR/NAME.flo), png (colors, "
        "DIR/NAME.png), kitti (16 bits, DIR/kitti/NAME.png), arrows (on the first frame, "
        "DIR/NAME_arrows.png), confidence (how likely the flow is within 1 pixel, by the backward "
        "flow; grey, DIR/NAME_confidence.png, and the array in DIR/NAME_confidence.npz), video "
        "(frames beside colors, DIR/NAME_flow.mp4; Ctrl-C keeps NAME_flow_unfinished.mp4); default "
        "flo,png",
    )
    output.add_argument(
        "--occlusion",
        action="store_true",
        help="also predict the backward flow; write where the two disagree, in white, to "
        "DIR/NAME_occlusion.png and, with flo, the backward flow to DIR/NAME_backward.flo",
    )
    _add_drawing_options(options.add_argument_group("images and video"))
    add_device_options(options, threads=True)
    return options


def _add_reading_options(reading: Any) -> None:
    reading.add_argument(
        "--every",
        type=positive_int,
        default=1,
        metavar="N",
        help="take every N-th frame only: flow over N frames, in pixels per N frames",
    )
    reading.add_argument(
        "--scale",
        type=positive_float,
        default=1.0,
        metavar="S",
        help="compute on frames S times as large, e.g. 0.5; flow is written at full size, in its "
        "pixels",
    )
    reading.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out frames that cannot be read and go on; no pair spans such a hole, and the "
        "exit code is 1",
    )


def _add_drawing_options(drawing: Any) -> None:
    drawing.add_argument(
        "--max-magnitude",
        type=magnitude,
        metavar="PX|common",
        help="motion of full color, in pixels, so that images compare; common: the largest of all "
        "flows; by default the largest of each flow, in a video a value that follows the motion",
    )
    drawing.add_argument(
        "--legend",
        action="store_true",
        help="draw the color wheel and its scale in a corner of png and video",
    )
    drawing.add_argument(
        "--arrow-spacing",
        type=positive_int,
        metavar="PX",
        help="pixels between arrows; by default a 16th of the shorter side",
    )
    drawing.add_argument(
        "--fps",
        type=positive_float,
        metavar="RATE",
        help="frames per second of the video; by default those of the input video, %g for a folder"
        % FOLDER_RATE,
    )


def format_list(text: str) -> tuple[str, ...]:
    """The formats of a list with commas, e.g. "flo,png"."""
    formats = tuple(text.split(","))
    if not set(formats) <= set(FORMATS):
        raise argparse.ArgumentTypeError(
            "expected a list of %s, got %r" % (",".join(FORMATS), text)
        )
    return formats


def check_formats(args: Namespace) -> None:
    """Raises ValueError if an option is given that a format of --save does not use."""
    if args.max_magnitude == COMMON and ("video" in args.save or "png" not in args.save):
        raise ValueError(
            "--max-magnitude common is for png only, the colors of a folder; try a number of pixels"
        )
    for option, name, formats in FORMAT_OPTIONS:
        if getattr(args, name) and not set(formats) & set(args.save):
            raise ValueError(
                "%s is for %s only; try --save %s"
                % (option, " and ".join(formats), ",".join(args.save + formats[:1]))
            )


def check_output(args: Namespace, frames: FramePairs) -> None:
    """Checks before the work that the output can be written and replaces no input.

    Raises:
        OSError: the output is no folder, or cannot be written to.
        ValueError: files would be written among the frames (where they would be taken for frames
            the next time) or over one another, or a video of two images is asked for.
    """
    check_output_folder(args.output)
    paths = list(output_files(args, "any").values()) + [os.path.join(args.output, "any")]
    folders = {os.path.realpath(os.path.dirname(path)) for path in paths}
    for file in frames.files:
        if os.path.realpath(os.path.dirname(os.path.abspath(file))) in folders:
            raise ValueError(
                "%s is the folder of the frames; try --output %s"
                % (args.output, os.path.join(args.output, "flow"))
            )
    taken: dict[str, str] = {}
    for name in frames.names:
        for path in output_files(args, name).values():
            if path in taken:
                raise ValueError(
                    "%s would hold the output of both %s and %s; rename one of these frames"
                    % (path, taken[path], name)
                )
            taken[path] = name
    if "video" in args.save and frames.title is None:
        raise ValueError(
            "--save video needs a folder or a video, not two images; try png or arrows for them"
        )


def check_finite(flow: np.ndarray, name: str, weights: str) -> None:
    """Raises ValueError if a flow has NaN or infinity, which no reader of flow files could use."""
    count = int((~np.isfinite(flow)).any(axis=-1).sum())
    if count:
        with remedy(FINITE_REMEDY):
            raise ValueError(
                "The flow of %s has NaN or infinity in %d pixels; the weights are %s"
                % (name, count, weights)
            )


def _read_pairs(frames: FramePairs) -> Iterator[Any]:
    """The pairs; an error of a frame that is reached gets its remedy."""
    with remedy(SKIP_REMEDY, (BadFrameError,)):
        yield from frames.pairs


def _video(args: Namespace, frames: FramePairs) -> ContextManager[Any]:
    """The context of the writer of the video; of None if no video is saved."""
    if "video" not in args.save:
        return nullcontext()
    path = os.path.join(args.output, (frames.title or "frames") + "_flow.mp4")
    return video_writer(path, video_rate(args, frames))


def video_rate(args: Namespace, frames: FramePairs) -> float:
    """The frames per second of the video."""
    return args.fps or frames.rate or FOLDER_RATE
