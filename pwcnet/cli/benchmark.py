"""Measures speed and memory against the plain formulation of the network (pwcnet/model/plain_network.py), on every runtime that is set up, run after run.

Each case runs in a process of its own for each runtime; the processes take turns, one run each, so that all see the same machine. Medians are printed, and
ratios to the plain formulation on TensorFlow 1.15 (or on the only runtime there is).
"""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import argparse
import json
import platform
import statistics
import subprocess

from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_int
from pwcnet.cli.common import progress_bar
from pwcnet.io.atomic import check_output_file, write_text

CASES = {  # name: (what it is, the case it is compared with)
    "plain-inference": ("plain formulation, one pair", None),
    "inference": ("one pair, frozen graph", "plain-inference"),
    "bfloat16": ("one pair, bfloat16", "plain-inference"),
    "plain-training": ("plain formulation, one step", None),
    "training": ("one step", "plain-training"),
    "convolution": ("3x3 convolution, 565 to 128 channels", None),
    "single": ("30 frames, pair by pair", None),
    "folder": ("30 frames, as a folder", "single"),
    "input": ("a training sample read, cropped and augmented", None),
    "startup": ("from nothing to the first flow", None),
}
GROUPS = {
    "inference": ("plain-inference", "inference", "bfloat16", "convolution"),
    "training": ("plain-training", "training"),
    "folder": ("single", "folder"),
    "input": ("input",),
    "startup": ("startup",),
}


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    if args.output:
        check_output_file(args.output)
    earlier = read(args.compare)
    runtimes = {name: python for name, python in pythons(args).items() if os.path.exists(python)}
    if not runtimes:
        raise ValueError(
            "expected an environment, found neither .venv-tf1 nor .venv-tf2; make one with scripts/setup.sh"
        )
    results = {"machine": machine(), "settings": vars(args).copy(), "cases": []}
    for group in args.what:
        results["cases"] += measure(GROUPS[group], runtimes, args)
    print(table(results, earlier))
    if args.output:
        write_text(args.output, json.dumps(results, indent=2) + "\n")
        print("wrote %s" % args.output)


def measure(cases, runtimes, args):
    """Results of the cases on all runtimes: a worker process each, taking turns."""
    workers = [
        Worker(runtime, python, case, args)
        for case in cases
        for runtime, python in runtimes.items()
    ]
    try:
        workers = [worker for worker in workers if worker.ready()]
        with progress_bar(
            total=args.repeats * len(workers), unit="run", desc=" ".join(cases)
        ) as bar:
            for _ in range(args.repeats):
                for worker in workers:
                    worker.measure()
                    bar.update()
        return [worker.result() for worker in workers]
    finally:
        for worker in workers:
            worker.close()


class Worker:
    """A process that runs one case on one runtime when it is told to."""

    def __init__(self, runtime, python, case, args):
        self.runtime, self.case, self.seconds = runtime, case, []
        settings = {
            "case": case,
            "variant": args.variant,
            "batch": args.batch_size,
            "size": args.size,
            "training_size": args.training_size,
            "threads": args.threads,
        }
        self.process = subprocess.Popen(
            [python, "-W", "ignore", "-m", "pwcnet.cli.benchmark_case", json.dumps(settings)],
            env=dict(os.environ, PYTHONPATH=ROOT),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if case == "bfloat16" else None,
            universal_newlines=True,
        )

    def ready(self):
        """Whether the case can run on the runtime; its first run is not measured."""
        line = self.process.stdout.readline()
        self.about = json.loads(line) if line else {}
        return bool(line)

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.seconds.append(answer["seconds"])
        self.peak = answer["peak_mib"]

    def result(self):
        return dict(
            self.about,
            runtime=self.runtime,
            case=self.case,
            seconds=statistics.median(self.seconds),
            fastest=min(self.seconds),
            runs=len(self.seconds),
            peak_mib=self.peak,
        )

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def table(results, earlier):
    """The results as text, a row a case and runtime."""
    cases = {(each["case"], each["runtime"]): each for each in results["cases"]}
    first = results["cases"][0]["runtime"]
    rows = [
        (
            "case",
            "runtime",
            "median s",
            "ratio",
            "peak MiB",
            "ratio",
            "GFLOP/s",
            "before" if earlier else "",
        )
    ]
    for (case, runtime), each in cases.items():
        base = cases.get((CASES[case][1], runtime if case == "folder" else first), {})
        before = earlier.get((case, runtime))
        rows.append(
            (
                CASES[case][0] if case != "convolution" else "convolution 565 to 128",
                each["tensorflow"],
                "%.4f" % each["seconds"],
                ratio(each, base, "seconds"),
                "%.0f" % each["peak_mib"],
                ratio(each, base, "peak_mib"),
                "%.0f" % (each["gflop"] / each["seconds"]) if each.get("gflop") else "",
                "%.2fx" % (each["seconds"] / before) if before else "",
            )
        )
    lines = [results["machine"]["summary"], ""]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines += [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    ]
    for runtime in sorted({each["runtime"] for each in results["cases"]}):
        lines += facts(cases, runtime)
    return "\n".join(lines)


