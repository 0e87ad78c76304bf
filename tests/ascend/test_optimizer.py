"""What goes around an optimizer on an NPU, against stand-ins that behave as documented."""

import numpy as np
import pytest

from pwcnet.ascend.optimizer import distributed_optimizer, loss_scale_optimizer
from pwcnet.runtime.tensorflow import tf
from tests.standins.fixtures import standins, without  # noqa: F401


def train(optimizer, gradient=1.0, steps=1):
    """(the variable, the global step) after steps on a loss of that gradient, from 5."""
    weight, step = tf.get_variable("weight", initializer=5.0), tf.train.get_or_create_global_step()
    update = optimizer.apply_gradients(
        optimizer.compute_gradients(weight * gradient, [weight]), global_step=step
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(steps):
            session.run(update)
        return session.run([weight, step])


def test_fixed_scale_gives_the_same_step(standins):  # noqa: F811
    with tf.Graph().as_default():
        assert train(loss_scale_optimizer(tf.train.GradientDescentOptimizer(0.5), 1024)) == [4.5, 1]
    import npu_bridge

    assert npu_bridge.CALLS == [
        (
            "NPULossScaleOptimizer",
            "GradientDescentOptimizer",
            "FixedLossScaleManager",
            {"loss_scale": 1024.0},
            False,
        )
    ]


def test_dynamic_scale_leaves_out_steps_that_overflow(standins):  # noqa: F811
    with tf.Graph().as_default():
        weight, steps = train(
            loss_scale_optimizer(tf.train.GradientDescentOptimizer(0.5), "dynamic"), steps=36
        )
    # 2^32 is halved after every second step that overflows, until 2^15 fits: 34 steps are left out.
    np.testing.assert_allclose([weight, steps], [4.0, 2])
    import npu_bridge

    assert npu_bridge.CALLS[0][3] == {
        "init_loss_scale": 2**32,
        "incr_every_n_steps": 1000,
        "decr_every_n_nan_or_inf": 2,
        "incr_ratio": 2,
        "decr_ratio": 0.5,
    }


def test_the_sum_lies_below_the_scale(standins, monkeypatch):  # noqa: F811
    monkeypatch.setenv("RANK_SIZE", "2")
    with tf.Graph().as_default():
        loss_scale_optimizer(
            distributed_optimizer(tf.train.GradientDescentOptimizer(0.5)), 128, distributed=True
        )
    import npu_bridge

    assert npu_bridge.CALLS == [
        ("npu_distributed_optimizer_wrapper",),
        ("NPUDistributedOptimizer", "GradientDescentOptimizer"),
        (
            "NPULossScaleOptimizer",
            "NPUDistributedOptimizer",
            "FixedLossScaleManager",
            {"loss_scale": 128.0},
            True,
        ),
    ]


def test_old_releases_have_only_the_class(standins, monkeypatch):  # noqa: F811
    from npu_bridge.estimator.npu import npu_optimizer

    monkeypatch.delattr(npu_optimizer, "npu_distributed_optimizer_wrapper")
    with tf.Graph().as_default():
        assert (
            type(distributed_optimizer(tf.train.GradientDescentOptimizer(0.5))).__name__
            == "NPUDistributedOptimizer"
        )


def test_without_npu_bridge(monkeypatch):
    without(monkeypatch, "npu_bridge")
    for make in (lambda: distributed_optimizer(None), lambda: loss_scale_optimizer(None, 2)):
        with pytest.raises(ValueError, match=r"npu_bridge.*TF Adapter"):
            make()
