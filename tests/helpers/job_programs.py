"""Programs with engines, as scripts without a guard of their main part, and their processes."""

import os
import subprocess
import sys
import time

from tests.helpers.commands import ROOT

PATIENCE = 120  # seconds


def start_program(text, *arguments, **options):
    """Starts `python -` with a program of these lines."""
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("cwd", ROOT)
    process = subprocess.Popen(
        [sys.executable, "-"] + [str(argument) for argument in arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    process.stdin.write(text)
    process.stdin.close()
    process.stdin = None
    return process


def wait_until(condition, what):
    """Waits for a condition."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def process_of(path):
    """The process that has noted its number in a file, once it has."""
    wait_until(lambda: os.path.exists(path), "no %s" % path)
    with open(path) as stream:
        return int(stream.read())


def is_running(process):
    """Whether a process is there and has not ended (Linux)."""
    try:
        with open("/proc/%d/stat" % process) as stream:
            return stream.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
