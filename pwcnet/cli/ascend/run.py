"""Runs an offline model with msame or ais_bench, checks that every file has its prediction, and writes the times to time.json beside the predictions."""

import json
import os
import shlex
import subprocess

from pwcnet._checks import first_names
from pwcnet.ascend.msame import MODES, TIMES, DeviceRun, entries, new_results
from pwcnet.ascend.result_folders import TIME_FILE
from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_int
from pwcnet.io.atomic import check_output_folder, write_text


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
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
    printed, code = shown(device_run.command())
    if code:
        raise ValueError(
            "expected exit code 0 of %s, got %d; look for its errors above" % (args.tool, code)
        )
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
            "expected a prediction for every file of %s, got none for %d: %s in %s; %s skips files that fail, look for its errors above"
            % (args.input, len(missing), first_names(missing), folder, args.tool)
        )


def shown(command):
    """(what the command prints, its exit code); it is shown as it comes."""
    lines = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return "".join(lines), process.returncode


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--tool", choices=sorted(TIMES), default="msame", help="the program that runs the model"
    )
    options.add_argument("--om", required=True, help="the offline model, of offline_infer/pb2om.sh")
    options.add_argument(
        "--input",
        help="folder of .bin files, a pair each: image/ of offline_infer/dataprep.py; without it, in a performance run, zeros",
    )
    options.add_argument(
        "--output",
        required=True,
        help="folder to make the folder of results in; made, with its parents, where it is missing",
    )
    options.add_argument(
        "--output_dirname",
        help="name of the folder of results, ais_bench only; by default the time",
    )
    options.add_argument(
        "--device", type=non_negative_int, help="number of the device; by default the tool's own"
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
        help="runs of a performance run, for msame at most 100",
    )
    return options
