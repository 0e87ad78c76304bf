"""Numbers of an independent implementation, and the weights that they were made with."""

import json
import os
import zlib

import numpy as np

from tests.helpers.commands import ROOT

GOLDEN = os.path.join(ROOT, "tests", "golden")


def golden(name):
    """One of the golden .npz files, as a dict."""
    with np.load(os.path.join(GOLDEN, name + ".npz")) as arrays:
        return {key: arrays[key] for key in arrays.files}


def golden_variables(variant):
    """{name: shape} of "lg" or "sm", in creation order."""
    with open(os.path.join(GOLDEN, "variables.json")) as stream:
        return {name: tuple(shape) for name, shape in json.load(stream)[variant]}


def golden_weight(name, shape, seed):
    """The weight that the golden numbers were made with: a formula of its name."""
    random = np.random.RandomState((zlib.crc32(name.encode()) + seed) % 2**32)
    if len(shape) == 1:
        return (0.01 * random.randn(*shape)).astype(np.float32)
    fan_in = np.prod(shape[:-1]) if "up_" not in name else shape[0] * shape[1] * shape[3]
    return (np.sqrt(2.0 / fan_in) * random.randn(*shape)).astype(np.float32)


def golden_weights(variant, seed):
    """{name: array} of all variables of "lg" or "sm"."""
    return {
        name: golden_weight(name, shape, seed) for name, shape in golden_variables(variant).items()
    }


def assert_close(actual, expected, relative=1e-3):
    """Largest difference at most `relative` times the largest expected magnitude.

    Relative to the largest: random weights amplify rounding.
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    largest = np.abs(expected).max()
    assert np.abs(actual - expected).max() <= relative * max(largest, 1e-12)
