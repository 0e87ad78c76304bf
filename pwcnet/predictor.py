"""Frames in, flow out: from a checkpoint (any size) or a frozen graph (one size)."""
from collections import OrderedDict

import numpy as np

from pwcnet.checkpoint import Checkpoint
from pwcnet.export import freeze, frozen_input_shape, import_frozen, read_frozen
from pwcnet.flow.padding import crop, network_input, padded_size
from pwcnet.runtime import tf
from pwcnet.runtime.sessions import session_config

GRAPHS_KEPT = 2


class Predictor:
    """Flow between frames of any size; `with Predictor(path) as predictor: flow = predictor.flow(frame1, frame2)`.

    path: a checkpoint, or a frozen graph (a file ending in .pb), whose size bounds the frames' size.
    A graph is built for each padded size that comes; the last two are kept.
    """

    def __init__(self, path, config=None):
        self.path = path
        self._config = config or session_config()
        self._sessions = OrderedDict()
        if str(path).endswith(".pb"):
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
        x = np.stack([np.stack([network_input(frame, height, width) for frame in pair]) for pair in pairs])
        session, tensor, output = self._session(batch, height, width)
        flows = session.run(output, {tensor: x})
        return [crop(flow, shape[0], shape[1]) for flow in flows]

    def _network_size(self, count, shape):
        if self._checkpoint is not None:
            return (count,) + padded_size(shape[0], shape[1])
        batch, height, width = self.fixed_size
        if count != batch or shape[0] > height or shape[1] > width:
            raise ValueError("expected batches of %d pairs of at most %dx%d, got %d of %dx%d for %s; freeze one for this size, or use the checkpoint" % (
                batch, height, width, count, shape[0], shape[1], self.path))
        return self.fixed_size

    def _session(self, *size):
        if size not in self._sessions:
            while len(self._sessions) >= GRAPHS_KEPT:
                self._sessions.popitem(last=False)[1][0].close()
            with tf.Graph().as_default() as graph:
                tensors = import_frozen(self._frozen or freeze(self._checkpoint, *size))
                self._sessions[size] = (tf.Session(graph=graph, config=self._config),) + tuple(tensors)
        self._sessions.move_to_end(size)
        return self._sessions[size]

    def close(self):
        """Ends the sessions."""
        while self._sessions:
            self._sessions.popitem()[1][0].close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _common_shape(pairs):
    if not pairs:
        raise ValueError("expected at least one pair, got none")
    frames = [np.asarray(frame) for pair in pairs for frame in pair]
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError("expected frames [H, W, 3] uint8 RGB, got %s %s" % (list(frame.shape), frame.dtype))
        if frame.shape != frames[0].shape:
            raise ValueError("expected frames of one size, got %dx%d and %dx%d" % (frames[0].shape[:2] + frame.shape[:2]))
    return frames[0].shape
