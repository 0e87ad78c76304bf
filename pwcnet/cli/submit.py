"""Writes what a benchmark wants to be sent: the flow of every pair of the test split of MPI-Sintel (clean and final) or KITTI (2012, 2015).

A set of pairs that is not the complete published one is refused. An interrupted run goes on with the same command. Before the archive is packed, every file is
read again: its name, its size, a finite flow in every pixel. As far as it is known here, KITTI takes a zip (2012: %06d_10.png at its top, 2015: in the
folder flow), and Sintel the file that the bundler in its archive makes of DIR/clean and DIR/final. Uploading has not been tried.
"""

import os

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import load_tensorflow, progress_bar, remedy
from pwcnet.cli.options import (
    add_device_options,
    add_weights_option,
    chosen_weights,
    device_config,
    session_text,
)
from pwcnet.evaluation.submission import SubmissionFolder, check_archive
from pwcnet.evaluation.submission_plan import (
    BENCHMARKS,
    NAMING_SCHEMES,
    IncompleteSplitError,
    plan_submission,
)
from pwcnet.io.atomic import check_output_file, check_output_folder
from pwcnet.io.frame_pairs import Pair
from pwcnet.io.images import read_frame
from pwcnet.io.prefetch import BackgroundWriter, prefetch
from pwcnet.runtime.choices import PRECISIONS
from pwcnet.weights.files import weights_of


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    args.weights = chosen_weights(args)
    try:
        plan = plan_submission(args.data, args.dataset, args.names, args.allow_incomplete)
    except IncompleteSplitError as error:
        raise ValueError(
            "%s; --allow-incomplete predicts the pairs that are there, as a trial" % error
        ) from error
    archive = named_archive(args.zip, plan.missing)
    check_output_folder(args.output)
    if archive:
        check_archive(archive, args.output)
        check_output_file(archive)

    load_tensorflow()
    config = device_config(args)
    folder = SubmissionFolder(args.output, plan.files, settings(args, config))
    remaining = folder.remaining()
    if len(remaining) < len(plan.files):
        print(
            "%d of %d flows are there from an earlier run"
            % (len(plan.files) - len(remaining), len(plan.files))
        )
    if remaining:
        predict(args, config, folder, remaining)
    folder.verify()
    report(args, plan)
    if archive:
        folder.pack(archive, lambda paths: progress_bar(paths, unit="file", desc="packing"))
        print(
            "%s%s: %.1f MB"
            % (
                "INCOMPLETE, not to be sent: " if plan.missing else "",
                archive,
                os.path.getsize(archive) / 1e6,
            )
        )


def predict(args, config, folder, files):
    """Writes the flow of each {path: Sample}."""
    from pwcnet.inference.predictor import Predictor

    with Predictor(args.weights, config, args.precision) as predictor, BackgroundWriter() as writer:
        for pair, flow in progress_bar(
            predictor.consecutive(prefetch(read_pairs(files))), total=len(files), unit="pair"
        ):
            writer.submit(write_flow, folder, pair.name, flow)


def write_flow(folder, path, flow):
    """Writes one of the files; a flow that is not finite is the weights' fault."""
    with remedy("'pwcnet inspect checkpoint' finds such weights; try an earlier checkpoint"):
        folder.write(path, flow)


def read_pairs(files):
    """A Pair for each {path: Sample}, named by the path; a frame that two neighbours have in common is read once. ValueError for frames of two sizes."""
    earlier, frame2 = None, None
    for path, sample in files.items():
        frame1 = frame2 if sample.frame1 == earlier else read_frame(sample.frame1)
        earlier, frame2 = sample.frame2, read_frame(sample.frame2)
        if frame1.shape != frame2.shape:
            raise ValueError(
                "expected frames of one size, got %dx%d (height x width) in %s and %dx%d in %s; try the complete archive of the data set"
                % (frame1.shape[:2] + (sample.frame1,) + frame2.shape[:2] + (sample.frame2,))
            )
        yield Pair(path, frame1, frame2)


def named_archive(path, lacking):
    """The archive's name, which says so where the set is incomplete."""
    if not path or not lacking:
        return path
    stem, ending = os.path.splitext(path)
    return stem + ".incomplete" + ending


def settings(args, config):
    """What the numbers and names depend on: flows made with others are never mixed with these."""
    from pwcnet.weights.checkpoint import find_checkpoint

    weights = weights_of(
        args.weights if args.weights.endswith(".pb") else find_checkpoint(args.weights)
    )
    return {
        "data": args.data,
        "names": args.names,
        "weights": weights["sha256"],
        "precision": args.precision,
        "session": session_text(config),
    }


def report(args, plan):
    """Prints what is in the folder now."""
    print(
        "%d flows of %s in %s: names, sizes and values are as they should be"
        % (len(plan.files), args.data, args.output)
    )
    if plan.missing:
        print("INCOMPLETE, not to be sent: expected %s" % plan.missing)


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--data", required=True, choices=sorted(BENCHMARKS), help="which benchmark"
    )
    options.add_argument(
        "--dataset",
        required=True,
        metavar="FOLDER",
        help="folder that holds MPI-Sintel-complete, data_stereo_flow or data_scene_flow",
    )
    add_weights_option(options, "--ckpt")
    options.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="write the flow files here: a new folder, or that of an interrupted run",
    )
    options.add_argument(
        "--zip", metavar="FILE", help="pack them into this .zip when all are there"
    )
    options.add_argument(
        "--names",
        default="sintel",
        choices=NAMING_SCHEMES,
        help="of Sintel's files: frame_0001.flo as the frames (the default), or frame0001.flo as RAFT has it",
    )
    options.add_argument(
        "--allow_incomplete",
        action="store_true",
        help="a trial with the pairs that are there; the archive is then called FILE.incomplete.zip",
    )
    options.add_argument(
        "--precision",
        default="float32",
        choices=PRECISIONS,
        help="the type that features are computed in; bfloat16 needs TensorFlow 2",
    )
    add_device_options(options)
    return options
