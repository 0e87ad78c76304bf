"""What the tests share: golden numbers, the formula of their weights, real frames where they are present, and running command lines."""

import importlib
import json
import os
import re
import signal
import subprocess
import sys
import zlib

import numpy as np
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
import pwcnet.cli.common  # noqa: E402,F401  quiet TensorFlow, before anything imports it

if (
    signal.getsignal(signal.SIGINT) == signal.SIG_IGN
):  # started in a shell's background: programs that the tests start would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)

GOLDEN = os.path.join(ROOT, "tests", "golden")
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
    random = np.random.RandomState((zlib.crc32(name.encode()) + seed) % 2**32)
    if len(shape) == 1:
        return (0.01 * random.randn(*shape)).astype(np.float32)
    fan_in = np.prod(shape[:-1]) if "up_" not in name else shape[0] * shape[1] * shape[3]
    return (np.sqrt(2.0 / fan_in) * random.randn(*shape)).astype(np.float32)


def golden_weights(variant, seed):
    return {
        name: golden_weight(name, shape, seed) for name, shape in golden_variables(variant).items()
    }


def assert_close(actual, expected, relative=1e-3):
    """Largest difference at most `relative` times the largest expected magnitude: rounding is amplified by random weights."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    largest = np.abs(expected).max()
    assert np.abs(actual - expected).max() <= relative * max(largest, 1e-12)


def run_command(*arguments, **options):
    """Runs `python ARGUMENTS` in a fresh process; returns the CompletedProcess with stdout and stderr as text."""
    return run_python(sys.executable, *arguments, **options)


def run_python(python, *arguments, **options):
    """The same with another interpreter."""
    options.setdefault("cwd", ROOT)
    return subprocess.run(
        [python] + [str(a) for a in arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        **options,
    )


def load_script(script):
    """The module that a script in scripts/ or offline_infer/ hands over to."""
    with open(os.path.join(ROOT, script)) as stream:
        return importlib.import_module(re.search(r'run\("([\w.]+)"\)', stream.read()).group(1))


def run_main(script, *arguments):
    """Runs a script's main in this process, which saves the start of TensorFlow.

    Errors are raised, what is printed goes to capsys.
    """
    return load_script(script).main(
        [str(argument) for argument in arguments], os.path.basename(script)
    )


@pytest.fixture(scope="session")
def real_data():
    """The folder of real frames; skips the test where it is absent."""
    if not os.path.isdir(REAL_DATA):
        pytest.skip("no real frames in %s; set PWCNET_REAL_DATA to try them" % REAL_DATA)
    return REAL_DATA


def write_checkpoint(folder, weights, step=0):
    """Writes {name: array} and global_step with TensorFlow's own Saver, as other projects do; returns the prefix."""
    from pwcnet.runtime.tensorflow import tf

    os.makedirs(str(folder), exist_ok=True)
    with tf.Graph().as_default(), tf.Session() as session:
        fed = {tf.placeholder(value.dtype, value.shape): value for value in weights.values()}
        for name, placeholder in zip(weights, fed):
            tf.get_variable(name, initializer=placeholder)
        tf.get_variable("global_step", initializer=np.int64(step))
        session.run(tf.global_variables_initializer(), fed)
        return tf.train.Saver().save(
            session, os.path.join(str(folder), "pwcnet.ckpt"), step, write_meta_graph=False
        )


@pytest.fixture(scope="session")
def small_checkpoint(tmp_path_factory):
    """The prefix of a checkpoint of the small variant with golden weights, step 7."""
    return write_checkpoint(
        tmp_path_factory.mktemp("small_checkpoint"), golden_weights("sm", 0), step=7
    )


@pytest.fixture(scope="session")
def small_frozen(small_checkpoint, tmp_path_factory):
    """The same network as a frozen graph for one pair of 64x128."""
    from pwcnet.export.frozen_graph import freeze, write_frozen
    from pwcnet.weights.checkpoint import Checkpoint

    path = str(tmp_path_factory.mktemp("small_frozen") / "pwcnet.pb")
    write_frozen(path, freeze(Checkpoint(small_checkpoint), 1, 64, 128))
    return path


@pytest.fixture(scope="session")
def tiny_sintel(tmp_path_factory):
    """A folder with MPI-Sintel-complete: scene_01 and scene_02 of 3 frames, 60x120, so that both sides are padded to 64x128."""
    from pwcnet.data.synthetic.demo_scenes import make_scene, write_sintel

    folder = tmp_path_factory.mktemp("tiny_sintel")
    write_sintel(
        str(folder),
        [("scene_%02d" % number, make_scene(number, 60, 120, 3, 6.0)) for number in (1, 2)],
    )
    return str(folder)


def average_epe(predictions, truths):
    """The mean of the images' means and the pooled mean, in plain NumPy: an independent reckoning. Truth beyond 1e9 does not count."""
    errors = []
    for prediction, truth in zip(predictions, truths):
        error = np.sqrt(
            ((prediction.astype(np.float64) - truth.astype(np.float64)) ** 2).sum(axis=-1)
        )
        errors.append(error[np.abs(truth).max(axis=-1) < 1e9])
    return np.mean([error.mean() for error in errors]), np.concatenate(errors).mean()


def read_flo(path):
    """A .flo file in plain NumPy."""
    with open(str(path), "rb") as stream:
        data = stream.read()
    width, height = np.frombuffer(data, "<i4", 2, 4)
    return np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2)
