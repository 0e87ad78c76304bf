"""Runs an offline model (OM) with msame or ais_bench and checks that every file has its prediction.

The times are written to time.json beside the predictions.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from argparse import Namespace

from pwcnet._checks import first_names
from pwcnet.ascend.msame import MODES, TIMES, DeviceRun, entries, new_results
from pwcnet.ascend.raw_files import list_raw_files
from pwcnet.ascend.result_folders import TIME_FILE
from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_int
from pwcnet.cli.common import remedy, start_messages
from pwcnet.cli.options import RAW_FILES_REMEDY
from pwcnet.io.atomic import check_output_folder, write_text


def main(argv: list[str], prog: str) -> None:
    """Runs the model and prints where the results are and the times.

    Raises:
        ValueError, OSError: A model, files or a program that are not there, options that do not
            fit, a run that failed, predictions that are missing.
    """
    run_model(parser(prog).parse_args(argv))


def run_model(args: Namespace) -> None:
    """Runs the model, by options as `parser` has them."""
    if args.input is not None:
        with remedy(RAW_FILES_REMEDY):
            list_raw_files(args.input)
    with remedy("offline_infer/pb2om.sh makes one of a frozen graph", (FileNotFoundError,)):
        device_run = DeviceRun(
            args.tool,
            args.om,
            args.output,
            args.input,
            args.device,
            args.loop,
            args.mode,
            args.output_dirname,
        )
    check_output_folder(args.output)
    print(" ".join(map(shlex.quote, device_run.command())), flush=True)
    device_run.check_tool()
    os.makedirs(args.output, exist_ok=True)  # msame makes the last folder of a path only
    before = entries(args.output)
    printed, code = run_and_show(device_run.command())
    if code:
        raise ValueError("%s failed with exit code %d; its errors are above" % (args.tool, code))
    times = device_run.times(printed)
    folder = new_results(args.output, before)
    missing = device_run.missing(folder)
    record = dict(
        times, tool=args.tool, mode=args.mode, om=args.om, loop=args.loop, missing=missing
    )
    write_text(os.path.join(folder, TIME_FILE), json.dumps(record, indent=1, sort_keys=True) + "\n")
    print("results     %s, times in its %s" % (folder, TIME_FILE))
    print("times       %s" % ", ".join("%s %.3f" % item for item in sorted(times.items())))
    if missing:
        raise ValueError(
            "No prediction for %d files of %s: %s in %s; %s skips files that fail, its errors are "
            "above" % (len(missing), args.input, first_names(missing), folder, args.tool)
        )


def run_and_show(command: list[str]) -> tuple[str, int]:
    """(what the command prints, its exit code); the output is shown as it comes."""
    start_messages()
    lines = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    return "".join(lines), process.returncode


def parser(prog: str) -> ArgumentParser:
    """The options."""
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet ascend run --om pwcnet_1batch.om --input raw/image --output results
        pwcnet ascend run --om pwcnet_1batch.om --output times --mode performance --loop 100""",
    )
    add_run_options(options, "pwcnet ascend prepare")
    return options


def add_run_options(options: ArgumentParser, prepare: str) -> None:
    """Adds all options. prepare: the command that writes raw files."""
    options.add_argument(
        "--tool", choices=sorted(TIMES), default="msame", help="the program that runs the model"
    )
    options.add_argument(
        "--om", required=True, metavar="FILE", help="the offline model, of offline_infer/pb2om.sh"
    )
    options.add_argument(
        "--input",
        metavar="DIR",
        help="folder of .bin files, one a pair: image/ of %s; without it, in a performance run, "
        "zeros" % prepare,
    )
    options.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder to make the folder of results in; made, with its parents, where it is missing",
    )
    options.add_argument(
        "--output-dirname",
        metavar="NAME",
        help="name of the folder of results, for ais_bench only (default: the time)",
    )
    options.add_argument(
        "--device",
        type=non_negative_int,
        metavar="N",
        help="number of the device (default: the tool's own)",
    )
    options.add_argument(
        "--mode",
        choices=MODES,
        default="accuracy",
        help="accuracy: every file once; performance: the first file, --loop times",
    )
    options.add_argument(
        "--loop",
        type=positive_int,
        default=1,
        metavar="N",
        help="runs of a performance run, for msame at most 100",
    )
