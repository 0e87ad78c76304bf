"""Finds the flow between two pictures, between the pictures of a folder, each and the next, or between the frames of a video."""

import argparse
import os
from contextlib import nullcontext

import numpy as np

from pwcnet.cli.arguments import ArgumentParser, positive_float, positive_int
from pwcnet.cli.common import load_tensorflow, progress_bar
from pwcnet.cli.options import add_device_options, add_weights_option, chosen_weights, device_config
from pwcnet.flow.color_scale import VideoColorScale, clip_magnitude, largest_magnitude
from pwcnet.flow.colors import flow_to_color
from pwcnet.flow.drawing import draw_arrows, draw_legend, side_by_side
from pwcnet.flow.occlusion import forward_backward_occlusion
from pwcnet.io.atomic import check_output_folder
from pwcnet.io.flow_files import write_flow
from pwcnet.io.frame_pairs import frame_pairs
from pwcnet.io.images import write_image
from pwcnet.io.prefetch import BackgroundWriter, prefetch
from pwcnet.io.video import video_writer
from pwcnet.runtime.choices import PRECISIONS

FILES = {
    "flo": "%s.flo",
    "png": "%s.png",
    "kitti": os.path.join("kitti", "%s.png"),
    "arrows": "%s_arrows.png",
}
OCCLUSION_FILES = {"occlusion": "%s_occlusion.png", "backward": "%s_backward.flo"}
FORMATS = tuple(FILES) + ("video",)
FOLDER_RATE = 10.0  # frames a second


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    check_options(args)
    args.weights = chosen_weights(args)
    found = frame_pairs(args.frames)
    check_output(args, found)

    load_tensorflow()
    from pwcnet.inference.predictor import Predictor

    written = 0
    with video_of(args, found) as video, Predictor(
        args.weights, device_config(args), args.precision
    ) as predictor, BackgroundWriter() as writer:
        save = Saver(args, video)
        predict = predictor.both_ways if args.occlusion else predictor.consecutive
        for pair, *flows in progress_bar(
            predict(prefetch(found.pairs)), total=found.count, unit="pair"
        ):
            for flow in flows:
                check_finite(flow, pair.name, args.weights)
            writer.submit(save, pair, *flows)
            written += 1
    kinds = args.save + ("occlusion",) * args.occlusion
    print(
        "%d %s in %s: %s"
        % (written, "flow" if written == 1 else "flows", args.output, ", ".join(kinds))
    )


def check_options(args):
    """Raises ValueError for an option that what is saved has no use for."""
    uses = (
        ("--legend", args.legend, ("png", "video")),
        ("--fps", args.fps, ("video",)),
        ("--arrow_spacing", args.arrow_spacing, ("arrows",)),
    )
    for option, given, users in uses:
        if given and not set(users) & set(args.save):
            raise ValueError(
                "expected %s in --save for %s, got %s; try --save %s"
                % (" or ".join(users), option, ",".join(args.save), ",".join(args.save + users[:1]))
            )


def check_output(args, found):
    """Raises OSError for what is no folder to write to.

    ValueError where files would be among the frames, over them or over each other, or be taken for frames the next time, and for a video of two pictures.
    """
    check_output_folder(args.output)
    folders = {
        os.path.realpath(os.path.dirname(path)) for path in output_files(args, "any").values()
    } | {os.path.realpath(args.output)}
    for file in found.files:
        if os.path.realpath(os.path.dirname(os.path.abspath(file))) in folders:
            raise ValueError(
                "expected an output folder other than that of the frames, got %s; try --output %s"
                % (args.output, os.path.join(args.output, "flow"))
            )
    taken = {}
    for name in found.names:
        for path in output_files(args, name).values():
            if path in taken:
                raise ValueError(
                    "expected files of their own for the frames %s and %s, got %s for both; try renaming one of them"
                    % (taken[path], name, path)
                )
            taken[path] = name
    if "video" in args.save and found.title is None:
        raise ValueError(
            "expected a folder or a video for --save video, got two pictures; try png or arrows for them"
        )


def output_files(args, name):
    """{kind: path} of what is saved of the pair of this name; the video is no part of it."""
    kinds = {kind: FILES[kind] for kind in args.save if kind in FILES}
    if args.occlusion:
        kinds["occlusion"] = OCCLUSION_FILES["occlusion"]
        if "flo" in args.save:
            kinds["backward"] = OCCLUSION_FILES["backward"]
    return {kind: os.path.join(args.output, pattern % name) for kind, pattern in kinds.items()}


