"""Measures time and memory of inference, training, input and start-up on the installed runtimes.

Inference and training are compared with the plain formulation of the same network
(pwcnet/model/plain_network.py). Each case runs in a process of its own; the processes take turns,
one run each, so that all see the same machine. Medians over the repeats are printed.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from argparse import Namespace
from contextlib import suppress
from typing import Any, Sequence

from pwcnet.cli.arguments import (
    ArgumentParser,
    network_size,
    non_negative_int,
    positive_int,
    thread_count,
)
from pwcnet.cli.benchmark_table import FORMATS, LEVELS, format_results, read_results
from pwcnet.cli.common import progress_bar
from pwcnet.data.datasets.registry import parse_source
from pwcnet.io.atomic import check_output_file, write_text

log = logging.getLogger(__name__)

GROUPS = {
    "inference": ("plain-inference", "inference", "bfloat16", "convolution"),
    "training": ("plain-training", "training"),
    "folder": ("single", "folder"),
    "input": ("input",),
    "startup": ("startup",),
    "formats": ("inference", "bfloat16", *FORMATS),
    "quality": LEVELS,
}
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The environments that scripts/setup.sh makes in a checkout.
ENVIRONMENTS = {
    name: os.path.join(ROOT, ".venv-" + name, "bin", "python") for name in ("tf1", "tf2")
}
CURRENT = "current"  # the interpreter that runs this
# They need TensorFlow 2 or packages of their own, and are left out where they cannot run.
OPTIONAL_CASES = ("bfloat16", *FORMATS)
DEFAULT_GROUPS = tuple(name for name in GROUPS if name not in ("formats", "quality"))
EXAMPLES = """
pwcnet benchmark --what inference --size 448x1024 --output before.json
pwcnet benchmark --what inference --size 448x1024 --compare before.json
pwcnet benchmark --what input --data sintel-clean=/data --readers 8
pwcnet benchmark --what training --runtimes tf2 old=/opt/venv/bin/python
pwcnet benchmark --what formats --variant small --threads 2
"""


def main(argv: list[str], prog: str) -> None:
    """Measures the groups of --what, prints the table and writes --output."""
    args = parser(prog).parse_args(argv)
    if args.output:
        check_output_file(args.output)
    if args.data:
        source = parse_source(args.data)
        source.samples()  # a missing folder is an error before the work
    earlier = read_results(args.compare) if args.compare else {}
    runtimes = find_runtimes(args.runtimes)
    results: dict[str, Any] = {"machine": describe_machine(), "settings": vars(args), "cases": []}
    for group in args.what:
        results["cases"] += measure(GROUPS[group], runtimes, args)
    print(format_results(results, earlier))
    if args.output:
        write_text(args.output, json.dumps(results, indent=2) + "\n")
        print("wrote %s" % args.output)


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet benchmark`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    options.add_argument(
        "--what",
        nargs="+",
        choices=sorted(GROUPS),
        default=list(DEFAULT_GROUPS),
        help="what to measure; by default all of it but quality, the levels of --quality with the "
        "shipped weights, and formats: the network in LiteRT (TFLite and "
        "int8), XLA, onnxruntime, OpenVINO and JAX, as far as they are installed, with the shipped "
        "weights or random ones of the large variant; onnxruntime and JAX take all threads",
    )
    options.add_argument(
        "--runtimes",
        nargs="+",
        metavar="NAME[=PYTHON]",
        help="interpreters: tf1 and tf2 are the environments of scripts/setup.sh, %s is this one, "
        "others are NAME=PYTHON; by default the environments there are, else this one" % CURRENT,
    )
    options.add_argument("--variant", choices=("large", "small"), default="large")
    options.add_argument("--repeats", type=positive_int, default=7, metavar="N", help="runs")
    options.add_argument(
        "--threads", type=thread_count, default=0, metavar="N", help="CPU threads, 0: all"
    )
    options.add_argument("--output", metavar="FILE", help="write the results to this JSON file")
    options.add_argument(
        "--compare", metavar="FILE", help="also show the times as ratios to an earlier --output"
    )
    _add_sizes(options.add_argument_group("sizes"))
    _add_input_options(options.add_argument_group("input"))
    return options


def _add_sizes(sizes: Any) -> None:
    sizes.add_argument(
        "--size",
        type=network_size,
        default=(448, 1024),
        metavar="HxW",
        help="pixels of inference, in multiples of 64; default 448x1024",
    )
    sizes.add_argument(
        "--training-size",
        type=network_size,
        default=(384, 768),
        metavar="HxW",
        help="pixels of training, and of the crops of input; default 384x768",
    )
    sizes.add_argument(
        "--batch-size", type=positive_int, default=1, metavar="N", help="of inference and training"
    )


def _add_input_options(group: Any) -> None:
    group.add_argument(
        "--data",
        metavar="NAME=FOLDER",
        help="data set to read; by default synthetic scenes of 436x1024, removed afterwards",
    )
    group.add_argument(
        "--readers", type=non_negative_int, default=0, metavar="N", help="threads, 0: one per core"
    )
    group.add_argument(
        "--input-batch-size", type=positive_int, default=4, metavar="N", help="samples per batch"
    )
    group.add_argument(
        "--no-augment", action="store_true", help="random crops alone, without augmentation"
    )


def find_runtimes(names: Sequence[str] | None) -> dict[str, str]:
    """{name: interpreter} of --runtimes.

    Raises:
        ValueError: a name without an interpreter that is not known.
        FileNotFoundError: there is no such interpreter.
    """
    if not names:
        present = {name: path for name, path in ENVIRONMENTS.items() if os.path.exists(path)}
        return present or {CURRENT: sys.executable}
    known, runtimes = dict(ENVIRONMENTS, **{CURRENT: sys.executable}), {}
    for text in names:
        name, equals, python = text.partition("=")
        if not equals and name not in known:
            raise ValueError(
                "%r is none of the runtimes %s; try %s=PYTHON" % (name, ", ".join(known), name)
            )
        runtimes[name] = python if equals else known[name]
        if not (os.path.isfile(runtimes[name]) and os.access(runtimes[name], os.X_OK)):
            raise FileNotFoundError(
                "No interpreter at %r (runtime %s); try %s=PYTHON"
                % (runtimes[name], name or repr(name), name or "NAME")
            )
    return runtimes


def measure(cases: Sequence[str], runtimes: dict[str, str], args: Namespace) -> list[dict]:
    """The results of the cases on all runtimes; a worker process each, which take turns."""
    workers: list[Worker] = []
    try:
        for case in cases:
            for name, python in runtimes.items():
                workers.append(Worker(name, python, case, args))
        ready = [worker for worker in workers if worker.prepare()]
        total = args.repeats * len(ready)
        with progress_bar(total=total, unit="run", desc=" ".join(cases)) as bar:
            for _ in range(args.repeats):
                for worker in ready:
                    worker.measure()
                    bar.update()
        return [worker.result() for worker in ready]
    finally:
        for worker in workers:
            worker.close()


class Worker:
    """A process that runs one case on one runtime, once for each line that it is sent.

    Args:
        runtime: name of the runtime.
        python: its interpreter.
        case: a key of benchmark_table.CASES.
        args: the options.
    """

    def __init__(self, runtime: str, python: str, case: str, args: Namespace) -> None:
        self._runtime, self._python, self._case = runtime, python, case
        self._about: dict[str, Any] = {}
        self._runs: list[dict[str, float]] = []
        self._stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115
        settings = dict(vars(args), case=case)
        self._process: Any = subprocess.Popen(
            [python, "-W", "ignore", "-m", "pwcnet.cli.benchmark_case", json.dumps(settings)],
            env=dict(os.environ, PYTHONPATH=ROOT),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            universal_newlines=True,
        )

    def prepare(self) -> bool:
        """Waits for the first run, which is not measured; False if an optional case cannot run."""
        if self._case in OPTIONAL_CASES:
            line = self._process.stdout.readline()
            self._about = self._parsed(line) if line else {}
            if not line:
                log.warning("left out: %s on %s: %s", self._case, self._runtime, self._last_error())
            return bool(line)
        self._about = self._answer()
        return True

    def measure(self) -> None:
        """Runs the case once."""
        with suppress(BrokenPipeError):  # it has ended, and `_answer` says why
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        self._runs.append(self._answer())

    def result(self) -> dict[str, Any]:
        """The medians over the runs, and what the case says about itself."""
        medians = {
            name: statistics.median(run[name] for run in self._runs) for name in self._runs[0]
        }
        return dict(
            self._about,
            runtime=self._runtime,
            case=self._case,
            fastest=min(run["seconds"] for run in self._runs),
            runs=len(self._runs),
            **medians,
        )

    def close(self) -> None:
        """Ends the process."""
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._stderr.close()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if line:
            return self._parsed(line)
        raise self._failure(self._last_error())

    def _parsed(self, line: str) -> dict[str, Any]:
        try:
            return dict(json.loads(line))
        except (TypeError, ValueError):
            raise self._failure("%s answers %r" % (self._python, line[:60])) from None

    def _failure(self, reason: str) -> ValueError:
        return ValueError(
            "The case %s failed on the runtime %s: %s" % (self._case, self._runtime, reason)
        )

    def _last_error(self) -> str:
        self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().strip().splitlines() or ["without a message"]
        return lines[-1].split(": error: ")[-1]


def describe_machine() -> dict[str, Any]:
    """What the numbers are measured on: processor, cores, system, and a line of it."""
    model = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as stream:
            names = [line.split(":", 1)[1] for line in stream if line.startswith("model name")]
        model = names[0].strip() if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "summary": "%s, %d cores" % (model, os.cpu_count() or 1),
    }
