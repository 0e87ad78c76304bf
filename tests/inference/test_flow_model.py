"""FlowModel in the places where programs of TensorFlow 2 use it."""

import copy
import pickle

import numpy as np
import pytest

from pwcnet.inference.flow_model import MAX_TRACES, FlowModel
from pwcnet.inference.predictor import Predictor
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import TF_RELEASE, tf2
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.frames import moving_frames
from tests.helpers.golden import assert_close

pytestmark = pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="for TensorFlow 2")
BIAS = "pwcnet/predict_flow/flow2/bias"
FIRST, SECOND = (np.stack([frame, frame[::-1]]) for frame in moving_frames(2, 50, 70))


@pytest.fixture(scope="module")
def model():
    return FlowModel()


@pytest.fixture(scope="module")
def expected():
    with Predictor(quality="plain") as predictor:
        return np.stack([predictor.flow(*frames) for frames in zip(FIRST, SECOND)])


def test_tensors_of_any_kind_and_number(model, expected):
    flow = model(FIRST, SECOND)
    assert flow.dtype == tf2.float32 and flow.shape == expected.shape
    assert_close(flow.numpy(), expected)
    floats = [tf2.cast(frames, tf2.float32) / 255 for frames in (FIRST, SECOND)]
    assert_close(model(*floats).numpy(), expected)
    assert_close(model(FIRST[:1], SECOND[:1]).numpy(), expected[:1])
    assert len(model._traces.functions) == 1


def test_traces_are_bounded(monkeypatch):
    model = FlowModel()
    monkeypatch.setattr(model, "_build", lambda pair: (pair[:, 0, :, :, :2], []))
    for columns in range(1, MAX_TRACES + 3):
        model(*np.zeros((2, 1, 64, 64 * columns, 3), np.float32))
    assert list(model._traces.functions) == [
        (64, 64 * columns) for columns in range(3, MAX_TRACES + 3)
    ]


def test_traces_are_no_part_of_checkpoints_and_copies(monkeypatch, tmp_path):
    model = FlowModel()
    monkeypatch.setattr(
        FlowModel, "_build", lambda self, pair: (pair[:, 0, :, :, :2] + self.weights[BIAS], [])
    )
    frames = np.zeros((2, 1, 64, 64, 3), np.float32)
    flow = model(*frames).numpy()
    tf2.train.Checkpoint(model=model).write(str(tmp_path / "checkpoint"))
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again(*frames), flow)
        again.weights[BIAS].assign_add([1.0, 0.0])
        np.testing.assert_array_equal(again(*frames)[..., 0], flow[..., 0] + 1)
    np.testing.assert_array_equal(model(*frames), flow)


@pytest.mark.full
def test_a_saved_model_of_a_program_with_a_model(model, expected, tmp_path):
    module, spec = tf2.Module(), tf2.TensorSpec([None, 50, 70, 3], tf2.uint8)
    module.model = model
    model(FIRST, SECOND)  # leaves a trace
    module.flow = tf2.function(model, input_signature=[spec, spec])
    tf2.saved_model.save(module, str(tmp_path))
    loaded = tf2.saved_model.load(str(tmp_path))
    assert_close(loaded.flow(FIRST, SECOND).numpy(), expected)
    assert sorted(loaded.model.weights) == sorted(model.weights)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.full)])
def test_in_a_function(jit, model, expected, caplog):
    spec = tf2.TensorSpec([None, 50, 70, 3], tf2.uint8)
    function = tf2.function(model, input_signature=[spec, spec], jit_compile=jit)
    flow = function(FIRST, SECOND)
    assert_close(flow.numpy(), expected)
    assert not caplog.records  # of AutoGraph
    assert function.get_concrete_function().structured_outputs.shape.as_list() == [None, 50, 70, 2]


def test_in_a_pipeline(model, expected):
    data = tf2.data.Dataset.from_tensor_slices((FIRST, SECOND)).batch(1).map(model)
    assert_close(np.concatenate(list(data.as_numpy_iterator())), expected)


