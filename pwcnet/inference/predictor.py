"""Frames in, flow out: from a checkpoint (any size) or a frozen graph (one size)."""

from collections import OrderedDict

import numpy as np

from pwcnet.export.frozen_graph import freeze, frozen_input_shape, import_frozen, read_frozen
from pwcnet.flow.padding import crop, network_input, padded_size
from pwcnet.model.network import flow_between, pyramid_of
from pwcnet.runtime.devices import checked_precision, session_config, target_of
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.weights.checkpoint import Checkpoint

GRAPHS_KEPT = 2


class Predictor:
    """Flow between frames of any size; `with Predictor(path) as predictor: flow = predictor.flow(frame1, frame2)`.

    path: a checkpoint, or a frozen graph (a file ending in .pb), whose size bounds the frames' size. config: of pwcnet.runtime.devices, None for the default.
    precision: the type that features are computed in (pwcnet.runtime.devices); a frozen graph has its own.
    A graph is built for each padded size that comes; the last two are kept. Predicting raises ValueError, with the cause, where TensorFlow fails.
    """

    def __init__(self, path, config=None, precision="float32"):
        self.path, self.precision = path, checked_precision(precision)
        self._config = config or session_config()
        self._open = OrderedDict()
        if str(path).endswith(".pb"):
            if precision != "float32":
                raise ValueError(
                    "expected a checkpoint for precision %s, got the frozen graph %s, whose precision is fixed; use the checkpoint"
                    % (precision, path)
                )
            self._frozen, self._checkpoint = read_frozen(path), None
            self.fixed_size = frozen_input_shape(self._frozen)
        else:
            self._frozen, self._checkpoint = None, Checkpoint(path)
            self.fixed_size = None

    def flow(self, frame1, frame2):
        """frame1, frame2: [H, W, 3] uint8 RGB of one size. Returns [H, W, 2] float32, pixels, channels (u, v)."""
        return self.flows([(frame1, frame2)])[0]

    def flows(self, pairs):
        """Flows of several pairs of one size, in one run of the network. Raises ValueError for frames of different sizes or other types."""
        shape = _common_shape(pairs)
        batch, height, width = self._network_size(len(pairs), shape)
        x = np.stack(
            [np.stack([network_input(frame, height, width) for frame in pair]) for pair in pairs]
        )
        flows = self._cached(Pairs, batch, height, width).flows(x)
        return [crop(flow, shape[0], shape[1]) for flow in flows]

    def consecutive(self, pairs):
        """(pair, its flow [H, W, 2] float32) for each of many pairs, in order; neighbours that have a frame in common share its feature pyramid.

        pairs: iterable of objects with frame1 and frame2 (pwcnet.io.frame_pairs.Pair, for one), frames as `flow` takes them, not changed in place meanwhile. Where a
        frame1 is the frame2 before, the same array, n frames cost n pyramids in the place of 2 (n - 1). A frozen graph has no place to put a pyramid in: it
        predicts pair by pair.
        """
        for pair, (flow,) in self._in_turn(pairs, Stream):
            yield pair, flow

    def both_ways(self, pairs):
        """(pair, flow, flow back) for each of many pairs, as `consecutive`: from frame1 to frame2, and from frame2 to frame1, of the same two pyramids."""
        for pair, (forward, backward) in self._in_turn(pairs, TwoWayStream):
            yield pair, forward, backward

    def _in_turn(self, pairs, kind):
        """(pair, its flows), one for each of the directions of a kind of Stream."""
        earlier, features = None, None
        for pair in pairs:
            frames = pair.frame1, pair.frame2
            if self._checkpoint is None:
                yield (
                    pair,
                    [
                        self.flow(frames[start], frames[1 - start])
                        for start in range(kind.DIRECTIONS)
                    ],
                )
                continue
            height, width, _ = _common_shape([frames])
            stream = self._cached(kind, *padded_size(height, width))
            if pair.frame1 is not earlier:
                features = stream.features(pair.frame1)
            flows, features = stream.flow(features, pair.frame2)
            earlier = pair.frame2
            yield pair, [crop(flow, height, width) for flow in flows]

    def _network_size(self, count, shape):
        if self._checkpoint is not None:
            return (count,) + padded_size(shape[0], shape[1])
        batch, height, width = self.fixed_size
        if count != batch or shape[0] > height or shape[1] > width:
            raise ValueError(
                "expected batches of %d pairs of at most %dx%d, got %d of %dx%d for %s; freeze one for this size, or use the checkpoint"
                % (batch, height, width, count, shape[0], shape[1], self.path)
            )
        return self.fixed_size

    def _cached(self, kind, *size):
        """A graph with its session, built where it is not among the last ones used."""
        key = (kind,) + size
        if key not in self._open:
            while len(self._open) >= GRAPHS_KEPT:
                self._open.popitem(last=False)[1].close()
            self._open[key] = kind(
                self._frozen or self._checkpoint, self._config, self.precision, *size
            )
        self._open.move_to_end(key)
        return self._open[key]

    def close(self):
        """Ends the sessions."""
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Graph:
    """A graph and its session."""

    def __init__(self, config):
        self.graph = tf.Graph()
        self.session = tf.Session(graph=self.graph, config=config)

    def run(self, wanted, feed, size):
        """What the session gives. size: height and width. Raises ValueError, with the cause, where TensorFlow fails."""
        try:
            return self.session.run(wanted, feed)
        except tf.errors.OpError as error:
            raise ValueError(
                "expected flow of %dx%d pixels (height x width, padded), got an error of TensorFlow (%s); try smaller frames, or --device cpu"
                % (tuple(size) + (cause(error),))
            ) from error

    def close(self):
        self.session.close()


