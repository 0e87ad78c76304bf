"""Options of a training step: clipping, decay, loss scale, precision."""

import functools

import numpy as np
import pytest

from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import TF_RELEASE, tf
from pwcnet.training.options import TrainingOptions
from pwcnet.training.step import training_graph
from tests.helpers.golden import golden
from tests.helpers.training import assign_golden_weights, light_network


@functools.lru_cache(maxsize=None)  # most of its time is building the graph
def trajectory(steps=3, samples=2, network=None, **changes):
    """(losses of the golden batch's left, change of each variable in step 1, gradient norm)."""
    batch = golden("train_sm_64x128_b2")
    frames, flow = batch["x"][:samples, :, :, :64], batch["y"][:samples, :, :64]
    options = TrainingOptions(
        **dict(
            {
                "steps": 1,
                "batch_size": 2,
                "loss": "multiscale",
                "schedule": "constant",
                "learning_rate": 1e-4,
                "optimizer": "sgd",
            },
            **changes,
        )
    )
    with tf.Graph().as_default(), tf.Session() as session:
        pair = tf.placeholder_with_default(frames, frames.shape)
        graph = training_graph(
            pair,
            tf.constant(flow),
            tf.ones(flow.shape[:3], tf.bool),
            ModelConfig.small(),
            options,
            network,
        )
        assign_golden_weights(session, 1)
        variables = tf.trainable_variables()
        before = session.run(variables)
        losses, norm, after = [], None, None
        for step in range(steps):
            loss, now, _ = session.run([graph.loss, graph.gradient_norm, graph.train_op])
            norm = norm or now
            after = session.run(variables) if step == 0 else after
            losses.append(loss)
    return losses, {v.op.name: a - b for v, a, b in zip(variables, after, before)}, norm


def test_clipping_keeps_the_direction():
    _, plain, norm = trajectory(1, network=light_network)
    _, clipped, unclipped_norm = trajectory(1, network=light_network, clip_norm=norm / 10)
    assert unclipped_norm == pytest.approx(norm, rel=1e-5)
    length = np.sqrt(sum((change.astype(np.float64) ** 2).sum() for change in clipped.values()))
    assert length == pytest.approx(1e-4 * norm / 10, rel=1e-2)
    largest = max(plain, key=lambda name: np.abs(plain[name]).max())
    np.testing.assert_allclose(
        clipped[largest], plain[largest] / 10, atol=1e-3 * np.abs(plain[largest]).max()
    )


def test_biases_without_decay():
    with tf.Graph().as_default(), tf.Session() as session:
        from pwcnet.training.losses import weight_decay, with_decay

        kernel, bias = (
            tf.get_variable("a/kernel", initializer=np.full(3, 2.0, np.float32)),
            tf.get_variable("a/bias", initializer=np.full(2, 3.0, np.float32)),
        )
        gradients = [(tf.ones(3), kernel), (tf.ones(2), bias)]
        both, alone = (
            weight_decay([kernel, bias], 0.1),
            weight_decay([kernel, bias], 0.1, biases=False),
        )
        changed = [gradient for gradient, _ in with_decay(gradients, 0.1, biases=False)]
        session.run(tf.global_variables_initializer())
        assert session.run(both) == pytest.approx(0.1 * (6 + 9)) and session.run(
            alone
        ) == pytest.approx(0.6)
        np.testing.assert_allclose(session.run(changed[0]), 1.2)
        np.testing.assert_allclose(session.run(changed[1]), 1.0)


@pytest.mark.whole_on("tf2")
@pytest.mark.parametrize(
    "scale, network",
    [pytest.param(1024.0, None, marks=pytest.mark.full), ("dynamic", light_network)],
)
def test_a_loss_scale_changes_nothing_in_float32(scale, network):
    plain, scaled = (
        trajectory(network=network, **changes)[0] for changes in ({}, {"loss_scale": scale})
    )
    np.testing.assert_allclose(scaled, plain, rtol=1e-4)


@pytest.mark.skipif(
    TF_RELEASE.startswith("1."), reason="TensorFlow 1.15 has no convolutions in bfloat16"
)
@pytest.mark.parametrize("network", [pytest.param(None, marks=pytest.mark.full), light_network])
def test_bfloat16_follows_float32(network):
    options = {"network": network, "optimizer": "adam", "learning_rate": 1e-4}
    plain, reduced = (
        trajectory(4, precision=precision, **options)[0] for precision in ("float32", "bfloat16")
    )
    assert plain[-1] < plain[0]
    np.testing.assert_allclose(reduced, plain, rtol=0.02)


@pytest.mark.full
def test_float16_with_a_loss_scale_follows_float32():
    plain, reduced = (
        trajectory(2, samples=1, optimizer="adam", learning_rate=1e-4, **precision)
        for precision in ({}, {"precision": "float16", "loss_scale": "dynamic"})
    )
    np.testing.assert_allclose(reduced[0], plain[0], rtol=0.02)
    assert all(np.isfinite(change).all() and change.any() for change in reduced[1].values())
