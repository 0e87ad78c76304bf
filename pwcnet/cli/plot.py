"""Draws the curves of training runs: loss, EPE, learning rate, gradient norm, samples per second.

The curves come from the event files that training writes for TensorBoard.
"""

from __future__ import annotations

import os
from typing import Sequence

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.common import remedy
from pwcnet.io.atomic import atomic_path, check_output_file
from pwcnet.training.plots import draw_curves

RUN_REMEDY = "name the --output of a training run"
EXTENSIONS = (".png", ".svg", ".pdf")
EXAMPLES = """
pwcnet plot run/ --output curves.png --smooth 20
pwcnet plot before=run1/ after=run2/ --output curves.svg --tags 'loss/*' validation/epe
"""


def main(argv: list[str], prog: str) -> None:
    """Writes the image and prints the last step of each run."""
    args = parser(prog).parse_args(argv)
    check_output_file(args.output)
    if os.path.splitext(args.output)[1].lower() not in EXTENSIONS:
        raise ValueError("%s must end in %s" % (args.output, ", ".join(EXTENSIONS)))
    runs = labelled_folders(args.runs)
    from pwcnet.training.tensorboard import read_curves

    with remedy(RUN_REMEDY):
        curves = {label: read_curves(folder) for label, folder in runs}
    figure = draw_curves(curves, args.tags or (), args.smooth)
    with atomic_path(args.output) as temporary:
        figure.savefig(temporary)
    steps = {label: max(steps[-1] for steps, _ in tags.values()) for label, tags in curves.items()}
    print("%s: %s" % (args.output, ", ".join("%s to step %d" % item for item in steps.items())))


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet plot`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    options.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="run folder, or LABEL=FOLDER to set its name in the legend",
    )
    options.add_argument(
        "--output", required=True, metavar="FILE", help="image to write: .png, .svg or .pdf"
    )
    options.add_argument(
        "--tags",
        nargs="+",
        metavar="TAG",
        help="draw a panel for each of these tags instead; 'loss/*' draws all that match into one",
    )
    options.add_argument(
        "--smooth",
        type=positive_int,
        default=1,
        metavar="N",
        help="draw the mean over N neighbouring points",
    )
    return options


def labelled_folders(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The label and folder of each run.

    Args:
        texts: FOLDER or LABEL=FOLDER. Without a label, it is the folder's name, or its path if
            several have that name.

    Raises:
        ValueError: two runs have the same label.
    """
    pairs = []
    for text in texts:
        label, equals, folder = text.partition("=")
        pairs.append(("", text) if os.path.exists(text) or not equals else (label, folder))
    names = [os.path.basename(os.path.abspath(folder)) for _, folder in pairs]
    labels = [
        label or (name if names.count(name) == 1 else folder)
        for (label, folder), name in zip(pairs, names)
    ]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError("The label %s is given to more than one run; try LABEL=FOLDER" % label)
    return list(zip(labels, (folder for _, folder in pairs)))
