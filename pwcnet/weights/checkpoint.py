"""Checkpoints: what is in one, which variant of the network it holds, restoring and saving.

The layout is tfoptflow's: `pwcnet/<block>/<layer>/{kernel,bias}`, beside them `global_step` and the optimizer's slots. Checkpoints that tfoptflow trained in
float16 keep their float32 weights under `fp32_vars/`; those are taken and the prefix is dropped.
"""

import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections import OrderedDict, namedtuple

import numpy as np

from pwcnet.io.atomic import sync_folder, write_text
from pwcnet.model.config import SIZE_MULTIPLE, ModelConfig
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.weights.files import SHIPPED

NAME = "pwcnet.ckpt"
SCOPE = "pwcnet/"
HALF_PRECISION_PREFIX = "fp32_vars/"
AVERAGE = "ExponentialMovingAverage"
SLOT_NAMES = ("Adam", "Adam_1", "Momentum", "RMSProp", "RMSProp_1", AVERAGE)
ARCHIVE = ".npz"  # of weights without TensorFlow, as the project ships them
# What the readers raise for broken files: of TensorFlow 1.15 and 2, and of NumPy.
UNREADABLE = (
    tf.errors.OpError,
    RuntimeError,
    IndexError,
    ValueError,
    OSError,
    EOFError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
)

Inspection = namedtuple("Inspection", "config step parameters missing extra reshaped not_finite")


