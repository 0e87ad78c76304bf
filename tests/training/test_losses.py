"""Losses beyond the golden numbers: masks, exact zeros, the paper's form."""

import numpy as np
import pytest

from pwcnet.model.config import LEVELS
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.losses import LEVEL_WEIGHTS, LOSSES, endpoint_error, norm


def evaluate(loss, pyramid, ground_truth, valid):
    """The loss and its gradients with respect to the pyramid."""
    with tf.Graph().as_default(), tf.Session() as session:
        flows = [tf.constant(flow) for flow in pyramid]
        total = tf.add_n(
            list(LOSSES[loss](flows, tf.constant(ground_truth), tf.constant(valid)).values())
        )
        return session.run([total, tf.gradients(total, flows)])


def random_case(seed=0, batch=2, height=64, width=128):
    random = np.random.RandomState(seed)
    pyramid = [
        random.randn(batch, height >> level, width >> level, 2).astype(np.float32)
        for level in LEVELS
    ]
    return (
        pyramid,
        (random.randn(batch, height, width, 2) * 5).astype(np.float32),
        random.rand(batch, height, width) > 0.4,
    )


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_exact_agreement_has_a_finite_gradient(loss):
    pyramid, ground_truth, valid = random_case()
    _, gradients = evaluate(loss, [flow * 0 for flow in pyramid], ground_truth * 0, valid)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_pixels_without_ground_truth_change_nothing(loss):
    pyramid, ground_truth, valid = random_case()
    spoiled = np.where(valid[..., None], ground_truth, np.float32(1e10))
    spoiled[~valid] = np.nan
    expected, expected_gradients = evaluate(loss, pyramid, ground_truth, valid)
    total, gradients = evaluate(loss, pyramid, spoiled, valid)
    assert total == expected
    for level, gradient, same in zip(LEVELS, gradients, expected_gradients):
        np.testing.assert_array_equal(gradient, same)
        assert not gradient[~valid[:, :: 2**level, :: 2**level]].any()


def test_losses_as_written_down():
    pyramid, ground_truth, valid = random_case()
    expected = dict.fromkeys(LOSSES, 0.0)
    for level, flow in zip(LEVELS, pyramid):
        step = 2**level
        error = np.where(
            valid[:, ::step, ::step, None], ground_truth[:, ::step, ::step] / step - flow, 0
        ).astype(np.float64)
        weight = LEVEL_WEIGHTS[level]
        expected["multiscale"] += weight * np.sqrt((error**2).sum(-1)).sum((1, 2)).mean()
        l1 = np.abs(error).sum(-1)
        expected["robust"] += weight * (l1.sum((1, 2)).mean() + 0.01) ** 0.4
        expected["robust_per_pixel"] += (
            weight * (((l1 + 0.01) ** 0.4) * valid[:, ::step, ::step]).sum((1, 2)).mean()
        )
    for loss, value in expected.items():
        np.testing.assert_allclose(
            evaluate(loss, pyramid, ground_truth, valid)[0], value, rtol=1e-5
        )


def test_endpoint_error_is_a_mean_over_valid_pixels():
    ground_truth = np.zeros((1, 2, 2, 2), np.float32)
    flow = np.array([[[[3, 4], [0, 0]], [[100, 100], [0, 5]]]], np.float32)
    valid = np.array([[[True, True], [False, True]]])
    with tf.Graph().as_default(), tf.Session() as session:
        assert session.run(endpoint_error(flow, ground_truth, tf.constant(valid))) == pytest.approx(
            10 / 3
        )
        assert session.run(endpoint_error(flow, ground_truth, tf.zeros([1, 2, 2], tf.bool))) == 0


def test_norm_at_zero_has_gradient_zero():
    with tf.Graph().as_default(), tf.Session() as session:
        vectors = tf.constant([[3.0, 4.0], [0.0, 0.0]])
        values, (gradient,) = session.run([norm(vectors), tf.gradients(norm(vectors), [vectors])])
    np.testing.assert_allclose(values, [5, 0])
    np.testing.assert_allclose(gradient, [[0.6, 0.8], [0, 0]], rtol=1e-6)
