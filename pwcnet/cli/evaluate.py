"""Evaluates weights on a data set: the measures of Sintel, KITTI, Middlebury and VIPER.

Measures of occluded pixels or foreground objects appear where the data set has such masks. With
--output or --report, an interrupted evaluation continues when the same command is repeated.
"""

from __future__ import annotations

import logging
import os
from argparse import Namespace
from typing import Any, Sequence

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import remedy
from pwcnet.cli.engine import add_engine_options, check_engine_options
from pwcnet.cli.evaluation_options import (
    add_evaluation_options,
    add_saving_options,
    check_saving,
    print_totals,
    save_result,
)
from pwcnet.cli.evaluation_page import REMEDY, check_same_pairs, check_same_settings, write_page
from pwcnet.cli.evaluation_worker import open_results, uses_workers
from pwcnet.cli.options import chosen_weights, device_config, session_text, weights_facts
from pwcnet.cli.prediction_options import MEMORY_REMEDY, add_quality_options, open_method
from pwcnet.data.datasets.registry import DATASETS, Source, make_source, parse_source
from pwcnet.data.splits import subset
from pwcnet.evaluation.html.page import check_page
from pwcnet.evaluation.results import (
    EvaluationFolder,
    Settings,
    check_evaluation_folder,
    is_complete,
)
from pwcnet.evaluation.sample_tasks import Paths
from pwcnet.evaluation.scoring import Result, Totals, check_samples
from pwcnet.flow.classical import METHODS
from pwcnet.io.prefetch import BackgroundWriter
from pwcnet.runtime.choices import PLAIN
from pwcnet.runtime.memory import MemoryBoundError

log = logging.getLogger(__name__)

OVERWRITE = "--overwrite starts from scratch, another folder keeps both"
KINDS = "flow", "pictures"  # of the files that are saved
EXAMPLES = """
pwcnet evaluate --data sintel-clean=/data --report report
pwcnet evaluate --data kitti2015=/data --weights run/ --output evaluated --save-flow
pwcnet evaluate --data sintel-final=/data --scene alley_1 bamboo_2 --classical dis --workers 4
"""


