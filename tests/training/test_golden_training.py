"""Losses, gradients, schedules and training trajectories against the golden numbers."""

import numpy as np
import pytest

from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.options import TrainingOptions
from pwcnet.training.schedules import learning_rate
from pwcnet.training.step import training_graph
from tests.helpers.golden import assert_close, golden
from tests.helpers.training import assign_golden_weights


@pytest.mark.parametrize(
    "variant, name, loss",
    [
        pytest.param("sm", "train_sm_64x128_b2", "multiscale", marks=pytest.mark.whole_on("tf1")),
        pytest.param("sm", "train_sm_64x128_b2", "robust", marks=pytest.mark.whole_on("tf2")),
        pytest.param("lg", "train_lg_128x192_b2", "multiscale", marks=pytest.mark.whole_on("tf2")),
        pytest.param("lg", "train_lg_128x192_b2", "robust", marks=pytest.mark.whole_on("tf1")),
    ],
)
def test_losses_and_gradient_norms(variant, name, loss):
    numbers = golden(name)
    options = TrainingOptions(steps=1, batch_size=2, loss=loss)
    with tf.Graph().as_default(), tf.Session() as session:
        graph = training_graph(
            tf.constant(numbers["x"]),
            tf.constant(numbers["y"]),
            tf.ones(numbers["y"].shape[:3], tf.bool),
            ModelConfig.from_name(variant),
            options,
        )
        assign_golden_weights(session, 1)
        norms = {
            variable.op.name: tf.sqrt(2 * tf.nn.l2_loss(gradient))
            for gradient, variable in graph.gradients
        }
        total, data, epe, flow, norms = session.run(
            [graph.loss, graph.data_loss, graph.epe, graph.flow, norms]
        )
    expected_data, expected_decay, expected_total = numbers["loss_" + loss]
    np.testing.assert_allclose(
        [data, total - data, total, epe],
        [expected_data, expected_decay, expected_total, numbers["epe"]],
        rtol=1e-3,
    )
    assert_close(flow, numbers["flow"])
    names = [str(n) for n in numbers["varnames"]]
    np.testing.assert_allclose(
        [norms[n] for n in names],
        numbers["loss_%s_gradnorm" % loss],
        rtol=3e-3,
        atol=1e-6 * max(norms.values()),
    )


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param("multiscale", marks=pytest.mark.whole_on("tf2")),
        pytest.param("robust", marks=pytest.mark.whole_on("tf1")),
    ],
)
def test_trajectory(loss):
    numbers = golden("trajectory_sm_" + loss)
    seed = int(numbers["seed"])
    options = TrainingOptions(
        steps=5, batch_size=2, loss=loss, schedule="constant", learning_rate=float(numbers["lr"])
    )
    with tf.Graph().as_default(), tf.Session() as session:
        pair, ground_truth = (
            tf.placeholder(tf.float32, [2, 2, 64, 128, 3]),
            tf.placeholder(tf.float32, [2, 64, 128, 2]),
        )
        graph = training_graph(
            pair, ground_truth, tf.ones([2, 64, 128], tf.bool), ModelConfig.small(), options
        )
        assign_golden_weights(session, seed)
        losses, errors = [], []
        for step in range(5):
            random = np.random.RandomState(seed * 100 + step)
            x = random.rand(2, 2, 64, 128, 3)
            y = random.randn(2, 64, 128, 2) * 4
            value, epe, at, _ = session.run(
                [graph.loss, graph.epe, graph.global_step, graph.train_op],
                {pair: x, ground_truth: y},
            )
            losses.append(value)
            errors.append(epe)
        assert session.run(graph.global_step) == 5
    np.testing.assert_allclose(losses, numbers["loss"], rtol=1e-3)
    np.testing.assert_allclose(errors, numbers["epe"], rtol=1e-3)


@pytest.mark.parametrize(
    "schedule, key",
    [("multisteps", "lr_finetune"), ("multisteps-long", "lr_long"), ("cyclic-long", "lr_cyclic")],
)
def test_schedules(schedule, key):
    numbers = golden("ops")
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.placeholder(tf.int64, [])
        rate = learning_rate(step, schedule)
        rates = [session.run(rate, {step: s}) for s in numbers["lr_steps"]]
    np.testing.assert_allclose(rates, numbers[key], rtol=1e-5)


def test_boundaries_scale_with_the_batch():
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.placeholder(tf.int64, [])
        rate = learning_rate(step, "multisteps", batch_size=8)
        np.testing.assert_allclose(
            [session.run(rate, {step: s}) for s in (30000, 30001, 40000, 40001)],
            [1e-5, 2.5e-6, 2.5e-6, 1.25e-6],
        )
