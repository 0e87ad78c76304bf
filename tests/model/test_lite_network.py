"""The formulation for LiteRT: the numbers of the network, in other operations."""

import numpy as np
import pytest
from tensorflow.core.protobuf import rewriter_config_pb2

from pwcnet.model import tiled_cost_volume
from pwcnet.model.config import CONTEXT_LAYERS, ESTIMATOR_CHANNELS, LEVELS, ModelConfig
from pwcnet.model.cost_volume import cost_volume
from pwcnet.model.lite_network import lite_pwc_net
from pwcnet.model.network import pwc_net
from pwcnet.model.tiled_cost_volume import costs_and_features
from pwcnet.runtime.tensorflow import tf
from tests.helpers.golden import assert_close, golden, golden_weight

RANDOM = np.random.RandomState(0)
DIVISORS = {
    "%s%d" % (layer, number): RANDOM.uniform(0.3, 1, length).astype(np.float32)
    for layer, number, length in [
        *(("conv%d_" % level, n, c) for level in LEVELS for n, c in enumerate(ESTIMATOR_CHANNELS)),
        *(
            ("dc_conv%d" % level, n, c)
            for level in LEVELS
            for n, (c, _) in enumerate(CONTEXT_LAYERS[:-1], 1)
        ),
    ]
}


@pytest.mark.parametrize("size", [(1, 1), (3, 20), (8, 8), (16, 72), (17, 90)])
@pytest.mark.parametrize("max_pieces", [1, 256])
def test_tiled_costs(size, max_pieces, monkeypatch):
    monkeypatch.setattr(tiled_cost_volume, "MAX_PIECES", max_pieces)
    frames = [np.random.RandomState(n).randn(1, *size, 5).astype(np.float32) for n in range(2)]
    with tf.Graph().as_default(), tf.Session() as session:
        first, second = (tf.constant(frame) for frame in frames)
        expected = tf.concat([cost_volume(first, second), first], axis=-1)
        found, expected = session.run([costs_and_features(first, second), expected])
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("config", "divisors"),
    [
        pytest.param(ModelConfig.small(), None, id="sm"),
        pytest.param(ModelConfig.small(), DIVISORS, id="sm-divided", marks=pytest.mark.full),
        pytest.param(ModelConfig.large(), None, id="lg", marks=pytest.mark.full),
        pytest.param(
            ModelConfig.large(), DIVISORS, id="lg-divided", marks=pytest.mark.whole_on("tf2")
        ),
        pytest.param(ModelConfig(True, False), DIVISORS, id="dense", marks=pytest.mark.full),
        pytest.param(ModelConfig(False, True), DIVISORS, id="context", marks=pytest.mark.full),
    ],
)
def test_flow_is_the_networks(config, divisors):
    def weights(getter, name, shape=None, **_):
        weight = golden_weight(name, tuple(shape), 0)
        if name.endswith("conv2_1/kernel"):
            weight[:, :, ESTIMATOR_CHANNELS[0] :] = 0  # as in a network grown from a small one
        if name.endswith(("up_feat3/kernel", "dc_conv37/kernel")):
            weight[:] = 0
        return tf.constant(weight)

    x = golden("forward_sm_64x128")["x"][:1]
    # TensorFlow's own fusion of a convolution, a sum and a leaky ReLU takes another slope on some
    # CPUs; LiteRT does not fuse them.
    settings = tf.ConfigProto()
    settings.graph_options.rewrite_options.remapping = rewriter_config_pb2.RewriterConfig.OFF
    with tf.Graph().as_default(), tf.Session(config=settings) as session:
        with tf.variable_scope(tf.get_variable_scope(), custom_getter=weights):
            expected, _ = pwc_net(tf.constant(x), config)
            flow = lite_pwc_net(tf.constant(x), config, divisors)
        assert_close(*session.run([flow, expected]))
