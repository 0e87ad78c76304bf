"""Writes a submission to the Sintel or KITTI benchmark: the flow of every pair of the test split.

A set of pairs that is not the complete published one is refused. An interrupted run continues when
the same command is repeated. Before the archive is packed, every file is read again: its name, its
size, a finite flow in every pixel. KITTI takes a zip (2012: %06d_10.png at its top, 2015: in the
folder flow); Sintel takes the file that the bundler in its archive makes of DIR/clean and
DIR/final. No upload has been tried.
"""

from __future__ import annotations

import os
from argparse import Namespace
from contextlib import closing
from typing import Any, Iterator, NamedTuple

import numpy as np

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import progress_bar, remedy
from pwcnet.cli.options import (
    FINITE_REMEDY,
    add_device_options,
    add_weights_option,
    chosen_weights,
    device_config,
    session_text,
    weights_facts,
)
from pwcnet.cli.prediction_options import (
    MEMORY_REMEDY,
    add_precision_option,
    add_quality_options,
    open_predictor,
)
from pwcnet.data.sample import Sample
from pwcnet.evaluation.submission import SubmissionFolder, check_archive, submission_lock
from pwcnet.evaluation.submission_plan import (
    BENCHMARKS,
    NAMING_SCHEMES,
    IncompleteSplitError,
    Plan,
    plan_submission,
)
from pwcnet.io.atomic import check_output_file, check_output_folder
from pwcnet.io.frame_pairs import Pair
from pwcnet.io.images import read_frame
from pwcnet.io.prefetch import BackgroundWriter, prefetch
from pwcnet.runtime.choices import PLAIN
from pwcnet.runtime.memory import MemoryBoundError

EXAMPLES = """
pwcnet submit --data sintel=/data --weights run/ --output submission --zip submission.zip
pwcnet submit --data kitti2015=/data --weights run/ --output submission --zip submission.zip
"""
TRIAL = "INCOMPLETE, not to be sent: "


class Target(NamedTuple):
    """The value of --data: a key of BENCHMARKS, and the folder of its data set."""

    benchmark: str
    root: str


def main(argv: list[str], prog: str) -> None:
    """Checks the options and the test split, and fills the folder of the submission."""
    args = parser(prog).parse_args(argv)
    target, weights = parse_target(args.data), chosen_weights(args)
    with remedy(
        "--allow-incomplete predicts the pairs there are, as a trial", (IncompleteSplitError,)
    ):
        plan = plan_submission(target.benchmark, target.root, args.names, args.allow_incomplete)
    archive = archive_name(args.zip, plan.missing)
    check_output_folder(args.output)
    if archive:
        check_archive(archive, args.output)
        check_output_file(archive)

    config = device_config(args)
    settings = submission_settings(args, target, weights, config)
    with submission_lock(args.output):
        fill(args, plan, weights, config, settings, archive)


def fill(
    args: Namespace,
    plan: Plan,
    weights: str,
    config: Any,
    settings: dict[str, Any],
    archive: str | None,
) -> None:
    """Predicts the flows that are missing, checks all of them and packs the archive."""
    with remedy("repeat the command of the earlier run, or choose another --output"):
        folder = SubmissionFolder(args.output, plan.files, settings)
        remaining = folder.remaining()
    done = len(plan.files) - len(remaining)
    if done:
        print("%d of %d flows are there from an earlier run" % (done, len(plan.files)))
    if remaining:
        predict(args, weights, config, folder, remaining)
    folder.verify()
    facts = len(plan.files), settings["data"], args.output
    print("%d flows of %s in %s: names, sizes and values are as they should be" % facts)
    if plan.missing:
        print(TRIAL + "expected " + plan.missing)
    if archive:
        folder.pack(archive, lambda paths: progress_bar(paths, unit="file", desc="packing"))
        megabytes = os.path.getsize(archive) / 1e6
        print("%s%s: %.1f MB" % (TRIAL if plan.missing else "", archive, megabytes))


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet submit`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    options.add_argument(
        "--data",
        required=True,
        metavar="NAME=FOLDER",
        help="benchmark (%s) and the folder that holds MPI-Sintel-complete, data_stereo_flow or "
        "data_scene_flow" % ", ".join(BENCHMARKS),
    )
    add_weights_option(options)
    add_precision_option(options)
    add_quality_options(options, PLAIN)
    output = options.add_argument_group("output")
    output.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder of the flow files: a new one, or that of an interrupted run",
    )
    output.add_argument("--zip", metavar="FILE", help="pack the files into this .zip in the end")
    output.add_argument(
        "--names",
        default="sintel",
        choices=NAMING_SCHEMES,
        help="of Sintel's files: frame_0001.flo as the frames, or frame0001.flo as RAFT writes",
    )
    output.add_argument(
        "--allow-incomplete",
        action="store_true",
        help="predict the pairs there are, as a trial; the archive is called FILE.incomplete.zip",
    )
    add_device_options(options)
    return options


def parse_target(text: str) -> Target:
    """The benchmark and folder of NAME=FOLDER. Raises ValueError that quotes the text."""
    name, _, root = text.partition("=")
    if name not in BENCHMARKS or not root:
        raise ValueError(
            "--data must be NAME=FOLDER with a name of %s, got %r" % (", ".join(BENCHMARKS), text)
        )
    return Target(name, os.path.expanduser(root))


def archive_name(path: str | None, missing: str | None) -> str | None:
    """The archive's name, which says so if the set is incomplete."""
    if not path or not missing:
        return path
    stem, extension = os.path.splitext(path)
    return stem + ".incomplete" + extension


def submission_settings(
    args: Namespace, target: Target, weights: str, config: Any
) -> dict[str, Any]:
    """What the numbers and names depend on: flows of other settings are never mixed with these."""
    return {
        "data": target.benchmark,
        "names": args.names,
        "weights": weights_facts(weights)["sha256"],
        "precision": args.precision,
        "quality": args.quality,
        "session": session_text(config),
    }


def predict(
    args: Namespace, weights: str, config: Any, folder: SubmissionFolder, files: dict[str, Sample]
) -> None:
    """Writes the flow of each {path: sample}."""
    with remedy(MEMORY_REMEDY, (MemoryBoundError,)), open_predictor(
        args, weights, config
    ) as predictor, BackgroundWriter() as writer, closing(prefetch(read_pairs(files))) as pairs:
        flows = predictor.consecutive(pairs)
        for pair, flow in progress_bar(flows, total=len(files), unit="pair"):
            writer.submit(write_flow, folder, pair.name, flow)


def write_flow(folder: SubmissionFolder, path: str, flow: np.ndarray) -> None:
    """Writes one of the files. Raises ValueError for a flow that is not finite."""
    with remedy(FINITE_REMEDY):
        folder.write(path, flow)


def read_pairs(files: dict[str, Sample]) -> Iterator[Pair]:
    """A Pair for each {path: sample}, named by the path.

    A frame that two neighbours have in common is read once, and is the same array in both.

    Raises:
        ValueError: the frames of a pair have different sizes.
    """
    earlier: Any = None
    frame2: Any = None
    for path, sample in files.items():
        frame1 = frame2 if sample.frame1 == earlier else read_frame(sample.frame1)
        earlier, frame2 = sample.frame2, read_frame(sample.frame2)
        if frame1.shape != frame2.shape:
            raise ValueError(
                "%s has %dx%d pixels, %s has %dx%d; both frames must have one size"
                % ((sample.frame1,) + frame1.shape[:2] + (sample.frame2,) + frame2.shape[:2])
            )
        yield Pair(path, frame1, frame2)
