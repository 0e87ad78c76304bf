"""Folders of predictions: where msame and ais_bench put them, and how they name the files."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
import time
import uuid
from collections import Counter
from datetime import datetime
from typing import Iterable, Sequence

from pwcnet._checks import first_names
from pwcnet.io.atomic import os_errors_naming
from pwcnet.io.folders import list_names
from pwcnet.io.partial_files import is_partial, partial_prefix, remove_abandoned

MSAME_TIME = "%Y%m%d_%H%M%S"
AIS_BENCH_TIME = "%Y_%m_%d-%H_%M_%S"
# Later releases of msame pad nothing: 2023610_9_5_3_123456.
UNPADDED_TIME = re.compile(r"(\d{4})(\d{2,4})_(\d{1,2})_(\d{1,2})_(\d{1,2})_(\d{1,6})$")
MSAME_SUFFIX, AIS_BENCH_SUFFIX = "_output_0.bin", "_0.bin"
TIME_FILE = "time.json"  # beside the predictions: what the tool printed about its speed

log = logging.getLogger(__name__)


class ResultFolder:
    """A new folder output/<time>, named as msame does.

    Use it as `with ResultFolder(output) as results: write into results.path`. In the block `path`
    is a hidden folder, which `find_results` does not see. It gets its name, by the time then, when
    the block ends without an error; otherwise it is removed. A program that is killed leaves it
    hidden, the next one removes it. Errors of files in it name `output`.

    Args:
        output: The folder to create it in; created where it is missing.

    Attributes:
        path: The folder.
    """

    def __init__(self, output: str) -> None:
        self._output = output
        self.path = os.path.join(output, partial_prefix() + uuid.uuid4().hex[:8])

    def __enter__(self) -> ResultFolder:
        with os_errors_naming(self._output):
            os.makedirs(self.path)
        remove_abandoned(self._output)
        return self

    def __exit__(self, kind: object, error: object, _: object) -> None:
        if kind is None:
            self.path = self._rename()
            return
        self._remove()
        if isinstance(error, OSError) and error.filename is not None and is_partial(error.filename):
            raise OSError(error.errno, error.strerror, self._output) from error

    def _rename(self) -> str:
        while True:
            folder = os.path.join(self._output, time.strftime(MSAME_TIME))
            try:
                if not os.path.lexists(folder):  # of another run in the same second
                    os.rename(self.path, folder)
                    return folder
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    self._remove()
                    raise OSError(error.errno, error.strerror, self._output) from error
            time.sleep(0.1)

    def _remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def find_results(path: str) -> str:
    """Finds the folder that holds the predictions.

    This is `path` itself, its only subfolder, or the newest one by the times in their names. Hidden
    folders and those of performance runs are ignored.

    Args:
        path: A folder of predictions, or the output folder of msame or ais_bench.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: The times in the names do not order the subfolders; the message lists them.
    """
    if not os.path.isdir(path):
        raise FileNotFoundError("No folder of predictions at %s" % path)
    names = list_names(path)
    folders = [
        name
        for name in names
        if os.path.isdir(os.path.join(path, name))
        and not _of_performance_run(os.path.join(path, name))
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


def _of_performance_run(folder: str) -> bool:
    try:
        with open(os.path.join(folder, TIME_FILE)) as stream:
            return json.load(stream).get("mode") == "performance"
    except (OSError, ValueError, AttributeError):
        return False


def _newest(folders: Sequence[str], path: str) -> str:
    times = {name: folder_times(name) for name in folders}
    if all(times.values()):
        newest = max(folders, key=lambda name: min(times[name]))
        if all(max(times[name]) < min(times[newest]) for name in folders if name != newest):
            return newest
    raise ValueError(
        "%s holds several folders, which the times in their names do not order: %s; name the "
        "folder of the predictions" % (path, ", ".join(folders))
    )


def folder_times(name: str) -> list[datetime]:
    """Returns the times that a folder's name may mean, none for other names.

    "2023111_..." without zeros is both 11 January and 1 November.
    """
    for form in (MSAME_TIME, AIS_BENCH_TIME):
        try:
            parsed = datetime.strptime(name, form)
        except ValueError:
            continue
        return [parsed] if parsed.strftime(form) == name else []
    match = UNPADDED_TIME.match(name)
    if not match:
        return []
    year, month_and_day = match.group(1), match.group(2)
    hour, minute, second, microsecond = (int(group) for group in match.groups()[2:])
    times = []
    for split in range(1, len(month_and_day)):
        month, day = month_and_day[:split], month_and_day[split:]
        if any(len(part) > 2 or part.startswith("0") for part in (month, day)):
            continue
        date = int(year), int(month), int(day)
        try:
            times.append(datetime(*date, hour, minute, second, microsecond))
        except ValueError:
            continue  # there is no such day
    return times


def prediction_file(tool: str, name: str) -> str:
    """Returns what a tool calls the prediction for an input file.

    Args:
        tool: "msame" or "ais_bench"; the latter cuts names at their first dot.
        name: The name of the input file without .bin.
    """
    return name + MSAME_SUFFIX if tool == "msame" else name.split(".")[0] + AIS_BENCH_SUFFIX


def missing_predictions(names: Sequence[str], folder: str) -> list[str]:
    """Returns the names without a prediction in the folder, in their order."""
    matched = _match(names, _raw_files(folder))
    return [name for name in names if name not in matched]


def match_predictions(names: Sequence[str], folder: str) -> dict[str, str]:
    """Finds the prediction of each name: NAME_output_0.bin, or NAME_0.bin with NAME cut at a dot.

    Args:
        names: Names of the pairs.
        folder: The folder of the predictions.

    Returns:
        Path of the prediction by name.

    Raises:
        ValueError: A name has no prediction, or a .bin file belongs to no name; the message names
            the first ones and counts them.
    """
    present = _raw_files(folder)
    matched = _match(names, present)
    missing = [prediction_file("msame", name) for name in names if name not in matched]
    if missing:
        raise ValueError(
            "%d of %d pairs have no prediction in %s: %s"
            % (len(missing), len(names), folder, first_names(missing))
        )
    extra = sorted(present - set(matched.values()))
    if extra:
        raise ValueError(
            "%d files in %s are no prediction of these %d pairs, or a second one: %s"
            % (len(extra), folder, len(names), first_names(extra))
        )
    return {name: os.path.join(folder, file) for name, file in matched.items()}


def _raw_files(folder: str) -> set[str]:
    return {name for name in list_names(folder) if name.endswith(".bin")}


def _match(names: Iterable[str], present: set[str]) -> dict[str, str]:
    """File by name. A file that ais_bench's cut names would give to several names is nobody's."""
    claims = Counter(prediction_file("ais_bench", name) for name in names)
    matched = {}
    for name in names:
        whole, cut = (prediction_file(tool, name) for tool in ("msame", "ais_bench"))
        if whole in present:
            matched[name] = whole
        elif cut in present and claims[cut] == 1:
            matched[name] = cut
    return matched
