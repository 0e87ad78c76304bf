"""The graphs that a Predictor runs: the whole network, or the network cut behind the pyramid."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Callable, Dict

import numpy as np

from pwcnet.export.frozen_graph import freeze, import_frozen
from pwcnet.flow.padding import pad
from pwcnet.model.network import flow_between, frame_features
from pwcnet.runtime.devices import target_of
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.weights.checkpoint import Checkpoint

Features = Dict[int, np.ndarray]  # a frame's pyramid: level -> [1, h, w, C]


class OpenNetworks:
    """The networks that were used last, each built when it is first needed.

    Args:
        weights: A checkpoint or a frozen graph.
        session_config: Of their sessions.
        precision: The type that features are computed in.
        limit: How many stay open.
    """

    def __init__(
        self,
        weights: tf.GraphDef | Checkpoint,
        session_config: tf.ConfigProto,
        precision: str,
        limit: int,
    ):
        self._arguments = weights, session_config, precision
        self._limit = limit
        self._open: OrderedDict[Any, Any] = OrderedDict()

    def has(self, kind: Callable[..., Any], *size: int) -> bool:
        """Whether a network of a kind and size is open."""
        return (kind, *size) in self._open

    def get(self, kind: Callable[..., Any], *size: int) -> Any:
        """Returns the network of a kind and size; builds it unless it is open."""
        key = (kind, *size)
        if key not in self._open:
            while len(self._open) >= self._limit:
                self._open.popitem(last=False)[1].close()
            self._open[key] = kind(*self._arguments, *size)
        self._open.move_to_end(key)
        return self._open[key]

    def close(self) -> None:
        """Ends the sessions of all."""
        while self._open:
            self._open.popitem()[1].close()


class Network:
    """A graph of the network and its session."""

    def __init__(self, session_config: tf.ConfigProto):
        self.graph = tf.Graph()
        self.session = tf.Session(graph=self.graph, config=session_config)

    def run(self, fetches: Any, feed: dict[Any, np.ndarray], size: tuple[int, int]) -> Any:
        """Runs the session; `size` is the (height, width) that an error names."""
        try:
            return self.session.run(fetches, feed)
        except tf.errors.OpError as error:
            raise ValueError(
                "TensorFlow cannot compute the flow of %dx%d pixels (height x width, padded): %s; "
                "try smaller frames" % (*size, cause(error))
            ) from error

    def close(self) -> None:
        """Ends the session."""
        self.session.close()


class PairNetwork(Network):
    """The network from pairs of one size to their flow, with the weights as constants."""

    def __init__(
        self,
        weights: tf.GraphDef | Checkpoint,
        session_config: tf.ConfigProto,
        precision: str,
        batch: int,
        height: int,
        width: int,
    ):
        super().__init__(session_config)
        if isinstance(weights, Checkpoint):
            target = target_of(session_config)
            weights = freeze(weights, batch, height, width, target, precision)
        with self.graph.as_default():
            self.x, self.output = import_frozen(weights)

    def flows(self, x: np.ndarray) -> np.ndarray:
        """[B, 2, H, W, 3] float32 in 0..1 -> [B, H, W, 2] float32."""
        return self.run(self.output, {self.x: x}, x.shape[2:4])


class StreamNetwork(Network):
    """The network cut behind the pyramid, so that neighbouring pairs can share a pyramid."""

    DIRECTIONS = 1

    def __init__(
        self,
        checkpoint: Checkpoint,
        session_config: tf.ConfigProto,
        precision: str,
        height: int,
        width: int,
    ):
        super().__init__(session_config)
        self.size = height, width
        with self.graph.as_default(), checkpoint.as_constants():
            self.frame = tf.placeholder(tf.float32, [1, height, width, 3])
            self.pyramid2 = frame_features(tf.cast(self.frame, precision))
            self.pyramid1 = {
                level: tf.placeholder(features.dtype, features.shape)
                for level, features in self.pyramid2.items()
            }
            self.output, _ = flow_between(
                *self._directions(), checkpoint.config, target_of(session_config)
            )

    def _directions(self) -> tuple[Any, Any]:
        """Returns the pyramids at the start and at the end of the flow."""
        return self.pyramid1, self.pyramid2

    def features(self, rgb: np.ndarray) -> Features:
        """Returns the pyramid of a frame [H, W, 3] float32 in 0..1."""
        return self.run(self.pyramid2, {self.frame: self._input(rgb)}, self.size)

    def flow(self, features: Features, rgb: np.ndarray) -> tuple[np.ndarray, Features]:
        """Returns the flow [directions, H, W, 2] to this frame, and the frame's pyramid."""
        feed = {self.pyramid1[level]: array for level, array in features.items()}
        feed[self.frame] = self._input(rgb)
        return self.run([self.output, self.pyramid2], feed, self.size)

    def flow_between(self, features1: Features, features2: Features) -> np.ndarray:
        """Returns the flow [directions, H, W, 2] between two frames of known pyramids."""
        feed = {self.pyramid1[level]: array for level, array in features1.items()}
        feed.update((self.pyramid2[level], array) for level, array in features2.items())
        return self.run(self.output, feed, self.size)

    def _input(self, rgb: np.ndarray) -> np.ndarray:
        return pad(rgb, *self.size)[np.newaxis]


class TwoWayNetwork(StreamNetwork):
    """The same with the flow back as the second of a batch of two."""

    DIRECTIONS = 2

    def _directions(self) -> tuple[Any, Any]:
        return _concat(self.pyramid1, self.pyramid2), _concat(self.pyramid2, self.pyramid1)


def _concat(first: Any, second: Any) -> Any:
    return {level: tf.concat([first[level], second[level]], axis=0) for level in first}
