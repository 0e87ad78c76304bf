"""The command `pwcnet`: its subcommands, their help, and what they import."""

import json
import os
import subprocess
import sys

import pytest

from pwcnet._version import __version__
from pwcnet.cli import main as cli
from tests.helpers.commands import ROOT

MODULES = [
    command.module
    for _, group in cli.COMMANDS
    for entry in group.values()
    for command in (entry.members.values() if entry.members else [entry])
]
PROGRAM = """
import contextlib, importlib, io, json, sys
from pwcnet.cli import main as cli
helps = {}
for arguments in json.loads(sys.argv[1]):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            cli.main(arguments + ["--help"])
        except SystemExit as end:
            helps[" ".join(arguments)] = [end.code or 0, out.getvalue()]
print(json.dumps({"helps": helps, "tensorflow": "tensorflow" in sys.modules}))
"""


def subcommands():
    names = []
    for _, group in cli.COMMANDS:
        for name, command in group.items():
            names.append([name])
            names += [[name, member] for member in command.members]
    return names


def test_help_of_every_subcommand_without_tensorflow():
    """One process for all of them; each tells usage, and imports no TensorFlow."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(subcommands())],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["tensorflow"] is False and len(found["helps"]) == len(subcommands())
    for name, (code, text) in found["helps"].items():
        assert code == 0 and text.startswith("usage: pwcnet " + name), name
        assert "None)" not in text and "(default: False)" not in text, name


def test_the_list_of_subcommands(capsys):
    for arguments, code in ((["--help"], 0), ([], 2)):
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
        text = capsys.readouterr().out
        assert caught.value.code == code
        assert all("\n  %s " % name[0] in text for name in subcommands())


def test_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == "pwcnet %s\n" % __version__


@pytest.mark.parametrize("arguments", [["predcit"], ["inspect", "graf"], ["ascend", "x"]])
def test_an_unknown_subcommand_is_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    line = capsys.readouterr().err
    assert caught.value.code == 2 and line.count("\n") == 1 and repr(arguments[-1]) in line


def test_python_m_pwcnet(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pwcnet", "predict"],
        cwd=str(tmp_path),
        env=dict(os.environ, PYTHONPATH=ROOT),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("pwcnet predict: error: ") and done.stderr.count("\n") == 1
