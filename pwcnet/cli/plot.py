"""Draws the curves of training runs, from their event files, into one picture: loss, EPE, learning rate, gradient norm, throughput."""

import os

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.common import load_tensorflow
from pwcnet.io.atomic import atomic_path, check_output_file
from pwcnet.training.plots import draw_curves


def main(argv, prog=None):
    """Writes the picture; returns 0. Raises ValueError, FileNotFoundError and OSError for wrong runs, tags and output."""
    arguments = parser(prog).parse_args(argv)
    check_output_file(arguments.output)
    load_tensorflow()
    from pwcnet.training.tensorboard import read_curves

    runs = {label: read_curves(folder) for label, folder in labelled(arguments.runs)}
    figure = draw_curves(runs, arguments.tags or (), arguments.smooth)
    with atomic_path(arguments.output) as temporary:
        figure.savefig(temporary)
    print(
        "%s: %s"
        % (
            arguments.output,
            ", ".join(
                "%s to step %d" % (label, max(steps[-1] for steps, _ in curves.values()))
                for label, curves in runs.items()
            ),
        )
    )
    return 0


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="the folder of a training run, or LABEL=FOLDER to call it something else in the legend",
    )
    options.add_argument(
        "--output",
        required=True,
        metavar="PICTURE",
        help="the picture to write: .png, .svg or .pdf",
    )
    options.add_argument(
        "--tags",
        nargs="+",
        metavar="TAG",
        help="a panel for each of these instead; 'loss/*' draws all that it matches into one",
    )
    options.add_argument(
        "--smooth",
        type=positive_int,
        default=1,
        metavar="N",
        help="draw the mean over N neighbouring points (default: %(default)s)",
    )
    return options


def labelled(texts):
    """[(label, folder)]: the folder's name where none is given, its path where names are not unique. Raises ValueError for a label given twice."""
    pairs = [
        ("", text) if os.path.exists(text) or "=" not in text else tuple(text.split("=", 1))
        for text in texts
    ]
    names = [os.path.basename(os.path.abspath(folder)) for _, folder in pairs]
    labels = [
        label or (name if names.count(name) == 1 else folder)
        for (label, folder), name in zip(pairs, names)
    ]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(
                "expected different runs, got %s more than once; try LABEL=FOLDER" % label
            )
    return list(zip(labels, (folder for _, folder in pairs)))
