"""Divisors of channels: from activations of scenes, of every layer that a leaky ReLU ends."""

import numpy as np
import pytest

from pwcnet.export import equalization
from pwcnet.export.equalization import channel_divisors, channel_maxima, divisors
from pwcnet.model.config import CONTEXT_LAYERS, ESTIMATOR_CHANNELS
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights

pytestmark = [pytest.mark.whole_on("tf2"), pytest.mark.usefixtures("small_scenes")]


@pytest.mark.parametrize("largest", [3.0, 1e-6])
def test_divisors(largest):
    found = divisors(np.float32([largest, largest / 4, largest / 1000, 0]))
    smallest = 0.1**0.5
    np.testing.assert_allclose(found, [1, 0.5, smallest, smallest], rtol=1e-6)
    assert found.dtype == np.float32


def test_layer_without_values():
    np.testing.assert_array_equal(divisors(np.zeros(3, np.float32)), np.ones(3, np.float32))


def test_divisors_of_a_checkpoint():
    checkpoint = Checkpoint(shipped_weights())
    found = channel_divisors(checkpoint)
    layers = {
        "conv%d_%d" % (level, index): channels
        for level in (6, 5, 4, 3, 2)
        for index, channels in enumerate(ESTIMATOR_CHANNELS)
    }
    layers.update(
        ("dc_conv2%d" % index, channels)
        for index, (channels, _) in enumerate(CONTEXT_LAYERS[:-1], 1)
    )
    assert {name: len(divisor) for name, divisor in found.items()} == layers

    pairs = [np.zeros((1, 2, 64, 128, 3), np.float32), *equalization.scene_pairs()]
    maxima = channel_maxima(checkpoint, pairs)
    for name, maximum in channel_maxima(checkpoint, pairs[1:]).items():
        assert np.all(maxima[name] >= maximum)
        np.testing.assert_allclose(divisors(maximum), found[name], rtol=1e-3)
    assert any(divisor.min() < 0.5 for divisor in found.values())
