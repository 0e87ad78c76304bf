"""The Python code of manual pages, run as it stands there."""

import os
import re

import pytest

from pwcnet.runtime.tensorflow import TF_RELEASE
from tests.docs.test_docs import read
from tests.helpers.commands import ROOT, run_command

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.full
@pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="for TensorFlow 2")
@pytest.mark.parametrize("page", ["docs/in-your-program.md"])
def test_code_runs(page, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("\n".join(BLOCK.findall(read(page))))
    environment = dict(os.environ, PYTHONPATH=ROOT)
    environment.pop("TF_USE_LEGACY_KERAS", None)
    done = run_command(program, cwd=str(tmp_path), env=environment)
    assert done.returncode == 0, done.stderr
    assert "step 3: loss" in done.stdout
