"""What git makes of the files on a machine with core.autocrlf=true, as Git for Windows has it."""

import os
import shutil
import subprocess

import pytest

from tests.helpers.commands import ROOT


def git(*arguments, text=""):
    """What git prints, cut at its zero bytes."""
    settings = ["-c", "core.autocrlf=true", "-c", "safe.directory=*"]
    command = ["git", *settings, *arguments]
    done = subprocess.run(command, cwd=ROOT, input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def is_run(path):
    """Whether Linux runs the file: CRLF at the end of its first line is an error there."""
    with open(path, "rb") as stream:
        return path.endswith(".sh") or stream.read(2) == b"#!"


@pytest.mark.skipif(
    shutil.which("git") is None or not os.path.exists(os.path.join(ROOT, ".git")),
    reason="no clone, or git is missing",
)
def test_programs_keep_their_line_ends():
    files = [name for name in git("ls-files", "-z") if os.path.isfile(os.path.join(ROOT, name))]
    programs = [name for name in files if is_run(os.path.join(ROOT, name))]
    found = git("check-attr", "-z", "--stdin", "eol", text="\0".join(programs))
    assert len(programs) > 5 and dict(zip(found[::3], found[2::3])) == dict.fromkeys(programs, "lf")
