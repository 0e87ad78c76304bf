"""The package's public names: imported when they are used, quiet, with the shipped weights."""

import json
import os
import pkgutil
import sys

import pytest

import pwcnet
from tests.helpers.commands import run_command

WITHOUT_TENSORFLOW = [
    "pwcnet.ascend.rank_table",
    "pwcnet.cli.arguments",
    "pwcnet.cli.common",
    "pwcnet.model.config",
    "pwcnet.weights.growing",
    "pwcnet.runtime.choices",
    "pwcnet.training.choices",
    "pwcnet.training.options",
    "pwcnet.training.presets",
    "pwcnet.weights.files",
]
ROOMS_WITHOUT_TENSORFLOW = ["io", "flow", "data"]
USE_TENSORFLOW = ["pwcnet.data.input_pipeline", "pwcnet.data.throughput"]

FRESH_PROCESS = """
import importlib, json, sys
before = set(sys.modules)
import pwcnet
names = dir(pwcnet)
imported = sorted(set(sys.modules) - before)
for name in sys.argv[1:]:
    importlib.import_module(name)
tensorflow_imported = "tensorflow" in sys.modules
import numpy as np
frame = np.random.RandomState(0).randint(0, 256, (40, 60, 3)).astype(np.uint8)
with pwcnet.Predictor() as predictor:
    shape = predictor.flow(frame, frame[::-1]).shape
    pairs = len(list(predictor.both_ways([(frame, frame[::-1])])))
facts = dict(names=names, imported=imported, tensorflow_imported=tensorflow_imported)
print(json.dumps(dict(facts, shape=shape, pairs=pairs)))
"""


@pytest.fixture(scope="module")
def fresh():
    """The first lines of a library's user, in a process that has not set up TensorFlow."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return run_command("-c", FRESH_PROCESS, *modules_without_tensorflow(), env=environment)


def modules_without_tensorflow():
    names = list(WITHOUT_TENSORFLOW)
    for room in ROOMS_WITHOUT_TENSORFLOW:
        path = [os.path.join(os.path.dirname(pwcnet.__file__), room)]
        modules = pkgutil.walk_packages(path, "pwcnet.%s." % room)
        names += [module.name for module in modules if not module.ispkg]
    return [name for name in names if name not in USE_TENSORFLOW]


@pytest.mark.whole_on("tf1")
def test_import_is_light(fresh):
    assert fresh.returncode == 0, fresh.stderr
    imported = json.loads(fresh.stdout)["imported"]
    assert not [name for name in imported if name.split(".")[0] in ("tensorflow", "numpy", "cv2")]


def test_what_needs_no_tensorflow_does_not_import_it(fresh):
    assert len(modules_without_tensorflow()) > 40
    assert json.loads(fresh.stdout)["tensorflow_imported"] is False


def test_names_are_listed_before_they_are_imported(fresh):
    assert set(pwcnet.__all__) <= set(json.loads(fresh.stdout)["names"])


def test_shipped_weights_predict_without_a_word_on_stderr(fresh):
    result = json.loads(fresh.stdout)
    assert result["shape"] == [40, 60, 2] and result["pairs"] == 1
    assert fresh.stderr == ""


def test_public_names_are_those_of_their_modules():
    from pwcnet.flow.colors import flow_to_color
    from pwcnet.inference.predictor import Predictor
    from pwcnet.io.flow_files import read_flow, write_flow
    from pwcnet.model.config import ModelConfig
    from pwcnet.model.network import pwc_net

    assert pwcnet.Predictor is Predictor and pwcnet.pwc_net is pwc_net
    assert pwcnet.ModelConfig is ModelConfig and pwcnet.flow_to_color is flow_to_color
    assert pwcnet.read_flow is read_flow and pwcnet.write_flow is write_flow
    assert pwcnet.__version__ and "pwcnet" in sys.modules


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="Predictors"):
        pwcnet.Predictors  # noqa: B018
    with pytest.raises(ImportError, match="Predictors"):
        from pwcnet import Predictors  # noqa: F401
