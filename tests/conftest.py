"""What the tests share: golden numbers, the formula of their weights, real frames where they are present, and running command lines."""
import json
import os
import subprocess
import sys
import zlib

import numpy as np
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
import scripts.command_line  # noqa: E402,F401  quiet TensorFlow, before anything imports it

GOLDEN = os.path.join(ROOT, "tests", "data")
REAL_DATA = os.environ.get("PWCNET_REAL_DATA", os.path.join(ROOT, "..", "shared", "data"))


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
    random = np.random.RandomState((zlib.crc32(name.encode()) + seed) % 2 ** 32)
    if len(shape) == 1:
        return (0.01 * random.randn(*shape)).astype(np.float32)
    fan_in = np.prod(shape[:-1]) if "up_" not in name else shape[0] * shape[1] * shape[3]
    return (np.sqrt(2.0 / fan_in) * random.randn(*shape)).astype(np.float32)


def golden_weights(variant, seed):
    return {name: golden_weight(name, shape, seed) for name, shape in golden_variables(variant).items()}


def assert_close(actual, expected, relative=1e-3):
    """Largest difference at most `relative` times the largest expected magnitude: rounding is amplified by random weights."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    largest = np.abs(expected).max()
    assert np.abs(actual - expected).max() <= relative * max(largest, 1e-12)


def run_command(*arguments, **options):
    """Runs `python ARGUMENTS` in a fresh process; returns the CompletedProcess with stdout and stderr as text."""
    options.setdefault("cwd", ROOT)
    return subprocess.run([sys.executable] + [str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, **options)


@pytest.fixture(scope="session")
def real_data():
    """The folder of real frames; skips the test where it is absent."""
    if not os.path.isdir(REAL_DATA):
        pytest.skip("no real frames in %s; set PWCNET_REAL_DATA to try them" % REAL_DATA)
    return REAL_DATA


def write_checkpoint(folder, weights, step=0):
    """Writes {name: array} and global_step with TensorFlow's own Saver, as other projects do; returns the prefix."""
    from pwcnet.runtime import tf
    os.makedirs(str(folder), exist_ok=True)
    with tf.Graph().as_default(), tf.Session() as session:
        fed = {tf.placeholder(value.dtype, value.shape): value for value in weights.values()}
        for name, placeholder in zip(weights, fed):
            tf.get_variable(name, initializer=placeholder)
        tf.get_variable("global_step", initializer=np.int64(step))
        session.run(tf.global_variables_initializer(), fed)
        return tf.train.Saver().save(session, os.path.join(str(folder), "pwcnet.ckpt"), step, write_meta_graph=False)
