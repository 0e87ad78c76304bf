"""Runs subcommands of `pwcnet`, in this process and in fresh ones."""

import importlib
import os
import sys

from pwcnet.cli.main import COMMANDS
from tests.helpers.commands import ROOT, run_python

SUBCOMMANDS = {}  # {"predict" or "inspect graph": Command}
for _, group in COMMANDS:
    for name, command in group.items():
        SUBCOMMANDS[name] = command
        SUBCOMMANDS.update(
            ("%s %s" % (name, each), command.members[each]) for each in command.members
        )


def call(name, *arguments):
    """Runs a subcommand such as "predict" or "inspect graph" in this process; errors are raised."""
    module = importlib.import_module(SUBCOMMANDS[name].module)
    return module.main([str(argument) for argument in arguments], "pwcnet " + name)


def run(name, *arguments, **options):
    """Runs a subcommand in a fresh process; returns the CompletedProcess with its text."""
    options.setdefault("env", dict(os.environ, PYTHONPATH=ROOT))
    return run_python(sys.executable, "-m", "pwcnet", *name.split(), *arguments, **options)


def only_line(done):
    """The one line on stderr of a process that was refused: nothing else, and exit code 2."""
    assert done.returncode == 2 and done.stdout == "", (done.stdout, done.stderr)
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n"), done.stderr
    return done.stderr
