"""Writes a data set as raw files for offline inference: frames and ground truth.

OUTPUT/image/NAME.bin is a pair of frames as the network takes it, OUTPUT/gt/NAME.bin its ground
truth, both float32 and padded to --size. All frames must have one size.
"""

from __future__ import annotations

import os
import shlex
from typing import Any, Sequence

from pwcnet.ascend.preparation import prepare
from pwcnet.ascend.raw_files import GROUND_TRUTH_FOLDER, IMAGE_FOLDER
from pwcnet.cli.arguments import ArgumentParser, network_size
from pwcnet.cli.common import progress_bar
from pwcnet.data.datasets.registry import DATASETS, GENERATED, parse_source
from pwcnet.data.splits import PARTS
from pwcnet.io.atomic import check_output_folder

NAMES = [name for name in DATASETS if name != GENERATED]
MODES = [mode for mode in PARTS if mode != "test"]  # those with ground truth
NEXT = r"""{count} pairs in {output}. Next, on this machine:
  pwcnet export --target ascend --size {height}x{width} --output pwcnet.pb
  pwcnet ascend infer --weights pwcnet.pb --input {image} --output {results}
or, with the same graph, on Ascend:
  bash offline_infer/pb2om.sh --pb pwcnet.pb --output pwcnet_1batch --soc_version Ascend310
  pwcnet ascend run --om pwcnet_1batch.om --input {image} --output {results}
and then:
  pwcnet ascend score --ground-truth {truth} --predictions {results} \
    --size {height}x{width} --frame-size {rows}x{columns}"""


def main(argv: list[str], prog: str) -> None:
    """Writes the files and prints the commands that follow.

    Raises:
        ValueError, OSError: A data set that is not there or has no ground truth, frames that do
            not fit, files in the way.
    """
    args = parser(prog).parse_args(argv)
    source = parse_source(args.data)
    if source.weight is not None:
        raise ValueError("--data takes NAME=FOLDER without a weight, got %r" % args.data)
    if source.name == GENERATED:
        raise ValueError(
            "--data takes a data set of files, got %r; write one with pwcnet scenes" % args.data
        )
    samples = source.samples(args.mode)
    write_raw_files(samples, args.output, args.size, NEXT)


def write_raw_files(
    samples: Sequence[Any], output: str, size: tuple[int, int], next_steps: str
) -> None:
    """Writes the samples as raw files into a folder and prints what comes next.

    Args:
        samples: `pwcnet.data.sample.Sample`s with ground truth.
        output: The folder, which gets image/ and gt/.
        size: (height, width) in pixels of the network's input.
        next_steps: What to print, with the fields of NEXT.
    """
    check_output_folder(output)
    for _ in progress_bar(prepare(samples, output, *size), total=len(samples), unit="pair"):
        pass
    image, truth, results = (
        os.path.join(output, name) for name in (IMAGE_FOLDER, GROUND_TRUTH_FOLDER, "results")
    )
    rows, columns, _ = samples[0].load().frame1.shape
    names = {"output": output, "image": image, "truth": truth, "results": results}
    fields = {name: shlex.quote(path) for name, path in names.items()}
    numbers = {"count": len(samples), "rows": rows, "columns": columns}
    print(next_steps.format(height=size[0], width=size[1], **fields, **numbers))
    if ".bin" in image:
        print("Note: msame takes an --input with .bin in it for a file; move the folder first.")


def parser(prog: str) -> ArgumentParser:
    """The options."""
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet ascend prepare --data sintel-clean=/data --output raw
        pwcnet ascend prepare --data chairs=/data --size 384x512 --output raw""",
    )
    options.add_argument(
        "--data",
        required=True,
        metavar="NAME=FOLDER",
        help="data set and its folder; the names are " + ", ".join(NAMES),
    )
    options.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder to write image/ and gt/ into; refused where these hold other .bin files",
    )
    options.add_argument(
        "--size",
        type=network_size,
        default="448x1024",
        metavar="HxW",
        help="size of the network's input in pixels, multiples of 64; frames have zeros added at "
        "the bottom and at the right",
    )
    options.add_argument(
        "--mode",
        default="val_notrain",
        choices=MODES,
        help="which pairs; val_notrain: all, the others: parts of a training run's split",
    )
    return options