class Checkpoint:
    """An open checkpoint, read variable by variable.

    path: the prefix, a file of the checkpoint, or a folder (its latest checkpoint is taken). averaged: `weight` gives the moving averages of training in the
    place of the weights themselves. Raises FileNotFoundError when there is none, and ValueError when it is not readable, or holds another network or no averages.
    """

    def __init__(self, path, averaged=False):
        self.path = find_checkpoint(path)
        archive = self.path.endswith(ARCHIVE)
        try:
            self._reader = (
                _Archive(self.path) if archive else tf.train.NewCheckpointReader(self.path)
            )
            stored = self._reader.get_variable_to_shape_map()
        except UNREADABLE as error:
            raise ValueError(
                "expected %s, got unreadable %s (%s); copy it again"
                % (
                    "weights in NumPy's .npz" if archive else "a TensorFlow checkpoint",
                    self._file(".index"),
                    "no such format" if archive else cause(error),
                )
            )
        halves = any(name.startswith(HALF_PRECISION_PREFIX + SCOPE) for name in stored)
        prefix = HALF_PRECISION_PREFIX if halves else ""
        self._stored = {
            name[len(prefix) :]: name for name in stored if name.startswith(prefix + SCOPE)
        }
        self.shapes = {name: tuple(stored[full]) for name, full in self._stored.items()}
        if not self.shapes:
            raise ValueError(
                "expected variables under '%s', got %s in %s; this is the checkpoint of another network"
                % (SCOPE, ", ".join(repr(name) for name in sorted(stored)[:3]) or "none", self.path)
            )
        self.step = int(self._tensor("global_step")) if "global_step" in stored else None
        self.config = self._variant()
        self._suffix = "/" + AVERAGE if averaged else ""
        without = averaged and [
            name
            for name in variable_shapes(self.config)
            if name in self.shapes and name + self._suffix not in self.shapes
        ]
        if without:
            raise ValueError(
                "expected averages of the weights, got none of %s in %s; train with --average_decay, or take the weights themselves"
                % (without[0], self.path)
            )

    def weight(self, name, shape):
        """The float32 array of a variable, e.g. "pwcnet/featpyr/conv1a/kernel". Raises ValueError where it is missing or shaped otherwise."""
        if name not in self.shapes:
            raise ValueError(
                "expected variable %s of shape %s, got none in %s (a %s network by its other variables); %s"
                % (
                    name,
                    list(shape),
                    self.path,
                    self.config.name,
                    "see scripts/inspect_checkpoint.py",
                )
            )
        if self.shapes[name] != tuple(shape):
            raise ValueError(
                "expected variable %s of shape %s, got %s in %s (a %s network by its other variables); %s"
                % (
                    name,
                    list(shape),
                    list(self.shapes[name]),
                    self.path,
                    self.config.name,
                    "see scripts/inspect_checkpoint.py",
                )
            )
        return np.asarray(self._tensor(self._stored[name + self._suffix]), np.float32)

    def as_constants(self):
        """A variable scope in which the network takes this checkpoint's weights as constants, so that its graph is frozen as it is built."""

        def constant(getter, name, shape=None, **options):  # TensorFlow passes these by name
            stored_name = without_outer_scopes(name)
            if not stored_name.startswith(SCOPE):
                return getter(name, shape=shape, **options)
            scope, own_name = name.rsplit("/", 1)
            with tf.name_scope(scope + "/"):  # the constant is called what the variable would be
                return tf.constant(self.weight(stored_name, shape), name=own_name)

        return tf.variable_scope(tf.get_variable_scope(), custom_getter=constant)

    def restore(self, session, variables):
        """Gives the network's variables this checkpoint's weights; every variable is looked up before the first is changed."""
        assign(
            session,
            variables,
            [
                self.weight(without_outer_scopes(v.op.name), tuple(v.shape.as_list()))
                for v in variables
            ],
        )

    def check_readable(self):
        """Reads every variable of the network, so that a broken file is found before work begins. Raises ValueError."""
        for name in sorted(self.shapes):
            self._tensor(self._stored[name])

    def inspect(self):
        """What the checkpoint has against what its variant needs. Reads every variable: raises ValueError for one that is not readable."""
        expected = variable_shapes(self.config)
        values = {name: self._tensor(self._stored[name]) for name in sorted(self.shapes)}
        extra = [
            name
            for name in sorted(self.shapes)
            if name not in expected and name.rsplit("/", 1)[1] not in SLOT_NAMES
        ]
        return Inspection(
            config=self.config,
            step=self.step,
            parameters=sum(int(np.prod(self.shapes[n])) for n in expected if n in self.shapes),
            missing=[n for n in expected if n not in self.shapes],
            extra=extra,
            not_finite=[n for n in expected if n in values and not np.isfinite(values[n]).all()],
            reshaped=[
                (n, self.shapes[n], shape)
                for n, shape in expected.items()
                if self.shapes.get(n, shape) != shape
            ],
        )

    def _variant(self):
        widths = [
            shape[2]
            for name, shape in self.shapes.items()
            if re.match(r"pwcnet/predict_flow/flow\d/kernel$", name) and len(shape) == 4
        ]
        contexts = [
            name for name in self.shapes if re.match(r"pwcnet/ctxt/dc_conv[3456]\d/kernel$", name)
        ]
        if not widths:
            raise ValueError(
                "expected pwcnet/predict_flow/flow2/kernel and the like, got none in %s; this is no PWC-Net checkpoint"
                % self.path
            )
        return ModelConfig(dense=max(widths) > 32, context_everywhere=bool(contexts))

    def _tensor(self, stored_name):
        try:
            return self._reader.get_tensor(stored_name)
        except UNREADABLE as error:
            raise ValueError(
                "expected %s to be readable, got a truncated or broken %s (%s); copy it again"
                % (stored_name, self._file(".data-*"), cause(error))
            )

    def _file(self, ending):
        return self.path if self.path.endswith(ARCHIVE) else self.path + ending


class _Archive:
    """Weights in NumPy's .npz, with the interface of TensorFlow's reader of checkpoints. float16 is a way to store them: they are float32 again."""

    def __init__(self, path):
        self._arrays = np.load(path, allow_pickle=False)
        if not isinstance(self._arrays, np.lib.npyio.NpzFile):
            raise ValueError("a single array")

    def get_variable_to_shape_map(self):
        return {name: self._arrays[name].shape for name in self._arrays.files}

    def get_tensor(self, name):
        array = self._arrays[name]
        return array.astype(np.float32) if array.dtype == np.float16 else array


