"""Writes the training frames of MPI-Sintel as raw files for offline inference.

OUTPUT/image/<scene>-frames_<n>_<n+1>.bin is a pair of frames, OUTPUT/gt/ has its ground truth under
the same name. `pwcnet ascend prepare` does the same for any data set.
"""

from __future__ import annotations

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.ascend.prepare import MODES, write_raw_files
from pwcnet.data.datasets.sintel import RENDER_PASSES, sintel_samples

NEXT = r"""{count} pairs in {output}. Next, on this machine:
  python offline_infer/infer_pb.py --pb offline_infer/pwcnet.pb --input {image} --output {results}
or on Ascend:
  bash offline_infer/pb2om.sh --pb offline_infer/pwcnet.pb --output pwcnet_1batch \
    --soc_version Ascend310
  sh offline_infer/run_msame.sh --om pwcnet_1batch.om --input {image} --output {results}
and then:
  python offline_infer/evaluation.py --gt_path {truth} --output_path {results} \
    --height {height} --width {width} --frame_height {rows} --frame_width {columns}"""


def main(argv: list[str], prog: str) -> None:
    """Writes the files and prints the published commands that follow."""
    args = parser(prog).parse_args(argv)
    samples = sintel_samples(args.dataset, args.render_pass, args.mode)
    write_raw_files(samples, args.output, (args.height, args.width), NEXT)


def parser(prog: str) -> ArgumentParser:
    """The published options."""
    options = ArgumentParser(prog=prog, description=__doc__, published=True)
    options.add_argument("--dataset", required=True, help="folder that holds MPI-Sintel-complete")
    options.add_argument(
        "--output",
        required=True,
        help="folder to write image/ and gt/ into; refused where these hold other .bin files",
    )
    add_size_options(options, "a multiple of 64")
    options.add_argument(
        "--mode",
        default="val_notrain",
        choices=MODES,
        help="which pairs; val_notrain: all, the others: parts of a training run's split",
    )
    options.add_argument(
        "--render_pass", default="clean", choices=RENDER_PASSES, help="Sintel's rendering"
    )
    return options


def add_size_options(options: ArgumentParser, condition: str = "") -> None:
    """Adds --height and --width of the network's input, as published."""
    for name, default in (("height", 448), ("width", 1024)):
        options.add_argument(
            "--" + name,
            type=positive_int,
            default=default,
            help="%s of the network's input in pixels%s" % (name, condition and ", " + condition),
        )
