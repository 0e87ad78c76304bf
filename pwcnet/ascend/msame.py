"""Runs of msame and ais_bench: their command lines, and what has to lie in their output folder afterwards. Neither is needed here."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Optional

from pwcnet.ascend.raw_files import ENDING, list_bins
from pwcnet.ascend.result_folders import expected_file, missing_predictions

MODES = ("accuracy", "performance")
LARGEST_LOOP = 100  # msame takes no more
REMEDY = {
    "msame": "build it from Ascend's tools repository and add its folder to PATH",
    "ais_bench": "install the wheels aclruntime and ais_bench",
}

FIND = "import importlib.util, sys; sys.exit(importlib.util.find_spec('ais_bench') is None)"


@dataclass(frozen=True)
class DeviceRun:
    """One run. Raises ValueError or FileNotFoundError, before anything runs, for what the tool would take for something else.

    tool: "msame" or "ais_bench". om: the model. output: the folder to make the folder of results in. input: a folder of .bin files, a pair each; None, in a
    performance run alone, lets the tool make its own input. device: its number; None is the tool's default. dirname: the result folder's name, ais_bench only.
    mode: "accuracy" infers every file once; "performance" infers the first one `loop` times.
    """

    tool: str
    om: str
    output: str
    input: Optional[str] = None
    device: Optional[int] = None
    loop: int = 1
    mode: str = "accuracy"
    dirname: Optional[str] = None

    def __post_init__(self):
        if self.tool not in TIMES or self.mode not in MODES:
            raise ValueError(
                "expected a tool of %s and a mode of %s, got %r and %r"
                % (", ".join(sorted(TIMES)), ", ".join(MODES), self.tool, self.mode)
            )
        if not os.path.isfile(self.om):
            raise FileNotFoundError("No offline model at %s" % self.om)
        if self.mode == "accuracy":
            self._check_accuracy()
        if self.tool == "msame" and not 1 <= self.loop <= LARGEST_LOOP:
            raise ValueError(
                "expected a loop of 1 to %d for msame, got %d" % (LARGEST_LOOP, self.loop)
            )
        if self.dirname is not None and self.tool == "msame":
            raise ValueError(
                "msame names its folder of results itself, and takes no %s for it; ais_bench does"
                % self.dirname
            )
        if self.dirname is not None and os.path.lexists(os.path.join(self.output, self.dirname)):
            raise ValueError(
                "%s is already in %s; choose another folder, results of two runs do not mix"
                % (self.dirname, self.output)
            )

    def _check_accuracy(self):
        if self.input is None:
            raise ValueError(
                "An accuracy run needs a folder of input files; a performance run takes zeros without"
            )
        if self.loop != 1:
            raise ValueError(
                "expected a loop of 1 for an accuracy run, got %d; a performance run repeats"
                % self.loop
            )
        if self.tool == "msame" and ENDING in self.input:
            raise ValueError(
                "expected an input folder without %s in its path, which msame takes for a file, got %s; rename or move it"
                % (ENDING, self.input)
            )
        names = list(list_bins(self.input))
        files = [expected_file(self.tool, name) for name in names]
        if len(set(files)) < len(files):
            raise ValueError(
                "expected files whose names differ before the first dot, where ais_bench cuts them, got others in %s; rename them"
                % self.input
            )

    def command(self):
        """The words of the command line."""
        words = ["msame"] if self.tool == "msame" else ["python3", "-m", "ais_bench"]
        words += ["--model", self.om]
        if self.input is not None:
            words += [
                "--input",
                self.input
                if self.mode == "accuracy"
                else next(iter(list_bins(self.input).values())),
            ]
        words += ["--output", self.output, "--outfmt", "BIN"]
        words += ["--output_dirname", self.dirname] if self.dirname is not None else []
        words += ["--loop", str(self.loop)] if self.mode == "performance" else []
        return words + (["--device", str(self.device)] if self.device is not None else [])

    def check_tool(self):
        """Raises FileNotFoundError where the command's program is not on PATH, or ais_bench not in the python3 that is."""
        program = self.command()[0]
        if (
            self.tool == "ais_bench"
            and shutil.which(program)
            and subprocess.call([program, "-c", FIND])
        ):
            raise FileNotFoundError(
                "expected ais_bench in %s, found none; %s there"
                % (shutil.which(program), REMEDY[self.tool])
            )
        if shutil.which(program) is None:
            raise FileNotFoundError(
                "expected %s on PATH, found none; source /usr/local/Ascend/ascend-toolkit/set_env.sh, and %s"
                % (program, REMEDY[self.tool])
            )

    def times(self, printed):
        """{name: number} of what the tool printed; see pwcnet.ascend.msame."""
        return TIMES[self.tool](printed)

    def missing(self, folder):
        """Names of the input files that the results lack, sorted; empty in a performance run."""
        return (
            missing_predictions(list(list_bins(self.input)), folder)
            if self.mode == "accuracy"
            else []
        )


def entries(folder):
    """The names in a folder, as `new_results` takes them."""
    return frozenset(os.listdir(folder))


def new_results(folder, before):
    """The folder of results that a run made in `folder`, whose entries were `before`; `folder` itself where the tool makes no folder of its own.

    Raises ValueError where the run left nothing, or several folders.
    """
    new = sorted(set(os.listdir(folder)) - before)
    folders = [name for name in new if os.path.isdir(os.path.join(folder, name))]
    if len(folders) == 1:
        return os.path.join(folder, folders[0])
    if not folders and any(name.endswith(ENDING) for name in new):
        return folder
    raise ValueError(
        "expected one new folder of results, got %s in %s; look for the tool's errors above, and run one at a time"
        % (", ".join(folders) or "none", folder)
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


def msame_times(printed):
    """{"mean_ms", "mean_without_first_ms"}, milliseconds, of what msame printed; the second is absent where msame left it out (one run only).

    Raises ValueError where the mean is absent.
    """
    return _checked(
        {name: _last(form, printed) for name, form in MSAME.items()},
        "msame",
        "Inference average time: ... ms",
    )


def ais_bench_times(printed):
    """{"min_ms", "max_ms", "mean_ms", "median_ms", "percentile_99_ms", "throughput"} of what ais_bench printed: milliseconds, and pairs a second.

    Raises ValueError where the mean is absent; others that are absent are left out.
    """
    lines = AIS_BENCH.findall(printed)
    values = dict(AIS_BENCH_VALUE.findall(lines[-1])) if lines else {}
    times = {wanted: _number(values.get(name)) for name, wanted in AIS_BENCH_NAMES.items()}
    return _checked(
        dict(times, throughput=_last(THROUGHPUT, printed)),
        "ais_bench",
        "NPU_compute_time (ms): ... mean = ...",
    )


def _last(form, printed):
    found = form.findall(printed)
    return _number(found[-1]) if found else None


def _number(text):
    """A float; None where there is no text or no number."""
    try:
        return float(text.rstrip(".,")) if text else None
    except ValueError:
        return None


def _checked(times, tool, line):
    if times["mean_ms"] is None:
        raise ValueError(
            'expected a line "%s" from %s, got none; look for its errors above' % (line, tool)
        )
    return {name: value for name, value in times.items() if value is not None}


TIMES = {"msame": msame_times, "ais_bench": ais_bench_times}
