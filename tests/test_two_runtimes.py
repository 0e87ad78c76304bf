"""What one runtime writes, the other reads with the same result; skipped with one runtime."""

import os
import sys

import numpy as np
import pytest

from pwcnet.export.frozen_graph import freeze, write_frozen
from pwcnet.inference.predictor import Predictor
from pwcnet.io.flow_files import read_flow
from pwcnet.io.images import write_image
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.commands import ROOT, run_python

FRAMES = [np.random.RandomState(n).randint(0, 256, (64, 128, 3)).astype(np.uint8) for n in range(2)]


@pytest.fixture(scope="module")
def other():
    """The other runtime's interpreter."""
    name = "tf2" if sys.version_info < (3, 8) else "tf1"
    python = os.path.join(ROOT, ".venv-" + name, "bin", "python")
    if not os.path.exists(python):
        pytest.skip("no .venv-%s; make it with scripts/setup.sh %s" % (name, name))
    return python


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("checkpoint", marks=pytest.mark.whole_on("tf1")),
        pytest.param("host", marks=pytest.mark.full),
        pytest.param("ascend", marks=pytest.mark.whole_on("tf2")),
    ],
)
def test_flow_is_the_same(kind, other, small_checkpoint, tmp_path):
    path = small_checkpoint
    if kind != "checkpoint":
        path = str(tmp_path / "pwcnet.pb")
        write_frozen(path, freeze(Checkpoint(small_checkpoint), 1, 64, 128, kind))
    files = [str(tmp_path / ("%d.png" % n)) for n in range(2)]
    for file, frame in zip(files, FRAMES):
        write_image(file, frame)
    done = run_python(
        other,
        "-m",
        "pwcnet",
        "predict",
        "--weights",
        path,
        "--output",
        tmp_path / "flow",
        "--save",
        "flo",
        "--quality",
        "plain",
        *files,
    )
    assert done.returncode == 0, done.stderr
    with Predictor(path, quality="plain") as predictor:
        expected = predictor.flow(*FRAMES)
    assert np.abs(read_flow(str(tmp_path / "flow" / "0.flo"))[0] - expected).max() < 1e-3
