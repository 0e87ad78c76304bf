"""Running the project's command lines, in this process and in fresh ones."""

import importlib
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run_python(python, *arguments, **options):
    """Runs `PYTHON ARGUMENTS`, in ROOT by default; returns the CompletedProcess with its text."""
    options.setdefault("cwd", ROOT)
    return subprocess.run(
        [python] + [str(argument) for argument in arguments],
        capture_output=True,
        text=True,
        **options,
    )


def run_command(*arguments, **options):
    """Runs `python ARGUMENTS` with this interpreter in a fresh process, as `run_python` does."""
    return run_python(sys.executable, *arguments, **options)


def load_script(script):
    """The module that a script in scripts/ or offline_infer/ hands over to."""
    with open(os.path.join(ROOT, script)) as stream:
        return importlib.import_module(re.search(r'run\("([\w.]+)"\)', stream.read()).group(1))


def run_main(script, *arguments):
    """Runs a script's main in this process, which saves the start of TensorFlow.

    Errors are raised, what is printed goes to capsys.
    """
    return load_script(script).main(
        [str(argument) for argument in arguments], os.path.basename(script)
    )
