"""Damaged files: refused in one line that names them, or read rightly; no crash, hang or flood."""

import json
import os
import select
import subprocess
import sys
import zlib

import numpy as np
import pytest

from tests.faults.mutations import KEEPING, MUTATIONS, cut
from tests.faults.readers import KINDS
from tests.helpers.commands import ROOT

SECONDS = 60  # for one file
FEW, MANY = 1, 30  # files of each kind and mutation
# What was read wrongly once, by the number of the file.
FOUND = {
    ("clip.mkv", "cut"): [9],
    ("clip.mkv", "scrambled"): [23],
    ("clip.ts", "cut"): [8, 20],
    ("weights.npz", "flipped"): [3],
    ("pairs.txt", "zeroed"): [4],
    ("pwcnet.pb", "extreme_number"): [1],
    ("flow.flo5", "extreme_number"): [25],
}
OPTIONAL = {".flo5": "h5py", ".mp4": "av", ".mkv": "av", ".ts": "av", ".webm": "av", ".gif": "av"}


class Reader:
    """The process that reads; it is started again after a crash or a hang."""

    def __init__(self):
        self.process = None

    def ask(self, kind, path):
        """The answer, or what became of the process."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.reader_program"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        self.process.stdin.write(json.dumps([kind, path]).encode() + b"\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], SECONDS)[0]:
            self.stop()
            return {"defect": "no answer in %d s" % SECONDS}
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            self.stop()
            return {"defect": "exit code %d" % code}
        return json.loads(line.decode())

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@pytest.fixture(scope="module")
def reader():
    reader = Reader()
    yield reader
    reader.stop()


def faults(answer, kind, mutation, whole, path):
    """What is wrong with an answer; None if it is right."""
    if "defect" in answer:
        return answer["defect"]
    if "refused" in answer:
        text = answer["refused"]
        named = os.path.basename(path) in text or os.path.dirname(path) in text
        return None if named else "the file is not named: " + text
    read = answer["read"]
    right = read == whole
    if kind.open_ended:
        right = right or (mutation is cut or kind.checked) and read == whole[: len(read)]
        right = right or mutation is not cut and read[: len(whole)] == whole
    if (mutation in KEEPING or kind.checked) and not right:
        return "%d of %d items, others than those of the whole file" % (len(read), len(whole))
    return None


@pytest.mark.parametrize("name", sorted(KINDS))
def test_damaged_files(name, reader, tmp_path, request):
    kind = KINDS[name]
    if os.path.splitext(name)[1] in OPTIONAL:
        pytest.importorskip(OPTIONAL[os.path.splitext(name)[1]])
    kind.make(str(tmp_path))
    path = str(tmp_path / name)
    whole = reader.ask(name, path).get("read")
    assert whole, reader.ask(name, path)
    with open(path, "rb") as stream:
        data = stream.read()
    wrong = {}
    for mutation in MUTATIONS:
        numbers = range(MANY if request.config.getoption("--full") else FEW)
        for number in [*numbers, *FOUND.get((name, mutation.__name__), ())]:
            seed = zlib.crc32(("%s %s %d" % (name, mutation.__name__, number)).encode())
            damaged = mutation(data, np.random.RandomState(seed))
            with open(path, "wb") as stream:
                stream.write(damaged)
            found = faults(reader.ask(name, path), kind, mutation, whole, path)
            if found:
                wrong["%s %d" % (mutation.__name__, number)] = found
    assert not wrong, "\n".join("%s: %s" % item for item in wrong.items())
