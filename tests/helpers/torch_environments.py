"""The Python with PyTorch that tests of scripts/gpu_training run programs in."""

import json
import os
import sys

import pytest

from tests.helpers.commands import ROOT, run_python

VARIABLE, CONVENTION = "PWCNET_TORCH_PYTHON", os.path.join(ROOT, ".venv-torch", "bin", "python")
CHECKS = os.path.join(ROOT, "tests", "helpers", "torch_checks.py")


def torch_python():
    """The interpreter; skips the test where there is none."""
    if sys.version_info < (3, 8):
        pytest.skip("what runs in PyTorch is tested beside TensorFlow 2")
    python = os.environ.get(VARIABLE, CONVENTION)
    if not os.path.exists(python):
        pytest.skip(
            "no Python with PyTorch: name one in %s, or make .venv-torch with "
            "scripts/gpu_training/requirements.txt" % VARIABLE
        )
    return python


def torch_check(name, *arguments):
    """The result of a function of `torch_checks` in the Python with PyTorch."""
    done = run_python(torch_python(), CHECKS, name, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
