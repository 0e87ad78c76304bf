"""Commands whose stdout or stderr is closed or full, or cannot write a name."""

import os
import subprocess
import sys

import pytest

from tests.helpers.commands import ROOT

PROGRAM = """
import logging, os, sys, tempfile
from pwcnet.cli import common
from pwcnet.io.atomic import write_text

def main(argv, prog):
    for _ in common.progress_bar(range(2)):
        logging.getLogger("pwcnet").info("note on %s", "scene_\\udcff")
        print("printed", "scene_\\udcff", flush=True)
    with tempfile.TemporaryFile() as stream:
        assert stream.fileno() > 2
    if argv:
        write_text(argv[0], "scene_\\udcff")
    if len(argv) > 1:
        raise ValueError("broken")

common.run(main, sys.argv[1:], "pwcnet tested")
"""


def ended(redirections, *arguments, **variables):
    """The CompletedProcess of PROGRAM with these redirections of a shell."""
    words = [sys.executable, "-c", PROGRAM] + [str(argument) for argument in arguments]
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        ["bash", "-c", '"$@" %s' % redirections, "bash"] + words,
        capture_output=True,
        env=dict(usual, PYTHONPATH=ROOT, **variables),
    )


@pytest.mark.parametrize(
    "redirections", [">&-", "2>&-", "2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-", "| true"]
)
def test_closed_streams_do_not_stop_the_work(redirections, tmp_path):
    done = ended(redirections, tmp_path / "a.txt")
    assert done.returncode == 0 and b"Traceback" not in done.stderr
    assert (tmp_path / "a.txt").read_bytes() == b"scene_\\udcff"
    refused = ended(redirections, tmp_path / "a.txt", "broken")
    assert refused.returncode == (0 if "true" in redirections else 2)


def test_a_full_stdout_is_one_line_and_an_error_if_nothing_else_was_made(tmp_path):
    for arguments, code in (([], 2), ([tmp_path / "a.txt"], 0)):
        done = ended(">/dev/full", *arguments)
        lines = [line for line in done.stderr.decode().splitlines() if "note on" not in line]
        assert done.returncode == code and "stdout" in lines[-1] and "No space left" in lines[-1]
        assert b"Traceback" not in done.stderr
    assert ended(">/dev/full 2>/dev/full").returncode == 2


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "utf-8:strict"},
        {"LC_ALL": "C", "PYTHONIOENCODING": ""},
        {"LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""},
    ],
)
def test_names_that_the_encoding_lacks_are_escaped(variables, tmp_path):
    done = ended("", tmp_path / "a.txt", **variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout == 2 * b"printed scene_\\udcff\n"
    assert b"note on scene_\\udcff\n" in done.stderr
