"""Runs of msame and ais_bench: command line, printed times, results. Neither is needed here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from pwcnet.ascend.raw_files import EXTENSION, list_raw_files
from pwcnet.ascend.result_folders import missing_predictions, prediction_file

MODES = ("accuracy", "performance")
MAX_LOOP = 100  # msame takes no more
INSTALL = {
    "msame": "build it from Ascend's tools repository and add its folder to PATH",
    "ais_bench": "install the wheels aclruntime and ais_bench",
}
FIND_AIS_BENCH = (
    "import importlib.util, sys; sys.exit(importlib.util.find_spec('ais_bench') is None)"
)


@dataclass(frozen=True)
class DeviceRun:
    """One run of an offline model; what the tool would misunderstand is refused before it.

    Attributes:
        tool: "msame" or "ais_bench".
        om: The offline model.
        output: The folder to create the folder of results in.
        input: A folder of .bin files, a pair each; None, in a performance run alone, lets the tool
            make its own input.
        device: The device's number; None for the tool's default.
        loop: How often a performance run infers the first file.
        mode: "accuracy" infers every file once, "performance" the first one `loop` times.
        dirname: The name of the result folder, for ais_bench alone; None for the time.

    Raises:
        ValueError: A value does not fit the tool or the mode.
        FileNotFoundError: The model or the input folder is missing.
    """

    tool: str
    om: str
    output: str
    input: str | None = None
    device: int | None = None
    loop: int = 1
    mode: str = "accuracy"
    dirname: str | None = None

    def __post_init__(self) -> None:
        if self.tool not in TIMES or self.mode not in MODES:
            raise ValueError(
                "expected a tool of %s and a mode of %s, got %r and %r"
                % (", ".join(sorted(TIMES)), ", ".join(MODES), self.tool, self.mode)
            )
        if not os.path.isfile(self.om):
            raise FileNotFoundError("No offline model at %s" % self.om)
        if self.mode == "accuracy":
            self._check_accuracy()
        if self.tool == "msame" and not 1 <= self.loop <= MAX_LOOP:
            raise ValueError("expected a loop of 1 to %d for msame, got %d" % (MAX_LOOP, self.loop))
        if self.dirname is not None:
            self._check_dirname(self.dirname)

    def _check_accuracy(self) -> None:
        if self.input is None:
            raise ValueError("expected an input folder for the mode accuracy, got none")
        if self.loop != 1:
            raise ValueError("expected a loop of 1 for the mode accuracy, got %d" % self.loop)
        if self.tool == "msame" and EXTENSION in self.input:
            raise ValueError(
                "%s has %s in its path, so that msame takes it for a file; rename or move it"
                % (self.input, EXTENSION)
            )
        files = [prediction_file(self.tool, name) for name in list_raw_files(self.input)]
        if len(set(files)) < len(files):
            raise ValueError(
                "%s holds files whose names differ only after the first dot, where ais_bench cuts "
                "them; rename them" % self.input
            )

    def _check_dirname(self, dirname: str) -> None:
        if self.tool == "msame":
            raise ValueError(
                "expected no name for the folder of msame's results, which msame names itself, "
                "got %s" % dirname
            )
        if os.path.lexists(os.path.join(self.output, dirname)):
            raise ValueError(
                "%s is already in %s; results of two runs do not mix" % (dirname, self.output)
            )

    def command(self) -> list[str]:
        """Returns the words of the command line."""
        words = ["msame"] if self.tool == "msame" else ["python3", "-m", "ais_bench"]
        words += ["--model", self.om]
        if self.input is not None:
            first = next(iter(list_raw_files(self.input).values()))
            words += ["--input", self.input if self.mode == "accuracy" else first]
        words += ["--output", self.output, "--outfmt", "BIN"]
        words += ["--output_dirname", self.dirname] if self.dirname is not None else []
        words += ["--loop", str(self.loop)] if self.mode == "performance" else []
        return words + (["--device", str(self.device)] if self.device is not None else [])

    def check_tool(self) -> None:
        """Checks that the tool is installed.

        Raises:
            FileNotFoundError: Its program is not on PATH, or ais_bench not in that python3.
        """
        program = self.command()[0]
        path = shutil.which(program)
        if path is None:
            raise FileNotFoundError(
                "%s is not on PATH; source /usr/local/Ascend/ascend-toolkit/set_env.sh, and %s"
                % (program, INSTALL[self.tool])
            )
        if self.tool == "ais_bench" and subprocess.call([program, "-c", FIND_AIS_BENCH]):
            raise FileNotFoundError(
                "%s has no module ais_bench; %s there" % (path, INSTALL[self.tool])
            )

    def times(self, printed: str) -> dict[str, float]:
        """Returns the times in what the tool printed, by name; see `msame_times`."""
        return TIMES[self.tool](printed)

    def missing(self, folder: str) -> list[str]:
        """Returns the input files that lack a result, sorted; none in a performance run."""
        if self.mode != "accuracy" or self.input is None:
            return []
        return missing_predictions(list(list_raw_files(self.input)), folder)


def entries(folder: str) -> frozenset[str]:
    """Returns the names in a folder, as `new_results` takes them."""
    return frozenset(os.listdir(folder))


def new_results(folder: str, before: frozenset[str]) -> str:
    """Finds the folder of results that a run created.

    Args:
        folder: The output folder of the run.
        before: Its `entries` before the run.

    Returns:
        The new folder; `folder` itself where the tool creates no folder.

    Raises:
        ValueError: The run left nothing, or several folders.
    """
    new = sorted(set(os.listdir(folder)) - before)
    folders = [name for name in new if os.path.isdir(os.path.join(folder, name))]
    if len(folders) == 1:
        return os.path.join(folder, folders[0])
    if not folders and any(name.endswith(EXTENSION) for name in new):
        return folder
    raise ValueError(
        "expected one new folder of results in %s, got %s; look for the tool's errors above, and "
        "run one at a time" % (folder, ", ".join(folders) or "none")
    )


NUMBER = r"([0-9.eE+-]+)"
# msame prints "time : 1.23 ms" for a folder and "time: 1.234000 ms" for files and for zeros.
MSAME = {
    "mean_ms": re.compile(r"Inference average time ?: ?%s ms" % NUMBER),
    "mean_without_first_ms": re.compile(
        r"Inference average time without first time ?: ?%s ms" % NUMBER
    ),
}
AIS_BENCH = re.compile(r"NPU_compute_time \(ms\): (.*)")
AIS_BENCH_NAMES = {
    "min": "min_ms",
    "max": "max_ms",
    "mean": "mean_ms",
    "median": "median_ms",
    "percentile(99%)": "percentile_99_ms",
}
AIS_BENCH_VALUE = re.compile(r"([a-z]+(?:\(99%%\))?) = %s" % NUMBER)
THROUGHPUT = re.compile(
    r"throughput 1000\*batchsize\.mean\(\S+\)/NPU_compute_time\.mean\(\S+\): %s" % NUMBER
)


def msame_times(printed: str) -> dict[str, float]:
    """Parses the times that msame prints.

    Args:
        printed: What msame printed.

    Returns:
        mean_ms and mean_without_first_ms, milliseconds; the second is absent where msame left it
        out (one run only).

    Raises:
        ValueError: There is no mean.
    """
    times = {name: _last_number(pattern, printed) for name, pattern in MSAME.items()}
    return _present(times, "msame", "Inference average time: ... ms")


def ais_bench_times(printed: str) -> dict[str, float]:
    """Parses the times that ais_bench prints.

    Args:
        printed: What ais_bench printed.

    Returns:
        min_ms, max_ms, mean_ms, median_ms and percentile_99_ms, milliseconds, and throughput, pairs
        per second; those that are absent are left out.

    Raises:
        ValueError: There is no mean.
    """
    lines = AIS_BENCH.findall(printed)
    values = dict(AIS_BENCH_VALUE.findall(lines[-1])) if lines else {}
    times = {name: _number(values.get(key)) for key, name in AIS_BENCH_NAMES.items()}
    times["throughput"] = _last_number(THROUGHPUT, printed)
    return _present(times, "ais_bench", "NPU_compute_time (ms): ... mean = ...")


def _last_number(pattern: re.Pattern, printed: str) -> float | None:
    matches = pattern.findall(printed)
    return _number(matches[-1]) if matches else None


def _number(text: str | None) -> float | None:
    """A float; None where there is no text or no number."""
    try:
        return float(text.rstrip(".,")) if text else None
    except ValueError:
        return None


def _present(times: dict[str, float | None], tool: str, line: str) -> dict[str, float]:
    if times["mean_ms"] is None:
        raise ValueError(
            '%s printed no line "%s"; look for its errors in what it printed' % (tool, line)
        )
    return {name: value for name, value in times.items() if value is not None}


TIMES = {"msame": msame_times, "ais_bench": ais_bench_times}