class Pairs(_Graph):
    """The network from frames to flow, for pairs of one size, with weights as constants."""

    def __init__(self, source, config, precision, batch, height, width):
        super().__init__(config)
        with self.graph.as_default():
            self.x, self.output = import_frozen(
                source
                if isinstance(source, tf.GraphDef)
                else freeze(source, batch, height, width, target_of(config), precision)
            )

    def flows(self, pairs):
        """[B, 2, H, W, 3] float32 -> [B, H, W, 2] float32."""
        return self.run(self.output, {self.x: pairs}, pairs.shape[2:4])


class Stream(_Graph):
    """The network cut after the feature pyramid, so that a frame's pyramid serves the pair before it and the pair after it."""

    DIRECTIONS = 1

    def __init__(self, checkpoint, config, precision, height, width):
        super().__init__(config)
        self.size = height, width
        with self.graph.as_default(), checkpoint.as_constants():
            self.frame = tf.placeholder(tf.float32, [1, height, width, 3])
            self.own = pyramid_of(tf.cast(self.frame, precision))
            self.other = {level: tf.placeholder(f.dtype, f.shape) for level, f in self.own.items()}
            self.output, _ = flow_between(*self._directions(), checkpoint.config, target_of(config))

    def _directions(self):
        """The pyramids at the starts and at the ends of the flows."""
        return self.other, self.own

    def features(self, frame):
        """The pyramid of a frame [H, W, 3] uint8: {level: array}."""
        return self.run(self.own, {self.frame: self._input(frame)}, self.size)

    def flow(self, features, frame):
        """The flow [1, H, W, 2] from the frame of these features to this one, and this one's features, in one run."""
        feed = {self.other[level]: array for level, array in features.items()}
        feed[self.frame] = self._input(frame)
        return self.run([self.output, self.own], feed, self.size)

    def _input(self, frame):
        return network_input(frame, *self.size)[np.newaxis]


class TwoWayStream(Stream):
    """The same with the flow back as the second of a batch: `flow` gives [2, H, W, 2]."""

    DIRECTIONS = 2

    def _directions(self):
        return _joined(self.other, self.own), _joined(self.own, self.other)


def _joined(first, second):
    return {level: tf.concat([first[level], second[level]], axis=0) for level in first}


def _common_shape(pairs):
    if not pairs:
        raise ValueError("expected at least one pair, got none; try adding one")
    frames = [np.asarray(frame) for pair in pairs for frame in pair]
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(
                "expected frames [H, W, 3] uint8 RGB, got %s %s; try pwcnet.io.images.read_frame"
                % (list(frame.shape), frame.dtype)
            )
        if frame.shape != frames[0].shape:
            raise ValueError(
                "expected frames of one size, got %dx%d and %dx%d; try scaling one of them"
                % (frames[0].shape[:2] + frame.shape[:2])
            )
    return frames[0].shape
