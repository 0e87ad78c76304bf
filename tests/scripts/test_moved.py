"""Scripts that subcommands replace say so in one line."""

import os
import re
import sys

import pytest

from tests.helpers.commands import ROOT, run_python
from tests.helpers.subcommands import SUBCOMMANDS

MOVED = {
    "benchmark.py": "benchmark",
    "benchmark_input.py": "benchmark",
    "compare.py": "compare",
    "evaluate.py": "evaluate",
    "export_weights.py": "export",
    "inspect_checkpoint.py": "inspect checkpoint",
    "inspect_dataset.py": "inspect dataset",
    "launch.py": "launch",
    "make_rank_table.py": "ascend rank-table",
    "make_scenes.py": "scenes",
    "plot_training.py": "plot",
    "predict.py": "predict",
    "submit.py": "submit",
    "train.py": "train",
}


@pytest.mark.parametrize("script", sorted(MOVED))
def test_the_new_place_is_named(script, tmp_path):
    """The line comes without the package, from any directory and whatever the options."""
    path = os.path.join(ROOT, "scripts", script)
    done = run_python(sys.executable, "-S", path, "--ckpt", "x", cwd=str(tmp_path))
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith("scripts/%s has moved" % script)
    for name in re.findall("pwcnet ([a-z-]+(?: [a-z-]+)?)", done.stderr):
        assert name.replace(" --what", "") in SUBCOMMANDS and name.startswith(MOVED[script])
