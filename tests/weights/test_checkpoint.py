"""Checkpoints: variants read from the file, prefixes, refusals, saving."""

import shutil

import numpy as np
import pytest

from pwcnet.export.frozen_graph import freeze, run_frozen
from pwcnet.inference.predictor import Predictor
from pwcnet.model.config import ModelConfig
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import TF_RELEASE, tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.variables import variable_shapes
from tests.helpers.checkpoints import write_checkpoint
from tests.helpers.golden import assert_close, golden, golden_weights


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(
            ModelConfig(dense, everywhere),
            marks=pytest.mark.whole_on("tf1" if dense == everywhere else "tf2"),
        )
        for dense in (True, False)
        for everywhere in (True, False)
    ],
)
def test_variant_is_read_from_the_file(config, tmp_path):
    weights = {name: np.zeros(shape, np.float32) for name, shape in variable_shapes(config).items()}
    checkpoint = Checkpoint(write_checkpoint(tmp_path, weights))
    assert checkpoint.config == config
    assert not checkpoint.inspect().missing and not checkpoint.inspect().extra


@pytest.mark.parametrize(
    "variant, prefix",
    [
        ("sm", ""),
        ("sm", "fp32_vars/"),
        pytest.param("lg", "", marks=pytest.mark.whole_on("tf1")),
        pytest.param("lg", "fp32_vars/", marks=pytest.mark.whole_on("tf2")),
    ],
)
def test_weights_give_the_golden_flow(variant, prefix, tmp_path):
    weights = {prefix + name: value for name, value in golden_weights(variant, 0).items()}
    if prefix:  # float16 copies beside, which must not be taken
        weights.update(
            {name[len(prefix) :]: np.zeros_like(value) for name, value in weights.items()}
        )
    checkpoint = Checkpoint(write_checkpoint(tmp_path, weights))
    numbers = golden("forward_%s_64x128" % variant)
    assert_close(run_frozen(freeze(checkpoint, 1, 64, 128), numbers["x"]), numbers["flow"])


@pytest.mark.whole_on("tf2")
def test_constants_build_in_a_function_and_inside_of_other_scopes(small_checkpoint):
    checkpoint, numbers = Checkpoint(small_checkpoint), golden("forward_sm_64x128")

    @tf.function
    def network(x):
        with tf.variable_scope("mine"), checkpoint.as_constants(), tf.variable_scope("inner"):
            return pwc_net(x, checkpoint.config)[0]

    with tf.Graph().as_default(), tf.Session() as session:
        flow = session.run(network(tf.constant(numbers["x"])))
        assert not tf.global_variables()
    assert_close(flow, numbers["flow"])


@pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="eager code is TensorFlow 2's")
def test_constants_give_eager_code_the_predictors_flow(small_checkpoint):
    checkpoint = Checkpoint(small_checkpoint)
    frames = np.random.RandomState(0).randint(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    x = tf.constant(frames[np.newaxis] / np.float32(255))

    def network(x):
        with checkpoint.as_constants():
            return pwc_net(x, checkpoint.config)[0]

    with Predictor(small_checkpoint, quality="plain") as predictor:
        expected = predictor.flow(*frames)
    for built in (network, tf.function(network, autograph=False)):
        assert_close(built(x).numpy()[0], expected, 1e-5)


def test_restores_a_network_inside_of_another_scope(small_checkpoint):
    with tf.Graph().as_default(), tf.Session() as session:
        with tf.variable_scope("mine"):
            pwc_net(tf.zeros([1, 2, 64, 64, 3]), ModelConfig.small())
        Checkpoint(small_checkpoint).restore(session, tf.trainable_variables())
        first = tf.trainable_variables()[0]
        kernel = session.run(first)
    assert first.op.name == "mine/pwcnet/featpyr/conv1a/kernel"
    np.testing.assert_array_equal(kernel, golden_weights("sm", 0)["pwcnet/featpyr/conv1a/kernel"])


def test_constants_leave_variables_of_others_alone(small_checkpoint):
    with tf.Graph().as_default(), Checkpoint(small_checkpoint).as_constants():
        other = tf.get_variable("head/kernel", [3])
        assert tf.trainable_variables() == [other]


def test_truncated_data_is_named(small_checkpoint, tmp_path):
    copy = str(tmp_path / "pwcnet.ckpt-7")
    shutil.copy(small_checkpoint + ".index", copy + ".index")
    with open(small_checkpoint + ".data-00000-of-00001", "rb") as stream, open(
        copy + ".data-00000-of-00001", "wb"
    ) as out:
        out.write(stream.read()[:100000])
    with pytest.raises(ValueError, match=copy):
        freeze(Checkpoint(copy), 1, 64, 64)


def test_data_file_absent_or_index_broken(small_checkpoint, tmp_path):
    copy = str(tmp_path / "pwcnet.ckpt-7")
    shutil.copy(small_checkpoint + ".index", copy + ".index")
    with pytest.raises(ValueError, match=copy):
        freeze(Checkpoint(copy), 1, 64, 64)
    with open(copy + ".index", "wb") as stream:
        stream.write(b"nonsense")
    with pytest.raises(ValueError, match=copy):
        Checkpoint(copy)


def test_another_network(tmp_path):
    path = write_checkpoint(tmp_path, {"resnet/conv1/kernel": np.zeros([3, 3], np.float32)})
    with pytest.raises(ValueError, match="another network.*resnet/conv1/kernel"):
        Checkpoint(path)


@pytest.mark.whole_on("tf2")
def test_first_wrong_variable_is_named(tmp_path):
    weights = golden_weights("sm", 0)
    lacking = {
        n: v
        for n, v in weights.items()
        if n not in ("pwcnet/featpyr/conv3b/bias", "pwcnet/predict_flow/conv2_1/bias")
    }
    path = write_checkpoint(tmp_path, lacking)
    with pytest.raises(ValueError, match="%s has no pwcnet/featpyr/conv3b/bias" % path):
        freeze(Checkpoint(path), 1, 64, 64)
    weights["pwcnet/featpyr/conv2a/kernel"] = np.zeros([3, 3, 16, 33], np.float32)
    path = write_checkpoint(tmp_path / "reshaped", weights)
    with pytest.raises(
        ValueError, match=r"%s.*pwcnet/featpyr/conv2a/kernel .*\[3, 3, 16, 33\]" % path
    ):
        freeze(Checkpoint(path), 1, 64, 64)
    found = Checkpoint(path).inspect()
    assert (
        found.reshaped == [("pwcnet/featpyr/conv2a/kernel", (3, 3, 16, 33), (3, 3, 16, 32))]
        and not found.missing
    )
