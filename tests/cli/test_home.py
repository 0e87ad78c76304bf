"""Commands without a home folder, or with one that cannot be written to."""

import os

import numpy as np
import pytest

from pwcnet.training.tensorboard import EventWriter
from tests.helpers.commands import ROOT, run_command
from tests.helpers.frames import write_images

# One process instead of five: each command ends by SystemExit.
PROGRAM = """
import sys
from pwcnet.cli.main import main
import pwcnet.training.trainer
import pwcnet.cli.train

commands = [
    ["info"],
    ["plot", "run", "--output", "curves.png"],
    ["predict", "frames/1.png", "frames/2.png", "--save", "flo,png,arrows"],
    ["evaluate", "--data", "sintel-clean=" + sys.argv[1], "--classical", "dis", "--report", "out"],
]
for command in commands:
    try:
        main(command)
    except SystemExit as ended:
        assert not ended.code, (command, ended.code)
"""


@pytest.mark.parametrize("home", [pytest.param(None, marks=pytest.mark.full), "/proc/nonexistent"])
def test_commands_run_without_a_word_about_it(home, tiny_sintel, tmp_path):
    noise = np.random.RandomState(0).randint(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    write_images(tmp_path / "frames", ["1.png", "2.png"], noise)
    with EventWriter(str(tmp_path / "run")) as writer:
        writer.scalars(1, {"loss": 2.0})
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("HOME", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    }
    environment.update({"PYTHONPATH": ROOT}, **({"HOME": home} if home else {}))
    done = run_command("-c", PROGRAM, tiny_sintel, cwd=str(tmp_path), env=environment)
    assert done.returncode == 0, done.stderr
    notes = done.stderr.lower()
    assert "matplotlib" not in notes and "home" not in notes and "nonexistent" not in notes
    assert sorted(os.listdir(str(tmp_path))) == ["curves.png", "flow", "frames", "out", "run"]