def test_gradients_reach_weights_and_frames(model):
    frames = [tf2.Variable(tf2.cast(frame, tf2.float32) / 255) for frame in (FIRST, SECOND)]
    with tf2.GradientTape() as tape:
        loss = sum(tf2.reduce_mean(tf2.abs(level)) for level in model.pyramid(*frames))
    names = sorted(model.weights)
    gradients = tape.gradient(loss, [model.weights[name] for name in names] + frames)
    assert all(gradient is not None for gradient in gradients)
    # The directional derivative by differences of the loss.
    bias = model.weights[BIAS]
    gradient = gradients[names.index(BIAS)].numpy()
    before, losses = bias.numpy(), []
    for step in (-1e-2, 1e-2):
        bias.assign(before + np.float32([step, 0]))
        losses.append(
            sum(float(tf2.reduce_mean(tf2.abs(level))) for level in model.pyramid(*frames))
        )
    bias.assign(before)
    assert (losses[1] - losses[0]) / 2e-2 == pytest.approx(gradient[0], rel=0.02, abs=1e-4)


def test_levels_belong_to_the_frames(model):
    shapes = [tuple(level.shape[1:3]) for level in model.pyramid(FIRST, SECOND)]
    assert shapes == [(1, 2), (2, 3), (4, 5), (7, 9), (13, 18)]


def test_a_checkpoint_and_back(model, expected, tmp_path):
    prefix = model.save_checkpoint(tmp_path / "mine" / "weights-5")
    checkpoint = Checkpoint(prefix)
    assert checkpoint.step == model.step and not checkpoint.inspect().missing
    again = FlowModel(prefix)
    assert again.config == model.config and sorted(again.weights) == sorted(checkpoint.shapes)
    assert_close(again(FIRST, SECOND).numpy(), expected)


@pytest.mark.full
def test_the_level_best(model):
    best = FlowModel(quality="best")
    best.weights = model.weights
    first, second = FIRST[:1], SECOND[:1]
    data = tf2.data.Dataset.from_tensors((first, second)).map(best)
    flow = best(first, second).numpy()
    assert_close(next(data.as_numpy_iterator()), flow)
    errors = [np.abs(np.float32(each) + 2).mean() for each in (model(first, second), flow)]
    assert errors[1] < errors[0]
    with tf2.GradientTape() as tape:
        loss = tf2.reduce_mean(tf2.abs(best(first, second)))
    assert tape.gradient(loss, best.weights[BIAS]) is not None


def test_balanced_is_plain(model, expected):
    balanced = FlowModel(quality="balanced")
    balanced._traces = model._traces
    np.testing.assert_array_equal(balanced(FIRST, SECOND), model(FIRST, SECOND))


@pytest.mark.full
def test_two_devices():
    """In a fresh process, which makes two devices of its CPU."""
    from tests.helpers.commands import run_command

    done = run_command("-m", "tests.inference.mirrored_program")
    assert done.returncode == 0, done.stderr


def test_from_scratch():
    model = FlowModel(ModelConfig.small())
    assert len(model.trainable_variables) == len(model.weights) == 126
    assert np.isfinite(model(FIRST, SECOND).numpy()).all()


@pytest.mark.parametrize(
    "first, second, word",
    [
        (FIRST[0], SECOND[0], r"\[50, 70, 3\]"),
        (FIRST, SECOND[:, :48], "48x70"),
        (FIRST.astype(np.int32), SECOND, "int32"),
        (FIRST[..., :1], SECOND, r"70, 1\]"),
        (FIRST, SECOND[:1], "2 frames"),
        (FIRST[:0], SECOND[:0], r"\[0, 50"),
    ],
)
def test_other_frames_are_refused(first, second, word, model):
    with pytest.raises(ValueError, match=word):
        model(first, second)


def test_unknown_sizes_are_refused(model):
    spec = tf2.TensorSpec([1, None, 70, 3], tf2.uint8)
    with pytest.raises(ValueError, match="set_shape"):
        tf2.function(model).get_concrete_function(spec, spec)


def test_other_weights_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        FlowModel(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="frozen.pb"):
        FlowModel("frozen.pb")
    with pytest.raises(ValueError, match="int8"):
        FlowModel(precision="int8")
    with pytest.raises(ValueError, match="finest"):
        FlowModel(quality="finest")
