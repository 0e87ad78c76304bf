"""Scores raw predictions of msame, ais_bench or infer_pb.py against ground truth.

Prints all measures, the average end-point error (EPE) last. Files are matched by their names.
"""

from __future__ import annotations

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.ascend.score import Scoring, add_output_options, score_predictions
from pwcnet.cli.published.dataprep import add_size_options


def main(argv: list[str], prog: str) -> None:
    """Scores the predictions and prints the totals."""
    args = parser(prog).parse_args(argv)
    scoring = Scoring(
        args.gt_path,
        args.output_path,
        (args.height, args.width),
        (args.frame_height, args.frame_width),
        args.csv,
        args.output,
        args.overwrite,
    )
    score_predictions(scoring, [prog] + argv)


def parser(prog: str) -> ArgumentParser:
    """The published options."""
    options = ArgumentParser(prog=prog, description=__doc__, published=True)
    options.add_argument(
        "--gt_path", required=True, help="folder of ground truth: gt/ of offline_infer/dataprep.py"
    )
    options.add_argument(
        "--output_path",
        required=True,
        help="folder of predictions, or of folders of them, of which the newest by name is taken",
    )
    add_size_options(options)
    for name, default in (("height", 436), ("width", 1024)):
        options.add_argument(
            "--frame_" + name,
            type=positive_int,
            default=default,
            help="%s of the frames in pixels, without what was added to them" % name,
        )
    add_output_options(options)
    return options
