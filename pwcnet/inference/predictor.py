"""Frames in, flow out: from a checkpoint (frames of any size) or a frozen graph (one size)."""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import Any, Callable, Iterable, Iterator

import numpy as np

from pwcnet.export.frozen_graph import frozen_input_shape, read_frozen
from pwcnet.flow.padding import crop, pad, padded_size
from pwcnet.inference.frames import check_same_size, frames_of, rgb_frame, rgb_pair
from pwcnet.inference.int8_network import Int8Network, check_int8_session
from pwcnet.inference.networks import Features, Network, PairNetwork, StreamNetwork, TwoWayNetwork
from pwcnet.runtime import devices
from pwcnet.runtime.choices import INT8
from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights

MAX_OPEN_GRAPHS = 2


class Predictor:
    """Predicts the flow between frames of any size.

    A graph is built for each padded size (the next multiples of 64); the last two are kept. int8
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
        fixed_size: (pairs, height, width) of a frozen graph's input; None for a checkpoint.
    """

    def __init__(
        self,
        weights: str | os.PathLike | None = None,
        session_config: tf.ConfigProto | None = None,
        precision: str = "float32",
        value_range: float = 1.0,
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

        Raises:
            FileNotFoundError: There are no such weights.
            ValueError: The weights are not readable or are those of another network, or the
                precision is unknown or not available.
        """
        self.path = shipped_weights() if weights is None else weights
        self.precision = devices.checked_precision(precision)
        self._session_config = session_config or devices.session_config()
        self._value_range = float(value_range)
        if not 0 < self._value_range < np.inf:
            raise ValueError("value_range is %r; it is a number above 0" % (value_range,))
        self._open: OrderedDict[Any, Any] = OrderedDict()
        self._frozen: tf.GraphDef | None = None
        self._checkpoint: Checkpoint | None = None
        self.fixed_size: tuple[int, int, int] | None = None
        if str(self.path).endswith(".pb"):
            if precision != "float32":
                raise ValueError(
                    "The precision of the frozen graph %s is fixed; only a checkpoint can be "
                    "computed in %s" % (self.path, precision)
                )
            self._frozen = read_frozen(self.path)
            self.fixed_size = frozen_input_shape(self._frozen, self.path)
        else:
            self._checkpoint = Checkpoint(self.path)
        if precision == INT8:
            check_int8_session(self._session_config)

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
        frames = [rgb_pair(pair, self._value_range) for pair in pairs]
        if not frames:
            raise ValueError("There are no pairs to predict the flow of")
        height, width = frames[0][0].shape[:2]
        for number, (frame, _) in enumerate(frames, 1):
            if frame.shape != frames[0][0].shape:
                raise ValueError(
                    "Pair %d has frames of %dx%d pixels (height x width), pair 1 has frames of "
                    "%dx%d; all pairs of one call must have one size"
                    % ((number,) + frame.shape[:2] + (height, width))
                )
        size = self._network_size(len(frames), height, width)
        x = np.stack([np.stack([pad(frame, *size[1:]) for frame in pair]) for pair in frames])
        network = (
            self._network(Int8Network, *size[1:])
            if self.precision == INT8
            else self._network(PairNetwork, *size)
        )
        flows = network.flows(x)
        return [crop(flow, height, width) for flow in flows]

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
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _in_turn(
        self, pairs: Iterable[Any], kind: type[StreamNetwork]
    ) -> Iterator[tuple[Any, list[np.ndarray]]]:
        """Yields (pair, flows), one flow for each of the kind's directions."""
        previous: Any = None  # frame2 of the pair before, its RGB and its pyramid
        previous_rgb: np.ndarray | None = None
        features: Features | None = None
        for pair in pairs:
            frame1, frame2 = frames_of(pair)
            if self._checkpoint is None or self.precision == INT8:
                both = [(frame1, frame2), (frame2, frame1)]
                yield pair, [self.flow(*frames) for frames in both[: kind.DIRECTIONS]]
                continue
            if previous_rgb is None or frame1 is not previous:
                previous_rgb, features = rgb_frame(frame1, self._value_range, "frame1"), None
            rgb2 = rgb_frame(frame2, self._value_range, "frame2")
            check_same_size(previous_rgb, rgb2)
            height, width = rgb2.shape[:2]
            network = self._network(kind, *padded_size(height, width))
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
            raise ValueError(
                "The frozen graph %s takes %d pairs of at most %dx%d pixels (height x width), not "
                "%d of %dx%d; a checkpoint takes any size"
                % ((self.path,) + self.fixed_size + (count, height, width))
            )
        return self.fixed_size

    def _network(self, kind: Callable[..., Network | Int8Network], *size: int) -> Any:
        """Returns the network of a kind and size; builds it unless it is among the last used."""
        key = (kind,) + size
        if key not in self._open:
            while len(self._open) >= MAX_OPEN_GRAPHS:
                self._open.popitem(last=False)[1].close()
            weights = self._frozen if self._checkpoint is None else self._checkpoint
            self._open[key] = kind(weights, self._session_config, self.precision, *size)
        self._open.move_to_end(key)
        return self._open[key]
