"""SavedModels: flow, batches, gradients, description; loaded by TensorFlow, Keras and its tool."""

import json
import os
import sys

import numpy as np
import pytest

from pwcnet.export import saved_model
from pwcnet.export.program import export_program
from pwcnet.export.signature import Signature
from pwcnet.model.ops import has_dilated_gradient
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from tests.helpers.commands import run_python
from tests.helpers.golden import assert_close, golden
from tests.helpers.programs import assert_as_checkpoint, assert_golden, needs_tensorflow_2

pytestmark = needs_tensorflow_2


@pytest.fixture(scope="module")
def folder(small_checkpoint, tmp_path_factory):
    """A SavedModel of the golden weights for any number of pairs of 64x128, not compared."""
    path = str(tmp_path_factory.mktemp("saved_model"))
    signature = Signature((64, 128), None)
    saved_model.write(path, Checkpoint(small_checkpoint), signature, '{"variant": "sm-6-2"}')
    return path


def test_flow_is_golden(folder):
    assert_golden(saved_model.load(folder, Signature((64, 128), None)))
    with open(os.path.join(folder, "assets.extra", "pwcnet.json")) as stream:
        assert json.load(stream)["variant"] == "sm-6-2"


def test_batches_and_gradients_of_what_tensorflow_loads(folder):
    tensorflow = sys.modules["tensorflow"]
    model, numbers = tensorflow.saved_model.load(folder), golden("forward_sm_64x128")
    pairs = np.concatenate([numbers["x"], numbers["x"][:, ::-1], numbers["x"]])
    with tensorflow.GradientTape() as tape:
        x = tensorflow.constant(pairs)
        tape.watch(x)
        flow = model(x)["flow"]
        loss = tf.reduce_sum(flow[0])
    assert flow.shape == (3, 64, 128, 2)
    assert_close(flow[2], numbers["flow"][0])
    if has_dilated_gradient():
        gradient = tape.gradient(loss, x).numpy()
        assert np.abs(gradient[0]).max() > 0 and not gradient[1:].any()


@pytest.mark.full
def test_what_is_written_agrees_and_runs_in_keras_and_saved_model_cli(folder, tmp_path):
    frames = str(tmp_path / "models" / "1")
    signature = Signature((118, 187), None, "uint8-frames")
    for _ in range(2):  # the second replaces the first
        written = export_program("saved-model", frames, Checkpoint(shipped_weights()), signature)
        assert_as_checkpoint(written)
    assert os.listdir(str(tmp_path / "models")) == ["1"]
    lines = """if True:
        import keras, sys, numpy as np
        layer = keras.layers.TFSMLayer(sys.argv[1], call_endpoint="__call__")
        frames = np.zeros([3, 118, 187, 3], np.uint8)
        print(layer(frames, second=frames)["flow"].shape)
        layer = keras.layers.TFSMLayer(sys.argv[2], call_endpoint="serving_default")
        print(layer(np.zeros([3, 2, 64, 128, 3], np.float32))["flow"].shape)"""
    environment = {key: v for key, v in os.environ.items() if key != "TF_USE_LEGACY_KERAS"}
    done = run_python(sys.executable, "-c", lines, frames, folder, env=environment)
    assert done.stdout == "(3, 118, 187, 2)\n(3, 64, 128, 2)\n", done.stderr
    tool = os.path.join(os.path.dirname(sys.executable), "saved_model_cli")
    done = run_python(sys.executable, tool, "show", "--dir", frames, "--all")
    assert "inputs['first']" in done.stdout, done.stderr
    assert "shape: (-1, 118, 187, 2)" in done.stdout
