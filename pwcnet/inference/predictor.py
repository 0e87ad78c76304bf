"""Frames in, flow out: from a checkpoint (frames of any size) or a frozen graph (one size)."""

from __future__ import annotations

import os
from typing import Any, Iterable, Iterator

import numpy as np

from pwcnet.export.frozen_graph import frozen_input_shape, read_frozen
from pwcnet.flow.padding import crop, pad, padded_size
from pwcnet.inference.frames import (
    check_same_size,
    check_same_sizes,
    frames_of,
    rgb_frame,
    rgb_pair,
)
from pwcnet.inference.int8_network import Int8Network, check_int8_session
from pwcnet.inference.level import Level, checked_quality
from pwcnet.inference.memory import MemoryBounds
from pwcnet.inference.networks import (
    Features,
    OpenNetworks,
    PairNetwork,
    StreamNetwork,
    TwoWayNetwork,
)
from pwcnet.runtime import devices
from pwcnet.runtime.choices import DEFAULT_QUALITY, INT8, PLAIN
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights

MAX_OPEN_GRAPHS = {"plain": 2, "balanced": 2, "best": 6}  # of two sizes of frames


class Predictor:
    """Predicts the flow between frames of any size.

    A graph is built for each padded size (the next multiples of 64); the last ones are kept. int8
    converts the network for each padded size and keeps it on disk (XDG_CACHE_HOME/pwcnet). Use it
    as a context manager, or call `close`, to end its sessions:

        with pwcnet.Predictor() as predictor:
            flow = predictor.flow(frame1, frame2)

    Frames are arrays: uint8 in 0..255 or floating in 0..1; grey [H, W] or [H, W, 1], RGB [H, W, 3]
    or RGBA [H, W, 4], whose alpha is dropped. Pairs are tuples of two such arrays or objects with
    `frame1` and `frame2` (pwcnet.io.frame_pairs.Pair, for example). Both frames of a pair have the
    same size. Flow is [H, W, 2] float32 in pixels, channels (u, v): right and down positive.

    Attributes:
        path: The weights' path.
        precision: The type that features are computed in.
        quality: The level: "plain", "balanced" or "best".
        fixed_size: (pairs, height, width) of a frozen graph's input; None for a checkpoint.
    """

    def __init__(
        self,
        weights: str | os.PathLike | None = None,
        session_config: tf.ConfigProto | None = None,
        precision: str = "float32",
        value_range: float = 1.0,
        quality: str | None = None,
        memory: float | None = None,
    ):
        """Opens the weights.

        Args:
            weights: A checkpoint's prefix, its folder (the latest checkpoint is taken), an .npz
                archive, or a frozen graph (.pb), whose size bounds the frames' size. None takes the
                shipped weights: the small network, trained on generated scenes.
            session_config: Of pwcnet.runtime.devices or pwcnet.ascend.session; None takes the
                default.
            precision: "float32", "bfloat16" (TensorFlow 2) or "float16", the type that features are
                computed in, or "int8" (TensorFlow 2, CPUs, the extra `int8`): convolutions in int8,
                run by LiteRT. A frozen graph has its own.
            value_range: The value of white in floating frames: 1, or 255.
            quality: "plain", one pass of the network as published; "balanced", refined by OpenCV;
                or "best", of several passes (pwcnet.inference.quality). None takes "balanced", and
                "plain" for a frozen graph.
            memory: The GB that a prediction on the CPU may take; None for three quarters of what
                is free. A plain pass that needs more is refused, other levels go in tiles.

        Raises:
            FileNotFoundError: There are no such weights.
            ValueError: The weights are not readable or are those of another network, or the
                precision or the quality is unknown or not available.
        """
        self.path = shipped_weights() if weights is None else weights
        self.precision = devices.checked_precision(precision)
        self._session_config = session_config or devices.session_config()
        self._value_range = float(value_range)
        if not 0 < self._value_range < np.inf:
            raise ValueError("value_range is %r; it is a number above 0" % (value_range,))
        is_frozen = str(self.path).endswith(".pb")
        self.quality = checked_quality(quality, PLAIN if is_frozen else DEFAULT_QUALITY)
        self._checkpoint: Checkpoint | None = None
        self.fixed_size: tuple[int, int, int] | None = None
        opened = self._open_frozen() if is_frozen else Checkpoint(self.path)
        if isinstance(opened, Checkpoint):
            self._checkpoint = opened
        if precision == INT8:
            check_int8_session(self._session_config)
        self._shares = self._checkpoint is not None and precision != INT8  # pyramids
        config = None if self._checkpoint is None else self._checkpoint.config
        self._memory = MemoryBounds(config, self._session_config, memory)
        self._networks = OpenNetworks(
            opened, self._session_config, precision, MAX_OPEN_GRAPHS[self.quality]
        )
        self._level = Level(
            self.quality, self._networks if self._shares else None, self._flows, self._memory
        )

    def flow(self, frame1: Any, frame2: Any) -> np.ndarray:
        """Predicts the flow from one frame to another.

        Args:
            frame1: The first frame, as the class describes frames.
            frame2: The second frame, of the same size.

        Returns:
            [H, W, 2] float32, pixels, channels (u, v).

        Raises:
            ValueError: The frames are of another kind or of different sizes, exceed a frozen
                graph's size, or TensorFlow failed (the message has its reason).
        """
        return self.flows([(frame1, frame2)])[0]

    def flows(self, pairs: Iterable[Any]) -> list[np.ndarray]:
        """Predicts the flows of several pairs of one size in one run of the network.

        Args:
            pairs: Pairs, as the class describes them.

        Returns:
            For each pair [H, W, 2] float32, pixels, channels (u, v).

        Raises:
            ValueError: As `flow`; also if there is no pair, or pairs differ in size.
        """
        if self.quality != PLAIN:
            return self._level.flows(pairs, self._value_range)
        return self._flows([rgb_pair(pair, self._value_range) for pair in pairs])

    def consecutive(self, pairs: Iterable[Any]) -> Iterator[tuple[Any, np.ndarray]]:
        """Predicts the flows of many pairs, one after another.

        Neighbouring pairs that have a frame in common (frame1 is the same array as frame2 of the
        pair before) share its feature pyramid: n frames cost n pyramids instead of 2 (n - 1). A
        frozen graph cannot take a pyramid, nor can int8; they predict pair by pair.

        Args:
            pairs: Pairs, as the class describes them; sizes may change from pair to pair. Frames
                must not be changed in place before the next pair is predicted.

        Yields:
            (pair, flow) in order; flow is [H, W, 2] float32, pixels, channels (u, v).

        Raises:
            ValueError: As `flow`.
        """
        for pair, (flow,) in self._in_turn(pairs, StreamNetwork):
            yield pair, flow

    def both_ways(self, pairs: Iterable[Any]) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
        """Predicts the flows of many pairs in both directions, from the same two pyramids.

        Args:
            pairs: As of `consecutive`.

        Yields:
            (pair, forward, backward) in order: the flow from frame1 to frame2, and the flow from
            frame2 to frame1.

        Raises:
            ValueError: As `flow`.
        """
        for pair, (forward, backward) in self._in_turn(pairs, TwoWayNetwork):
            yield pair, forward, backward

    def close(self) -> None:
        """Ends the sessions. The next prediction opens new ones."""
        self._networks.close()

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _open_frozen(self) -> tf.GraphDef:
        if self.precision != "float32":
            raise ValueError(
                "The precision of the frozen graph %s is fixed; only a checkpoint can be "
                "computed in %s" % (self.path, self.precision)
            )
        graph = read_frozen(self.path)
        self.fixed_size = frozen_input_shape(graph, self.path)
        return graph

    def _flows(self, frames: list[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        """The flows of one pass over pairs of [H, W, 3] float32 in 0..1."""
        check_same_sizes([frame1 for frame1, _ in frames])
        height, width = frames[0][0].shape[:2]
        size = self._network_size(len(frames), height, width)
        kind, key = (Int8Network, size[1:]) if self.precision == INT8 else (PairNetwork, size)
        if not self._networks.has(kind, *key):
            self._memory.check((height, width), len(frames))
        x = np.stack([np.stack([pad(frame, *size[1:]) for frame in pair]) for pair in frames])
        flows = self._networks.get(kind, *key).flows(x)
        return [crop(flow, height, width) for flow in flows]

    def _in_turn(
        self, pairs: Iterable[Any], kind: type[StreamNetwork]
    ) -> Iterator[tuple[Any, list[np.ndarray]]]:
        """Yields (pair, flows), one flow for each of the kind's directions."""
        if self.quality != PLAIN:
            return self._level.in_turn(pairs, kind.DIRECTIONS, self._value_range)
        if not self._shares:
            return self._one_by_one(pairs, kind.DIRECTIONS)
        return self._sharing(pairs, kind)

    def _one_by_one(
        self, pairs: Iterable[Any], directions: int
    ) -> Iterator[tuple[Any, list[np.ndarray]]]:
        for pair in pairs:
            frame1, frame2 = frames_of(pair)
            both = [(frame1, frame2), (frame2, frame1)]
            yield pair, [self.flow(*frames) for frames in both[:directions]]

    def _sharing(
        self, pairs: Iterable[Any], kind: type[StreamNetwork]
    ) -> Iterator[tuple[Any, list[np.ndarray]]]:
        previous: Any = None  # frame2 of the pair before, its RGB and its pyramid
        previous_rgb: np.ndarray | None = None
        features: Features | None = None
        for pair in pairs:
            frame1, frame2 = frames_of(pair)
            if previous_rgb is None or frame1 is not previous:
                previous_rgb, features = rgb_frame(frame1, self._value_range, "frame1"), None
            rgb2 = rgb_frame(frame2, self._value_range, "frame2")
            check_same_size(previous_rgb, rgb2)
            height, width = rgb2.shape[:2]
            size = padded_size(height, width)
            if not self._networks.has(kind, *size):
                self._memory.check((height, width), 1, kind.DIRECTIONS)
            network = self._networks.get(kind, *size)
            if features is None:
                features = network.features(previous_rgb)
            flows, features = network.flow(features, rgb2)
            previous, previous_rgb = frame2, rgb2
            yield pair, [crop(flow, height, width) for flow in flows]

    def _network_size(self, count: int, height: int, width: int) -> tuple[int, int, int]:
        """Returns (pairs, height, width) of the network's input."""
        if self.fixed_size is None:
            return (count,) + padded_size(height, width)
        if count != self.fixed_size[0] or height > self.fixed_size[1] or width > self.fixed_size[2]:
            level = "" if self.quality == PLAIN else ' (a pass of the level "%s")' % self.quality
            raise ValueError(
                "The frozen graph %s takes %d pairs of at most %dx%d pixels (height x width), not "
                "%d of %dx%d%s; a checkpoint takes any size"
                % ((self.path,) + self.fixed_size + (count, height, width, level))
            )
        return self.fixed_size
