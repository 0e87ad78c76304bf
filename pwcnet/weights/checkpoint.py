"""Checkpoints: which variant of the network one holds, reading and restoring.

The layout is tfoptflow's: `pwcnet/<block>/<layer>/{kernel,bias}`, beside them `global_step` and the
optimizer's slots. Checkpoints that tfoptflow trained in float16 keep their float32 weights under
`fp32_vars/`; those are taken and the prefix is dropped.
"""

from __future__ import annotations

import os
import re
import weakref
import zipfile
import zlib
from contextlib import ExitStack
from typing import Any, ContextManager, NamedTuple, Sequence

import numpy as np

from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.weights.archive import ArchiveReader
from pwcnet.weights.files import ARCHIVE_EXTENSION, find_checkpoint, plain_checkpoint
from pwcnet.weights.variables import NETWORK_SCOPE, assign, stored_name, variable_shapes

HALF_PRECISION_PREFIX = "fp32_vars/"
AVERAGE = "ExponentialMovingAverage"
SLOT_NAMES = ("Adam", "Adam_1", "Momentum", "RMSProp", "RMSProp_1", AVERAGE)


class MissingAveragesError(ValueError):
    """The checkpoint has no moving averages of its weights."""


# What the readers of TensorFlow 1.15, TensorFlow 2 and NumPy raise for broken files.
READ_ERRORS = (
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


class Inspection(NamedTuple):
    """What a checkpoint holds, compared with what its variant of the network needs."""

    config: ModelConfig
    step: int | None
    parameters: int  # how many numbers the network's variables have together
    missing: list[str]  # variables that the network needs and the checkpoint lacks
    extra: list[str]  # variables that are neither the network's nor an optimizer's slots
    reshaped: list[tuple[str, tuple, tuple]]  # (name, shape in the checkpoint, shape needed)
    not_finite: list[str]  # variables with NaN or infinite values


class Checkpoint:
    """An open checkpoint or archive, read variable by variable.

    Attributes:
        path: The checkpoint's prefix, or the archive's path.
        config: The variant of the network that it holds.
        step: The training step; None if it is not known.
        averaged: Whether `weight` gives the moving averages.
        shapes: {name: shape} of the network's variables and their slots.
    """

    def __init__(self, path: str | os.PathLike, averaged: bool = False):
        """Opens a checkpoint and reads which variant it holds.

        Args:
            path: A prefix, a file of the checkpoint, a folder (its latest checkpoint is taken), or
                an .npz archive.
            averaged: `weight` gives the moving averages of training instead of the weights.

        Raises:
            FileNotFoundError: There is no such checkpoint.
            ValueError: It is not readable, or holds another network.
            MissingAveragesError: It has no averages; a ValueError.
        """
        self.path = find_checkpoint(path)
        self._is_archive = self.path.endswith(ARCHIVE_EXTENSION)
        stored = self._open()
        halves = any(name.startswith(HALF_PRECISION_PREFIX + NETWORK_SCOPE) for name in stored)
        prefix = HALF_PRECISION_PREFIX if halves else ""
        self._stored_names = {
            name[len(prefix) :]: name for name in stored if name.startswith(prefix + NETWORK_SCOPE)
        }
        self.shapes = {name: tuple(stored[full]) for name, full in self._stored_names.items()}
        if not self.shapes:
            raise ValueError(
                "%s holds another network: it has no variables under %s (it has %s)"
                % (self.path, NETWORK_SCOPE, ", ".join(sorted(stored)[:3]) or "none")
            )
        self.step = int(self._tensor("global_step")) if "global_step" in stored else None
        self.config = self._variant()
        self.averaged = averaged
        self._suffix = "/" + AVERAGE if averaged else ""
        if averaged:
            self._check_averages()

    def weight(self, name: str, shape: Sequence[int]) -> np.ndarray:
        """Reads a variable.

        Args:
            name: For example "pwcnet/featpyr/conv1a/kernel".
            shape: The shape that the network needs.

        Returns:
            The float32 array.

        Raises:
            ValueError: The variable is missing, has another shape, or is not readable.
        """
        stored = self.shapes.get(name)
        if stored != tuple(shape):
            raise ValueError(
                "%s has %s, where the network needs shape %s (by its other variables it holds a %s "
                "network)"
                % (
                    self.path,
                    "no %s" % name if stored is None else "%s of shape %s" % (name, list(stored)),
                    list(shape),
                    self.config.name,
                )
            )
        return np.asarray(self._tensor(self._stored_names[name + self._suffix]), np.float32)

    def weights(self) -> dict[str, np.ndarray]:
        """Returns {name: float32 array} of the network's variables.

        Raises:
            ValueError: As `weight`.
        """
        shapes = variable_shapes(self.config)
        return {name: self.weight(name, shape) for name, shape in shapes.items()}

    def as_constants(self) -> ContextManager:
        """Returns a variable scope in which the network takes these weights as constants.

        The network that is built inside of it has no variables: its graph is frozen as it is built,
        and it may be built anywhere, in a `tf.function` or in eager code too.
        """

        def constant(getter: Any, name: str, shape: Any = None, **options: Any) -> Any:
            if not stored_name(name).startswith(NETWORK_SCOPE):
                return getter(name, shape=shape, **options)
            scope, own_name = name.rsplit("/", 1)
            with tf.name_scope(scope + "/"):  # the constant is called what the variable would be
                return tf.constant(self.weight(stored_name(name), shape), name=own_name)

        return tf.variable_scope(tf.get_variable_scope(), custom_getter=constant)

    def restore(self, session: tf.Session, variables: Sequence[tf.Variable]) -> None:
        """Gives the network's variables these weights.

        Every variable is read before the first is changed.

        Args:
            session: The session that the variables are changed in.
            variables: The network's.

        Raises:
            ValueError: As `weight`.
        """
        weights = [self.weight(stored_name(v.op.name), tuple(v.shape.as_list())) for v in variables]
        assign(session, variables, weights)

    def check_readable(self) -> None:
        """Reads every variable of the network: a broken file raises ValueError before the work."""
        for name in sorted(self.shapes):
            self._tensor(self._stored_names[name])

    def inspect(self) -> Inspection:
        """Compares the checkpoint with what its variant of the network needs.

        Raises:
            ValueError: A variable is not readable; all are read.
        """
        needed = variable_shapes(self.config)
        values = {name: self._tensor(self._stored_names[name]) for name in sorted(self.shapes)}
        return Inspection(
            config=self.config,
            step=self.step,
            parameters=sum(int(np.prod(self.shapes[n])) for n in needed if n in self.shapes),
            missing=[n for n in needed if n not in self.shapes],
            extra=[
                n
                for n in sorted(self.shapes)
                if n not in needed and n.rsplit("/", 1)[1] not in SLOT_NAMES
            ],
            reshaped=[
                (n, self.shapes[n], shape)
                for n, shape in needed.items()
                if self.shapes.get(n, shape) != shape
            ],
            not_finite=[n for n in needed if n in values and not np.isfinite(values[n]).all()],
        )

    def _open(self) -> dict[str, Any]:
        """Opens the reader; returns {name: shape} of everything that is stored."""
        try:
            self._reader = (
                ArchiveReader(self.path)
                if self._is_archive
                else tf.train.NewCheckpointReader(self._plain_prefix())
            )
            return self._reader.get_variable_to_shape_map()
        except READ_ERRORS as error:
            raise ValueError(
                "%s is not a readable %s (%s); copy it again"
                % (
                    self._file(".index"),
                    ".npz archive" if self._is_archive else "index of a TensorFlow checkpoint",
                    "it has another format" if self._is_archive else cause(error),
                )
            )

    def _plain_prefix(self) -> str:
        """A prefix that TensorFlow can read, as long as this object exists."""
        links = ExitStack()
        weakref.finalize(self, links.close)
        return links.enter_context(plain_checkpoint(self.path))

    def _check_averages(self) -> None:
        for name in variable_shapes(self.config):
            if name in self.shapes and name + self._suffix not in self.shapes:
                raise MissingAveragesError(
                    "%s has no moving averages of the weights (%s is missing)"
                    % (self.path, name + self._suffix)
                )

    def _variant(self) -> ModelConfig:
        """Reads the variant from the width of the flow heads' input and the context networks."""
        widths = [
            shape[2]
            for name, shape in self.shapes.items()
            if re.match(r"pwcnet/predict_flow/flow\d/kernel$", name) and len(shape) == 4
        ]
        if not widths:
            raise ValueError(
                "%s is not a PWC-Net checkpoint: it has no pwcnet/predict_flow/flow<level>/kernel"
                % self.path
            )
        context_everywhere = any(
            re.match(r"pwcnet/ctxt/dc_conv[3456]\d/kernel$", name) for name in self.shapes
        )
        return ModelConfig(dense=max(widths) > 32, context_everywhere=context_everywhere)

    def _tensor(self, name: str) -> np.ndarray:
        """Reads what is stored under a name."""
        try:
            return self._reader.get_tensor(name)
        except READ_ERRORS as error:
            raise ValueError(
                "%s is truncated or broken: %s is not readable (%s); copy it again"
                % (self._file(".data-*"), name, cause(error))
            )

    def _file(self, extension: str) -> str:
        """The file that an error names."""
        return self.path if self._is_archive else self.path + extension
