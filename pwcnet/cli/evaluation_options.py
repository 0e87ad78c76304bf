"""What `pwcnet evaluate` and the published evaluation share: options, loop and printed table."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Iterable, Sequence

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import progress_bar
from pwcnet.cli.options import add_device_options, add_weights_option
from pwcnet.cli.prediction_options import add_precision_option
from pwcnet.data.splits import PARTS
from pwcnet.evaluation.measures import format_totals
from pwcnet.evaluation.scoring import Result, Totals, evaluate_samples
from pwcnet.flow.colors import flow_to_color
from pwcnet.io.flow_files import write_flow
from pwcnet.io.images import write_image


def add_evaluation_options(options: ArgumentParser, weights: str) -> None:
    """Adds the weights under this flag, --precision, --mode, --masked and the device."""
    add_weights_option(options, weights)
    add_precision_option(options)
    options.add_argument(
        "--mode",
        default="val_notrain",
        choices=[mode for mode in PARTS if mode != "test"],
        help="which pairs: val_notrain is all of them, the others are parts of a training split",
    )
    options.add_argument(
        "--masked",
        action="store_true",
        help="leave out the pixels that Sintel marks invalid; published numbers count them",
    )
    add_device_options(options, threads=True)


def add_saving_options(group: Any, flow_file: str, image_file: str) -> None:
    """Adds --save-flow and --save-pictures, which write these files."""
    group.add_argument(
        "--save-flow",
        action="store_true",
        help="with --output: write the flow of each pair to " + flow_file,
    )
    group.add_argument(
        "--save-pictures",
        action="store_true",
        help="with --output: write the colors of each flow to " + image_file,
    )


def check_saving(options: ArgumentParser, args: Namespace, folder: str | None) -> None:
    """Ends the program with an error if files are to be saved, but there is no folder for them."""
    for name in ("flow", "pictures"):
        if getattr(args, "save_" + name) and not folder:
            options.error("--save%s%s needs --output DIR" % (options.spelling, name))


def evaluate_pairs(
    predictor: Any, samples: Sequence[Any], masked: bool, done: int = 0
) -> Iterable[Result]:
    """The results of the samples, with a progress bar.

    Args:
        predictor: has `flow(frame1, frame2)`.
        samples: of pwcnet.data.sample.Sample.
        masked: leave out the pixels that the data set marks invalid.
        done: number of pairs that were evaluated before, for the bar.
    """
    if not samples:
        return ()
    return pair_bar(evaluate_samples(predictor, samples, masked), len(samples), done)


def pair_bar(results: Iterable[Result], count: int, done: int) -> Iterable[Result]:
    """A progress bar over `count` results, after `done` others."""
    return progress_bar(results, total=done + count, initial=done, unit="pair")


def save_result(result: Result, flow_path: str | None, image_path: str | None) -> None:
    """Writes the flow and its colors, each completely or not at all; None writes nothing."""
    if not (flow_path or image_path):
        return
    if result.flow is None:
        raise ValueError("the flow of %s was not kept" % result.id)
    if flow_path:
        write_flow(flow_path, result.flow)
    if image_path:
        write_image(image_path, flow_to_color(result.flow))


def print_totals(
    samples: Sequence[Any], data: str, masked: bool, totals: Totals, averages: Sequence[str] = ()
) -> None:
    """Prints what was evaluated, a table, the averages, and the last line as published."""
    kind = "sparse" if any(sample.is_sparse for sample in samples) else "dense"
    pixels = "%s, every pixel with known flow counts, as in published numbers" % kind
    if masked:
        pixels = "masked, without invalid pixels (%d of the pairs have a mask)" % sum(
            sample.has_invalid_mask for sample in samples
        )
    lines: list[str] = ["%d pairs of %s: %s" % (len(samples), data, pixels)]
    lines += [format_totals(totals.as_dict())] + list(averages)
    epe, seconds = totals.measures["EPE"].per_image, totals.mean_seconds or 0.0
    lines.append("Average EPE={:.2f}, mean inference time={:.2f}ms".format(epe, 1000 * seconds))
    print("\n".join(lines))