def main(argv: list[str], prog: str) -> None:
    """Evaluates the pairs, prints the totals and writes what --output and --report ask for."""
    options = parser(prog)
    args = options.parse_args(argv)
    folder = args.output or args.report
    check_options(options, args, folder)
    weights = "" if args.classical else chosen_weights(args)
    source = parse_evaluation_source(args.data)
    samples = subset(source.samples(args.mode), args.scene, args.pattern)
    check_samples(samples, args.masked)
    page_only = bool(args.report) and not args.overwrite and is_complete(folder)
    if folder and not page_only:
        with remedy(OVERWRITE, (FileExistsError,)):
            check_evaluation_folder(folder, args.overwrite)

    config = None if args.classical else device_config(args)
    with remedy(MEMORY_REMEDY, (MemoryBoundError,)), open_method(
        args, weights, config
    ) as predictor:
        settings = evaluation_settings(args, source, weights, config)
        if page_only:
            with remedy(REMEDY):
                check_same_settings(folder, settings)
                check_same_pairs(folder, samples, source.argument)
        else:
            totals = (
                evaluate_into_folder(args, folder, settings, samples, predictor, prog, argv)
                if folder
                else evaluate_in_memory(args, settings, samples, predictor)
            )
            data = "%s in %s" % (source.name, source.argument)
            print_totals(samples, data, args.masked, totals)
        if args.report:
            page = write_page(args, folder, samples, predictor)
            log.info("report: %s, of the evaluation in %s", page, folder)


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet evaluate`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    options.add_argument(
        "--data",
        required=True,
        metavar="NAME=FOLDER",
        help="data set and its folder; the names are " + ", ".join(DATASETS),
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
    options.add_argument(
        "--classical",
        choices=sorted(METHODS),
        help="evaluate a method of OpenCV instead of the network, for comparison",
    )
    add_evaluation_options(options, "--weights")
    add_quality_options(options, PLAIN)
    add_engine_options(options.add_argument_group("work"), "the pairs one by one in this process")
    _add_output_options(options.add_argument_group("output"))
    return options


def _add_output_options(output: Any) -> None:
    output.add_argument(
        "--output",
        metavar="DIR",
        help="write pairs.csv (a row per pair) and evaluation.json (totals, settings) to DIR; "
        "without it, --report keeps them beside its page",
    )
    output.add_argument(
        "--report",
        metavar="DIR",
        help="write an HTML page to DIR/index.html; needs Jinja2 and matplotlib. If the "
        "evaluation is complete already, only the page is written",
    )
    add_saving_options(output, "DIR/flow/ID.flo", "DIR/pictures/ID.png")
    output.add_argument(
        "--overwrite",
        action="store_true",
        help="remove the earlier evaluation in the folder, complete or not, and start from scratch",
    )


def check_options(options: ArgumentParser, args: Namespace, folder: str) -> None:
    """Checks the options and the place of the page, before the work.

    Raises:
        ValueError: packages for the page are missing.
        OSError: the page cannot be written.
    """
    if args.classical and args.weights:
        options.error("--classical takes no --weights")
    if args.classical and args.precision != "float32":
        options.error("--classical takes no --precision but float32")
    if args.classical and args.quality != PLAIN:
        options.error("--classical takes no --quality but plain")
    check_saving(options, args, folder)
    check_engine_options(options, args)
    if args.report:
        check_page(args.report)


def parse_evaluation_source(text: str) -> Source:
    """The data set of NAME=FOLDER. Raises ValueError also for a weight, which is for training."""
    source, path = parse_source(text), os.path.expanduser(text.partition("=")[2])
    if source.weight is not None and os.path.exists(path):
        return make_source(source.name, path)
    if source.weight is not None:
        raise ValueError(
            "%r has a weight, which only training uses; try %s=%s"
            % (text, source.name, source.argument)
        )
    return source


def evaluation_settings(args: Namespace, source: Source, weights: str, config: Any) -> Settings:
    """The settings of the evaluation; paths are absolute, to mean the same from any directory."""
    filters = {"mode": args.mode, "scenes": args.scene, "patterns": args.pattern}
    if args.classical:
        filters["classical"] = args.classical
        name = "OpenCV's %s" % args.classical
        facts: dict[str, str | None] = {"path": name, "sha256": None, "kind": "classical"}
    else:
        facts = dict(weights_facts(weights))
    return Settings(
        source.name,
        source.location,
        args.masked,
        filters,
        facts,
        args.precision,
        session_text(config),
        args.quality,
    )


def evaluate_in_memory(
    args: Namespace, settings: Settings, samples: Sequence[Any], predictor: Any
) -> Totals:
    """Evaluates all pairs and writes nothing."""
    totals = Totals()
    with open_results(args, settings, samples, args.masked, predictor) as results:
        for result in results:
            totals.add(result)
    return totals


def evaluate_into_folder(
    args: Namespace,
    path: str,
    settings: Settings,
    samples: Sequence[Any],
    predictor: Any,
    prog: str,
    argv: list[str],
) -> Totals:
    """Evaluates the pairs that the folder lacks and completes it; returns the totals of all."""
    from pwcnet.runtime.tensorflow import TF_RELEASE

    kinds = [kind for kind in KINDS if getattr(args, "save_" + kind)]

    def paths_of(pair_id: str) -> Paths:
        return tuple(folder.path_of(kind, pair_id) if kind in kinds else None for kind in KINDS)

    def save(result: Result) -> None:
        folder.lock()
        save_result(result, *paths_of(result.id))
        folder.add(result)

    with remedy(OVERWRITE, (ValueError, FileExistsError)):
        folder = EvaluationFolder(path, settings, kinds, args.overwrite)
    with folder:
        missing = [sample for sample in samples if not folder.is_done(sample.id)]
        masked = args.masked and any(sample.has_invalid_mask for sample in missing)
        done, paths = len(samples) - len(missing), [paths_of(sample.id) for sample in missing]
        if uses_workers(args) and kinds:
            folder.lock()  # before they write files
        with BackgroundWriter() as writer, open_results(
            args, settings, missing, masked, predictor, done, paths
        ) as results:
            for result in results:
                writer.submit(folder.add if uses_workers(args) else save, result)
        return folder.finish([sample.id for sample in samples], prog.split() + argv, TF_RELEASE)