def video_of(args, found):
    """The context of the video to write; of None where there is none."""
    if "video" not in args.save:
        return nullcontext()
    return video_writer(
        os.path.join(args.output, (found.title or "frames") + "_flow.mp4"),
        args.fps or found.rate or FOLDER_RATE,
    )


def check_finite(flow, name, ckpt):
    """Raises ValueError where a flow is not finite: no reader could use it."""
    wrong = int((~np.isfinite(flow)).any(axis=-1).sum())
    if wrong:
        raise ValueError(
            "expected finite flow, got %d pixels with NaN or infinity for the pair %s from %s; try scripts/inspect_checkpoint.py, which finds "
            "such weights, and an earlier checkpoint" % (wrong, name, ckpt)
        )


class Saver:
    """Writes what is asked for of one pair after the other, each file completely or not at all; the video lasts as long as the pairs do."""

    def __init__(self, args, video):
        self.args, self.video, self.scale = args, video, VideoColorScale()

    def __call__(self, pair, flow, backward=None):
        files, args = output_files(self.args, pair.name), self.args
        if "flo" in files:
            write_flow(files["flo"], flow)
        if "backward" in files:
            write_flow(files["backward"], backward)
        if "png" in files:
            write_image(
                files["png"], self.colors(flow, args.max_magnitude or largest_magnitude(flow))
            )
        if "kitti" in files:
            write_flow(files["kitti"], flow)
        if "arrows" in files:
            write_image(files["arrows"], draw_arrows(pair.frame1, flow, args.arrow_spacing))
        if "occlusion" in files:
            write_image(
                files["occlusion"],
                np.repeat(
                    np.uint8(255) * forward_backward_occlusion(flow, backward)[..., np.newaxis],
                    3,
                    axis=-1,
                ),
            )
        if self.video is not None:
            maximum = args.max_magnitude
            if maximum is None:
                maximum = self.scale.update(flow)
                flow = clip_magnitude(flow, maximum)
            self.video.write(side_by_side(pair.frame1, self.colors(flow, maximum)))

    def colors(self, flow, max_magnitude):
        picture = flow_to_color(flow, max_magnitude)
        return draw_legend(picture, max_magnitude) if self.args.legend else picture


def formats(text):
    """ "flo,png" -> ("flo", "png")."""
    chosen = tuple(text.split(","))
    if not set(chosen) <= set(FORMATS):
        raise argparse.ArgumentTypeError(
            "expected some of %s, with commas between, got %r" % (",".join(FORMATS), text)
        )
    return chosen


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "frames", nargs="+", help="two pictures, one folder of pictures, or one video"
    )
    add_weights_option(options, "--ckpt")
    options.add_argument(
        "--output",
        default="flow",
        metavar="DIR",
        help="write the files here, by default into ./flow; those of the same names are replaced",
    )
    options.add_argument(
        "--precision",
        default="float32",
        choices=PRECISIONS,
        help="the type that features are computed in; bfloat16 needs TensorFlow 2",
    )
    options.add_argument(
        "--save",
        type=formats,
        default=("flo", "png"),
        metavar="FORMATS",
        help="which of flo (DIR/<name>.flo), png (colours, DIR/<name>.png), kitti (16-bit PNG, DIR/kitti/<name>.png), arrows (on frame 1, "
        "DIR/<name>_arrows.png) and video (frame 1 beside the colours, DIR/<folder or video>_flow.mp4; Ctrl-C leaves what is done in "
        "..._flow_unfinished.mp4); default flo,png",
    )
    options.add_argument(
        "--occlusion",
        action="store_true",
        help="also find the flow back, and write where both disagree (DIR/<name>_occlusion.png, white) and, with flo, DIR/<name>_backward.flo",
    )
    options.add_argument(
        "--max_magnitude",
        type=positive_float,
        metavar="PIXELS",
        help="motion of full colour, so that pictures compare; by default the largest of each flow, in the video one that follows the motion",
    )
    options.add_argument(
        "--legend",
        action="store_true",
        help="the wheel of colours and its scale in a corner of the colours",
    )
    options.add_argument(
        "--arrow_spacing",
        type=positive_int,
        metavar="PIXELS",
        help="between arrows; by default a 16th of the shorter side",
    )
    options.add_argument(
        "--fps",
        type=positive_float,
        metavar="RATE",
        help="frames a second of the video; by default as the frames' video, 10 for a folder",
    )
    add_device_options(options)
    return options