def facts(cases, runtime):
    """What follows from the cases of a runtime: share of the convolution's rate, nodes, the change that bfloat16 makes."""
    inference, convolution, reduced = (
        cases.get((case, runtime)) for case in ("inference", "convolution", "bfloat16")
    )
    lines = []
    if inference and convolution:
        rates = [each["gflop"] / each["seconds"] for each in (inference, convolution)]
        lines.append(
            "%s: %.0f GFLOP/s are %.2f of the bare convolution's %.0f"
            % (inference["tensorflow"], rates[0], rates[0] / rates[1], rates[1])
        )
    if inference and "nodes" in inference:
        lines.append(
            "%s: frozen graph nodes: host %d, ascend %d"
            % (inference["tensorflow"], inference["nodes"]["host"], inference["nodes"]["ascend"])
        )
    if reduced and "difference" in reduced:
        lines.append(
            "%s: bfloat16 against float32: mean %.3f px, largest %.3f px, of a mean flow of %.3f px"
            % ((reduced["tensorflow"],) + tuple(reduced["difference"]))
        )
    return lines


def ratio(each, base, key):
    return "%.3f" % (each[key] / base[key]) if base and base is not each else ""


def read(path):
    """{(case, runtime): seconds} of an earlier run's JSON."""
    if not path:
        return {}
    try:
        with open(path) as stream:
            return {
                (each["case"], each["runtime"]): each["seconds"]
                for each in json.load(stream)["cases"]
            }
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            "expected the JSON of an earlier benchmark, got something else in %s; make one with --output"
            % path
        )


def machine():
    """What the numbers were measured on."""
    model = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as stream:
            model = next(
                (line.split(":", 1)[1].strip() for line in stream if line.startswith("model name")),
                model,
            )
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "summary": "%s, %d cores" % (model, os.cpu_count()),
    }


def pythons(args):
    return (
        dict(each.split("=", 1) for each in args.python)
        if args.python
        else {name: os.path.join(ROOT, ".venv-" + name, "bin", "python") for name in ("tf1", "tf2")}
    )


def size(text):
    """ "448x1024" -> [448, 1024]."""
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(
        part.isdigit() and int(part) > 0 and int(part) % 64 == 0 for part in parts
    ):
        raise argparse.ArgumentTypeError("expected HEIGHTxWIDTH in multiples of 64, got %r" % text)
    return [int(part) for part in parts]


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--what",
        nargs="+",
        choices=sorted(GROUPS),
        default=["inference", "training", "folder", "input", "startup"],
    )
    options.add_argument("--variant", choices=("large", "small"), default="large")
    options.add_argument(
        "--size", type=size, default=[448, 1024], metavar="HxW", help="of inference"
    )
    options.add_argument("--training_size", type=size, default=[384, 768], metavar="HxW")
    options.add_argument("--batch_size", type=positive_int, default=1)
    options.add_argument(
        "--threads", type=non_negative_int, default=0, help="CPU threads; 0: all cores"
    )
    options.add_argument("--repeats", type=positive_int, default=7)
    options.add_argument(
        "--python",
        nargs="+",
        metavar="NAME=PYTHON",
        help="interpreters in the place of the environments that scripts/setup.sh makes",
    )
    options.add_argument("--output", metavar="JSON", help="write the results here")
    options.add_argument(
        "--compare", metavar="JSON", help="show the times as ratios to an earlier --output too"
    )
    return options
