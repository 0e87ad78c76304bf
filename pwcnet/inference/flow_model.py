"""PWC-Net for programs of TensorFlow 2: a `tf.Module` from tensors to tensors."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import Any, Callable, Mapping

import numpy as np

from pwcnet.inference.graph_passes import level_flow
from pwcnet.inference.quality import check_quality
from pwcnet.model.config import ModelConfig
from pwcnet.model.frames import cropped_pyramid, float_frames, network_pair
from pwcnet.model.network import pwc_net
from pwcnet.runtime.choices import BEST, INT8, PLAIN
from pwcnet.runtime.devices import checked_precision
from pwcnet.runtime.tensorflow import tensorflow_2, tf, tf2
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from pwcnet.weights.saving import save_weights
from pwcnet.weights.variables import initial_weights, supplied_weights

MAX_TRACES = 8

Weights = Any  # str, os.PathLike, ModelConfig or None; spelled out where it is documented


def starting_weights(weights: Weights) -> tuple[ModelConfig, Mapping[str, np.ndarray], int]:
    """The variant, the values {name: float32 array} and the training step that a model starts with.

    Args:
        weights: As of `FlowModel`.

    Raises:
        FileNotFoundError: There are no such weights.
        ValueError: They are not readable or those of another network, or this is TensorFlow 1.
    """
    tensorflow_2("A FlowModel or FlowLayer")
    if isinstance(weights, ModelConfig):
        return weights, initial_weights(weights), 0
    path = shipped_weights() if weights is None else weights
    if os.fspath(path).endswith(".pb"):
        raise ValueError(
            "%s is a frozen graph, whose weights are constants; a model takes a checkpoint or an "
            ".npz archive" % path
        )
    checkpoint = Checkpoint(path)
    return checkpoint.config, checkpoint.weights(), checkpoint.step or 0


class FlowModel(tf2.Module):
    """Predicts optical flow between frames: tensors in, tensors out.

        model = pwcnet.FlowModel()
        flow = model(first, second)  # [B, H, W, 2] float32, pixels, channels (u, v)

    It works eagerly, in a `tf.function` (with `jit_compile=True` too), in `tf.data.Dataset.map`,
    under `tf.GradientTape`, and under a `tf.distribute` strategy in whose scope it was made. Frames
    have any size; they are padded with zeros to multiples of 64, and the flow is cropped.

    The level "best" takes more passes (`pwcnet.inference.graph_passes`), as Predictor's does but
    without refinement, which is OpenCV's; "balanced" is the refined plain pass and so plain here.

    In eager code the network is traced once for each padded size, for "best" once for each size of
    frames, whatever the number of pairs; the last MAX_TRACES traces are kept. In a `tf.function` it
    becomes part of that function.

    Keras does not see a `tf.Module`'s variables: there, `pwcnet.keras.FlowLayer` serves.

    Attributes:
        config: The variant of the network.
        step: The training step of the weights; 0 where it is not known.
        quality: The level.
        weights: {name in checkpoints: tf.Variable float32}.
    """

    def __init__(
        self,
        weights: str | os.PathLike | ModelConfig | None = None,
        precision: str = "float32",
        name: str = "flow_model",
        quality: str = PLAIN,
    ):
        """Reads the weights into variables.

        Args:
            weights: A checkpoint's prefix, its folder, or an .npz archive; a ModelConfig for random
                weights of that variant; None for the shipped weights.
            precision: "float32", "bfloat16" or "float16", the type that features are computed in;
                variables, frames and flow are float32.
            name: Of the module.
            quality: "plain", one pass; "best", more passes; or "balanced", which is plain here.

        Raises:
            FileNotFoundError: There are no such weights.
            ValueError: They are not readable or those of another network, the precision or the
                quality is unknown, or this is TensorFlow 1.
        """
        super().__init__(name=name)
        check_quality(quality)
        self.quality = quality
        if precision == INT8:
            raise ValueError("A FlowModel computes in floats; int8 is for pwcnet.Predictor")
        self.precision = checked_precision(precision)
        self.config, values, self.step = starting_weights(weights)
        self.weights = {
            name: tf2.Variable(value, name=name, dtype=tf.float32) for name, value in values.items()
        }
        self._traces, self._best_traces = _Traces(), _Traces()

    @tf2.autograph.experimental.do_not_convert
    def __call__(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Predicts the flow from the first frames to the second.

        Args:
            first: [B, H, W, 3] RGB, uint8 in 0..255 or floating in 0..1; B may be unknown.
            second: Likewise, of the same size.

        Returns:
            [B, H, W, 2] float32, pixels, channels (u, v): right and down positive.

        Raises:
            ValueError: The frames have other shapes or types.
        """
        if self.quality != BEST or not tf.executing_eagerly():
            return self._flow(first, second)
        frames, size = float_frames(first, second)
        return self._best_traces.function(size, self._pair_flow)(tf.stack(frames, axis=1))

    @tf2.autograph.experimental.do_not_convert
    def pyramid(self, first: tf.Tensor, second: tf.Tensor) -> list[tf.Tensor]:
        """Predicts the flow of all levels in one pass, for losses of several levels.

        Args:
            first: As of the call.
            second: As of the call.

        Returns:
            Five flows [B, ceil(H / 2^l), ceil(W / 2^l), 2] float32 of levels l = 6, 5, 4, 3, 2, in
            pixels of their level.
        """
        pair, size = network_pair(first, second)
        return cropped_pyramid(self._network(pair)[1], size)

    def save_checkpoint(self, prefix: str | os.PathLike) -> str:
        """Writes the weights as a checkpoint with the published names of variables.

        Args:
            prefix: Of the files, for example "run/pwcnet.ckpt-100"; an existing checkpoint of this
                name is replaced.

        Returns:
            The prefix.

        Raises:
            OSError: The folder is full or not writable.
        """
        values = {name: variable.numpy() for name, variable in self.weights.items()}
        return save_weights(os.fspath(prefix), values, self.step)

    def _flow(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        return level_flow(self.quality, lambda pair: self._network(pair)[0], first, second)

    def _pair_flow(self, pair: tf.Tensor) -> tf.Tensor:
        return self._flow(pair[:, 0], pair[:, 1])

    def _network(self, pair: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        if not tf.executing_eagerly():
            return self._build(pair)
        height, width = pair.shape.as_list()[2:4]
        return self._traces.function((height, width), self._build)(pair)

    def _build(self, pair: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with supplied_weights(self.weights):
            return pwc_net(tf.cast(pair, self.precision), self.config)


class _Traces:
    """The functions of the sizes used last, for any number of threads.

    TensorFlow finds nothing to save in an object of this class, and a copy starts without traces.
    """

    def __init__(self) -> None:
        self.functions: OrderedDict[tuple[int, int], Any] = OrderedDict()
        self._lock = threading.Lock()

    def function(self, size: tuple[int, int], build: Callable) -> Any:
        """The function of pairs [B, 2, *size, 3] that `build` makes when it is called first."""
        with self._lock:
            function = self.functions.pop(size, None)
            if function is None:
                signature = [tf.TensorSpec([None, 2, *size, 3], tf.float32)]
                function = tf2.function(build, signature, autograph=False)
            self.functions[size] = function
            if len(self.functions) > MAX_TRACES:
                self.functions.popitem(last=False)
            return function

    def __reduce__(self) -> Any:
        return _Traces, ()
