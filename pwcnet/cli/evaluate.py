"""Evaluates a checkpoint or a frozen graph on a data set whose true flow is known: every measure of Sintel, KITTI, Middlebury and VIPER that its masks allow.

    python scripts/evaluate.py --data sintel-clean=/data --ckpt pretrained/pwcnet.ckpt-595000 --output evaluated

With --output an evaluation that was interrupted continues where it stopped when the same command is given again.
"""

import logging
import os

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import load_tensorflow, remedy
from pwcnet.cli.evaluation_options import (
    add_evaluation_options,
    check_saving,
    evaluated,
    report,
    save,
)
from pwcnet.cli.evaluation_page import (
    check_page_options,
    check_same_pairs,
    check_same_settings,
    make_page,
    only_page,
)
from pwcnet.cli.options import chosen_weights, device_config, session_text
from pwcnet.data.datasets.registry import DATASETS, dataset_samples, parse_source
from pwcnet.data.splits import subset
from pwcnet.evaluation.results import EvaluationFolder, Settings, check_evaluation_folder
from pwcnet.evaluation.scoring import Totals, check_samples
from pwcnet.flow.classical import METHODS, ClassicalFlow
from pwcnet.io.prefetch import BackgroundWriter
from pwcnet.weights.files import weights_of

GENERATED = "generated"  # the data set whose root is no path

OVERWRITE = "--overwrite starts from scratch, another --output keeps both"

log = logging.getLogger(__name__)


def main(argv, prog=None):
    options = parser(prog)
    args = options.parse_args(argv)
    if args.classical and args.weights:
        options.error("--classical takes no --ckpt")
    if args.classical and args.precision != "float32":
        options.error("--classical takes no --precision but float32")
    args.weights = None if args.classical else chosen_weights(args)
    check_saving(options, args)
    check_page_options(options, args)
    source = parse_source(args.data)
    if source.weight is not None:
        raise ValueError(
            "expected NAME=FOLDER, got a weight in %r; try %s=%s, weights are for training"
            % (args.data, source.name, source.root)
        )
    samples = subset(dataset_samples(source.name, source.root, args.mode), args.scene, args.pattern)
    check_samples(samples, args.masked)
    page_alone = only_page(args)
    if args.output and not page_alone:
        with remedy(OVERWRITE):
            check_evaluation_folder(args.output, args.overwrite)

    load_tensorflow()
    from pwcnet.inference.predictor import Predictor

    config = None if args.classical else device_config(args)
    if page_alone:
        check_same_settings(args.output, settings(args, source, config))
        check_same_pairs(args.output, samples, source.root)
    with (
        ClassicalFlow(args.classical)
        if args.classical
        else Predictor(args.weights, config, args.precision)
    ) as predictor:
        if not page_alone:
            totals = (
                into_folder(args, settings(args, source, config), samples, predictor, argv)
                if args.output
                else in_memory(args, samples, predictor)
            )
            report(samples, "%s in %s" % (source.name, source.root), args.masked, totals)
        if args.report:
            log.info("report: %s", make_page(args, samples, predictor))


def in_memory(args, samples, predictor):
    """Evaluates all pairs; returns the Totals."""
    totals = Totals()
    for result in evaluated(predictor, samples, args.masked):
        totals.add(result)
    return totals


def into_folder(args, chosen, samples, predictor, argv):
    """Evaluates the pairs that the folder lacks, and completes it; returns the Totals of all."""
    from pwcnet.runtime.tensorflow import TF_RELEASE

    kept = [
        kind
        for kind, wanted in (("flow", args.save_flow), ("pictures", args.save_pictures))
        if wanted
    ]
    with remedy(OVERWRITE):
        opened = EvaluationFolder(args.output, chosen, kept, args.overwrite)
    with opened as folder:
        missing = [sample for sample in samples if not folder.is_done(sample.id)]
        with BackgroundWriter() as writer:
            for result in evaluated(
                predictor,
                missing,
                args.masked and any(sample.invalid for sample in missing),
                len(samples) - len(missing),
            ):
                writer.submit(keep, result, folder, kept)
        return folder.finish(
            [sample.id for sample in samples], [os.path.basename(__file__)] + argv, TF_RELEASE
        )


def keep(result, folder, kept):
    """Writes what is kept of a pair, then notes it."""
    save(
        result,
        *(
            folder.path_of(kind, result.id) if kind in kept else None
            for kind in ("flow", "pictures")
        ),
    )
    folder.add(result)


def settings(args, source, config):
    """The Settings of the flags: paths are whole, so that they mean the same from any directory. config: of the session; None without a network."""
    from pwcnet.weights.checkpoint import find_checkpoint

    if args.classical:
        weights = {"path": "OpenCV's %s" % args.classical, "sha256": None, "kind": "classical"}
    else:
        weights = weights_of(
            os.path.abspath(
                args.weights if args.weights.endswith(".pb") else find_checkpoint(args.weights)
            )
        )
    filters = dict(
        {"mode": args.mode, "scenes": args.scene, "patterns": args.pattern},
        **{"classical": args.classical} if args.classical else {},
    )
    root = source.root if source.name == GENERATED else os.path.abspath(source.root)
    return Settings(
        source.name, root, args.masked, filters, weights, args.precision, session_text(config)
    )


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--data",
        required=True,
        metavar="NAME=FOLDER",
        help="data set and its folder; the names are " + ", ".join(DATASETS),
    )
    options.add_argument(
        "--classical",
        choices=sorted(METHODS),
        help="evaluate a method of OpenCV in the place of the network, for comparison",
    )
    options.add_argument(
        "--scene", nargs="+", default=[], metavar="NAME", help="only the pairs of these scenes"
    )
    options.add_argument(
        "--pattern",
        nargs="+",
        default=[],
        metavar="GLOB",
        help="only the pairs whose id matches, e.g. 'alley_*' or '*_10'; quote it",
    )
    add_evaluation_options(options)
    options.add_argument(
        "--output",
        metavar="DIR",
        help="write pairs.csv, a row a pair, and evaluation.json, all that was measured, here",
    )
    options.add_argument(
        "--save_flow",
        action="store_true",
        help="with --output: write each flow to DIR/flow/<id>.flo",
    )
    options.add_argument(
        "--save_pictures",
        action="store_true",
        help="with --output: write each flow's colours to DIR/pictures/<id>.png",
    )
    options.add_argument(
        "--report",
        metavar="DIR",
        help="with --output: write a page to look at, DIR/index.html; needs Jinja2 and "
        "matplotlib. Where the evaluation in --output is complete, only the page is made",
    )
    options.add_argument(
        "--overwrite",
        action="store_true",
        help="with --output: remove the evaluation that is there, complete or not, and start anew",
    )
    return options