def find_checkpoint(path):
    """The checkpoint's prefix for a prefix, one of its files, or a folder (the one of the highest step); the path itself for weights in an .npz file.

    Raises FileNotFoundError.
    """
    path = os.fspath(path)
    if path.endswith(ARCHIVE):
        if not os.path.isfile(path):
            raise FileNotFoundError(
                "expected weights, found no %s; see pretrained/ of this project" % path
            )
        return path
    if os.path.isdir(path):
        found = list_checkpoints(path)
        if not found:
            raise FileNotFoundError(
                "expected a checkpoint (%s-<step>.index), found none in %s; try the folder of a training run, or the project's own %s"
                % (NAME, path, SHIPPED)
            )
        return found[max(found)]
    prefix = re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", path)
    if not os.path.exists(prefix + ".index"):
        raise FileNotFoundError(
            "expected a checkpoint, found no %s.index; try its name without an ending, or the project's own %s"
            % (prefix, SHIPPED)
        )
    return prefix


def list_checkpoints(folder):
    """{step: prefix} of the complete checkpoints in a folder."""
    found = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        match = re.match(r"(.+-(\d+))\.index$", name)
        if match:
            found[int(match.group(2))] = os.path.join(folder, match.group(1))
    return found


def save_checkpoint(session, saver, folder, step):
    """Writes `folder/pwcnet.ckpt-<step>` and names it in `folder/checkpoint`; the checkpoint is complete or absent. Returns its prefix.

    The index comes last: a checkpoint without it does not exist for any reader. Raises OSError when the folder is full or not writable.
    """
    os.makedirs(folder, exist_ok=True)
    prefix = os.path.join(folder, "%s-%d" % (NAME, step))
    scratch = tempfile.mkdtemp(prefix=".partial-", dir=folder)
    try:
        saver.save(
            session,
            os.path.join(scratch, os.path.basename(prefix)),
            write_meta_graph=False,
            write_state=False,
        )
        for name in sorted(os.listdir(scratch)):  # "…data-…" before "…index"
            with open(os.path.join(scratch, name), "rb") as stream:
                os.fsync(stream.fileno())
            os.replace(os.path.join(scratch, name), os.path.join(folder, name))
            sync_folder(folder)
    except tf.errors.OpError as error:
        raise OSError(
            "expected to write %s, but: %s; free some space or choose another folder"
            % (prefix, cause(error))
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    write_text(
        os.path.join(folder, "checkpoint"),
        'model_checkpoint_path: "%s"\n' % os.path.basename(prefix),
    )
    return prefix


def remove_checkpoint(prefix):
    """Deletes a checkpoint's files, the index first."""
    folder, name = os.path.split(prefix)
    for ending in [".index", ".meta"] + [
        f[len(name) :] for f in os.listdir(folder or ".") if f.startswith(name + ".data-")
    ]:
        if os.path.exists(prefix + ending):
            os.remove(prefix + ending)


def without_outer_scopes(name):
    """The name that checkpoints give a variable, wherever its network was built."""
    return name[name.rfind("/" + SCOPE) + 1 :]


def variable_shapes(config):
    """{name: shape} of the network's variables, in creation order."""
    with tf.Graph().as_default():
        pwc_net(tf.zeros([1, 2, SIZE_MULTIPLE, SIZE_MULTIPLE, 3]), config)
        return OrderedDict((v.op.name, tuple(v.shape.as_list())) for v in tf.trainable_variables())


def assign(session, variables, values):
    """Gives variables the values of arrays, in one run."""
    with session.graph.as_default():
        fed = [tf.placeholder(v.dtype.base_dtype, v.shape) for v in variables]
        session.run(
            tf.group(*[tf.assign(v, p) for v, p in zip(variables, fed)]), dict(zip(fed, values))
        )
