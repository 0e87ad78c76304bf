"""FlowLayer in Keras models: fit, save, load."""

import numpy as np
import pytest

from pwcnet.inference.flow_model import FlowModel
from pwcnet.inference.predictor import Predictor
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import TF_RELEASE, tf2
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.frames import moving_frames
from tests.helpers.golden import assert_close

if TF_RELEASE.startswith("1."):
    pytest.skip("for TensorFlow 2", allow_module_level=True)
keras = pytest.importorskip("keras")
from pwcnet.keras import FlowLayer  # noqa: E402

FRAMES = [frame[np.newaxis] for frame in moving_frames(2, 50, 70)]


def model_of(layer):
    inputs = [keras.Input((50, 70, 3), name=name) for name in ("first", "second")]
    return keras.Model(inputs, layer(*inputs))


@pytest.fixture(scope="module")
def expected():
    with Predictor(quality="plain") as predictor:
        return predictor.flow(*(frame[0] for frame in FRAMES))[np.newaxis]


def floats():
    return [frame / np.float32(255) for frame in FRAMES]


def test_a_layer_alone(expected):
    layer = FlowLayer()
    assert_close(np.asarray(layer(*FRAMES)), expected)
    assert len(layer.trainable_weights) == 126 and not FlowLayer(trainable=False).trainable_weights


@pytest.mark.full
def test_a_model_trains_saves_and_loads(expected, tmp_path):
    model = model_of(FlowLayer())
    assert model.output_shape == (None, 50, 70, 2)
    assert_close(model.predict(floats(), verbose=0), expected)
    model.compile("sgd", "mae")
    history = model.fit(floats(), np.zeros_like(expected), epochs=2, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]
    trained = model.predict(floats(), verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(floats(), verbose=0), trained)
    other = model_of(FlowLayer(ModelConfig.small()))
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other.predict(floats(), verbose=0), trained)


@pytest.mark.full
def test_a_model_is_exported_for_tensorflow(expected, tmp_path):
    model = model_of(FlowLayer())
    model.export(tmp_path / "exported", verbose=False)
    loaded = tf2.saved_model.load(str(tmp_path / "exported"))
    assert_close(loaded.serve([tf2.constant(frames) for frames in floats()]).numpy(), expected)


def test_the_checkpoint_has_the_published_names(tmp_path):
    checkpoint = Checkpoint(FlowLayer().save_checkpoint(tmp_path / "pwcnet.ckpt-1"))
    assert not checkpoint.inspect().missing and checkpoint.config == ModelConfig.small()


def test_a_mixed_precision_policy_leaves_the_layer_alone(expected):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        flow = FlowLayer()(*FRAMES)
    finally:
        keras.config.set_dtype_policy(before)
    assert flow.dtype == tf2.float32
    assert_close(np.asarray(flow), expected)


def test_the_quality_is_part_of_the_configuration():
    layer = FlowLayer(quality="best")
    assert FlowLayer.from_config(layer.get_config()).quality == "best"
    with pytest.raises(ValueError, match="finest"):
        FlowLayer(quality="finest")


@pytest.mark.full
def test_the_level_best():
    np.testing.assert_allclose(
        FlowLayer(quality="best")(*FRAMES), FlowModel(quality="best")(*FRAMES), atol=1e-3
    )


def test_other_backends_are_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="KERAS_BACKEND"):
        FlowLayer()
