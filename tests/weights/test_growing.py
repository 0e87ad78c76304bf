"""Growing a small network's weights into a larger variant's."""

import numpy as np
import pytest

from pwcnet.model.config import ModelConfig
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.growing import grown_weights
from pwcnet.weights.variables import supplied_weights, variable_shapes
from tests.helpers.golden import golden_weights


@pytest.fixture(scope="module")
def small():
    return golden_weights("sm", 0)


def pyramid(weights, config):
    """The flows of all levels, and the gradients' norms by name, of a fixed pair."""
    pair = np.random.RandomState(0).rand(1, 2, 64, 64, 3).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = {name: tf.constant(value) for name, value in weights.items()}
        with supplied_weights(tensors):
            flow, levels = pwc_net(tf.constant(pair), config)
        loss = tf.add_n([tf.reduce_sum(tf.abs(level)) for level in levels])
        gradients = dict(zip(tensors, tf.gradients(loss, list(tensors.values()))))
        norms = {name: tf.norm(gradient) for name, gradient in gradients.items()}
        return session.run([[flow, *levels], norms])


@pytest.mark.whole_on("tf2")
def test_the_grown_network_computes_the_same_and_learns(small):
    expected, _ = pyramid(small, ModelConfig.small())
    large = ModelConfig.large()
    flows, norms = pyramid(grown_weights(small, variable_shapes(large)), large)
    for flow, wanted in zip(flows, expected):
        np.testing.assert_allclose(flow, wanted, atol=1e-4 * np.abs(wanted).max())
    heads = [name for name in norms if "/dc_conv67/" in name or "/predict_flow/conv6_2/" in name]
    assert len(heads) == 4 and all(norms[name] > 0 for name in heads)


def test_each_weight_is_kept(small):
    shapes = variable_shapes(ModelConfig.large())
    grown = grown_weights(small, shapes)
    assert {name: array.shape for name, array in grown.items()} == dict(shapes)
    assert all(array.dtype == np.float32 for array in grown.values())
    for name, array in small.items():
        inside = grown[name][tuple(slice(length) for length in array.shape)]
        np.testing.assert_array_equal(inside, array)
        assert np.count_nonzero(grown[name]) == np.count_nonzero(array)


def test_what_is_no_part_of_the_larger_variant(small):
    with pytest.raises(ValueError, match="flow2"):
        wrong = dict(small, **{"pwcnet/predict_flow/flow2/kernel": np.zeros((3, 3, 9999, 2))})
        grown_weights(wrong, variable_shapes(ModelConfig.large()))
    with pytest.raises(ValueError, match="featpyr"):
        weights = {name: array for name, array in small.items() if "/featpyr/" not in name}
        grown_weights(weights, variable_shapes(ModelConfig.large()))
