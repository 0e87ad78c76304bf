"""Writes the training frames of MPI-Sintel as raw files for offline inference: OUTPUT/image/<scene>-frames_<n>_<n+1>.bin and OUTPUT/gt/ of the same names."""

import os

from pwcnet.ascend.raw_files import IMAGE, TRUTH, prepare
from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.common import progress_bar
from pwcnet.data.datasets.sintel import RENDER_PASSES, sintel_samples
from pwcnet.data.splits import PARTS
from pwcnet.io.atomic import check_output_folder
from pwcnet.io.images import read_frame

NEXT = r"""{count} pairs in {output}. Next, on this machine:
  python offline_infer/infer_pb.py --pb pwcnet.pb --input {image} --output {results}
or on Ascend:
  bash offline_infer/pb2om.sh --pb pwcnet.pb --output pwcnet_1batch --soc_version Ascend310
  sh offline_infer/run_msame.sh --om pwcnet_1batch.om --input {image} --output {results}
and then:
  python offline_infer/evaluation.py --gt_path {truth} --output_path {results} \
    --height {height} --width {width} --frame_height {rows} --frame_width {columns}"""


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    samples = sintel_samples(args.dataset, args.render_pass, args.mode)
    check_output_folder(args.output)
    for _ in progress_bar(
        prepare(samples, args.output, args.height, args.width), total=len(samples), unit="pair"
    ):
        pass
    rows, columns, _ = read_frame(samples[0].frame1).shape
    image, truth, results = (os.path.join(args.output, name) for name in (IMAGE, TRUTH, "results"))
    print(
        NEXT.format(
            count=len(samples),
            output=args.output,
            image=image,
            truth=truth,
            results=results,
            height=args.height,
            width=args.width,
            rows=rows,
            columns=columns,
        )
    )
    if ".bin" in image:
        print(
            "note: msame takes an --input with .bin in it for a file; move the folder before you run it"
        )


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument("--dataset", required=True, help="folder that holds MPI-Sintel-complete")
    options.add_argument(
        "--output",
        required=True,
        help="folder to write image/ and gt/ into; refused where these hold other .bin files",
    )
    options.add_argument(
        "--height",
        type=positive_int,
        default=448,
        help="pixels of the network's input, a multiple of 64",
    )
    options.add_argument(
        "--width",
        type=positive_int,
        default=1024,
        help="pixels of the network's input, a multiple of 64",
    )
    options.add_argument(
        "--mode",
        default="val_notrain",
        choices=[mode for mode in PARTS if mode != "test"],
        help="which pairs: val_notrain is all; the others are parts of a training run's split",
    )
    options.add_argument("--render_pass", default="clean", choices=RENDER_PASSES)
    return options
