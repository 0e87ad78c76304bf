"""Where msame and ais_bench put their results, and how they name them."""

import json
import logging
import os
import re
import shutil
import time
import uuid
from collections import Counter
from datetime import datetime

from pwcnet._checks import first_names
from pwcnet.io.atomic import PARTIAL_PREFIX, is_partial, os_errors_naming

MSAME_TIME = "%Y%m%d_%H%M%S"
AIS_BENCH_TIME = "%Y_%m_%d-%H_%M_%S"
UNPADDED_TIME = re.compile(
    r"(\d{4})(\d{2,4})_(\d{1,2})_(\d{1,2})_(\d{1,2})_(\d{1,6})$"
)  # msame, later: 2023610_9_5_3_123456
MSAME_SUFFIX, AIS_BENCH_SUFFIX = "_output_0.bin", "_0.bin"
TIME_FILE = "time.json"  # times of a run of msame or ais_bench, beside its predictions

log = logging.getLogger(__name__)


class ResultFolder:
    """A new folder output/<time>, named as msame does; `with ResultFolder(output) as results: write into results.path`.

    In the block `path` is a hidden folder, which `find_results` does not see. It gets its name, by the time then, when the block ends well; otherwise it is
    removed. A program that is killed leaves it hidden. Errors of files in it name `output`.
    """

    def __init__(self, output):
        self._output = output
        self.path = os.path.join(output, PARTIAL_PREFIX + uuid.uuid4().hex[:8])

    def __enter__(self):
        with os_errors_naming(self._output):
            os.makedirs(self.path)
        return self

    def __exit__(self, kind, error, _):
        if kind is None:
            self.path = self._renamed()
            return
        shutil.rmtree(self.path, ignore_errors=True)
        if isinstance(error, OSError) and error.filename is not None and is_partial(error.filename):
            raise OSError(error.errno, error.strerror, self._output) from error

    def _renamed(self):
        while True:
            folder = os.path.join(self._output, time.strftime(MSAME_TIME))
            if not os.path.lexists(folder):  # of another run in the same second
                os.rename(self.path, folder)
                return folder
            time.sleep(0.1)


def find_results(path):
    """The folder that holds the predictions: `path` itself, its only subfolder, or the newest by the time in their names.

    Hidden folders and those of performance runs do not count. Raises FileNotFoundError where there is none, ValueError, which lists them, for several subfolders that such times do not order.
    """
    if not os.path.isdir(path):
        raise FileNotFoundError(
            "expected a folder of predictions, found none at %s; try the output folder of msame or ais_bench"
            % path
        )
    names = sorted(name for name in os.listdir(path) if not name.startswith("."))
    folders = [
        name
        for name in names
        if os.path.isdir(os.path.join(path, name)) and not _timed(os.path.join(path, name))
    ]
    if any(name.endswith(".bin") for name in names) or not folders:
        return path
    chosen = os.path.join(path, folders[0] if len(folders) == 1 else _newest(folders, path))
    log.info(
        "taking the predictions in %s, %s",
        chosen,
        "the only folder" if len(folders) == 1 else "the newest of %d folders" % len(folders),
    )
    return chosen


def _timed(folder):
    """Whether a folder is of a run that only measured time."""
    try:
        with open(os.path.join(folder, TIME_FILE)) as stream:
            return json.load(stream).get("mode") == "performance"
    except (OSError, ValueError, AttributeError):
        return False


def _newest(folders, path):
    times = {name: folder_times(name) for name in folders}
    if all(times.values()):
        newest = max(folders, key=lambda name: min(times[name]))
        if all(max(times[name]) < min(times[newest]) for name in folders if name != newest):
            return newest
    raise ValueError(
        "expected predictions, or folders that the times in their names put in order, got %s in %s; name one of these folders"
        % (", ".join(folders), path)
    )


def folder_times(name):
    """The times that a folder's name may mean, none for other names; "2023111_..." without zeros is both 11 January and 1 November."""
    for form in (MSAME_TIME, AIS_BENCH_TIME):
        try:
            time_named = datetime.strptime(name, form)
        except ValueError:
            continue
        return [time_named] if time_named.strftime(form) == name else []
    match = UNPADDED_TIME.match(name)
    if not match:
        return []
    day, rest = match.group(2), [int(group) for group in match.groups()[2:]]
    found = []
    for split in range(1, len(day)):
        month_and_day = day[:split], day[split:]
        if any(len(part) > 2 or part.startswith("0") for part in month_and_day):
            continue
        try:
            found.append(
                datetime(int(match.group(1)), int(month_and_day[0]), int(month_and_day[1]), *rest)
            )
        except ValueError:
            continue  # no such day
    return found


def expected_file(tool, name):
    """What "msame" or "ais_bench" calls the prediction for the input file of this name (without .bin); the latter cuts names at their first dot."""
    return name + MSAME_SUFFIX if tool == "msame" else name.split(".")[0] + AIS_BENCH_SUFFIX


def missing_predictions(names, folder):
    """The names without a prediction in the folder, in their order."""
    found = _found(names, _bins(folder))
    return [name for name in names if name not in found]


def match_predictions(names, folder):
    """{name: path of its prediction}: `<name>_output_0.bin`, or `<name up to its first dot>_0.bin`, in the folder.

    Raises ValueError, which names and counts, for names without a prediction and for .bin files that belong to no name.
    """
    present = _bins(folder)
    matched = _found(names, present)
    missing = [expected_file("msame", name) for name in names if name not in matched]
    if missing:
        raise ValueError(
            "expected a prediction for each of %d pairs, got none for %d: %s in %s; try running the inference again, and its log"
            % (len(names), len(missing), first_names(missing), folder)
        )
    extra = sorted(present - set(matched.values()))
    if extra:
        raise ValueError(
            "expected one prediction for each of %d pairs and no other files, got %d more: %s in %s; try the results of one run alone"
            % (len(names), len(extra), first_names(extra), folder)
        )
    return {name: os.path.join(folder, file) for name, file in matched.items()}


def _bins(folder):
    return {
        file for file in os.listdir(folder) if file.endswith(".bin") and not file.startswith(".")
    }


def _found(names, present):
    """{name: its file}; a file that ais_bench's cut names would give to several of them is nobody's."""
    claims = Counter(expected_file("ais_bench", name) for name in names)
    found = {}
    for name in names:
        own, cut = (expected_file(tool, name) for tool in ("msame", "ais_bench"))
        if own in present:
            found[name] = own
        elif cut in present and claims[cut] == 1:
            found[name] = cut
    return found
