"""Stands in for CANN's TF Adapter: it notes calls, and processes meet through files."""

import os
import time
from weakref import WeakKeyDictionary

import numpy as np

CALLS = []  # names and arguments, in order
LAST = WeakKeyDictionary()  # {kind: the exchange that was made last}, by graph
WAIT = 30  # seconds


def rank():
    return int(os.environ.get("RANK_ID", 0))


def size():
    return int(os.environ.get("RANK_SIZE", 1))


def in_order(tensor, kind):
    """Makes the op of an exchange run after those made before it in its graph.

    In any order, all ranks could wait for each other.
    """
    last = LAST.setdefault(tensor.graph, {})
    if kind in last:
        tensor.op._add_control_input(last[kind])
    last[kind] = tensor.op
    return tensor


def exchange(name, array):
    """The arrays of all ranks, by rank, for the n-th exchange of that name."""
    if size() == 1:
        return [array]
    count = sum(call == ("exchange", name) for call in CALLS)
    CALLS.append(("exchange", name))
    folder = os.environ["STANDIN_EXCHANGE"]
    own = os.path.join(folder, "%s-%d-%d.npy" % (name, count, rank()))
    np.save(own + ".part.npy", array)
    os.rename(own + ".part.npy", own)
    return [
        _wait(os.path.join(folder, "%s-%d-%d.npy" % (name, count, other)))
        for other in range(size())
    ]


def _wait(path):
    until = time.time() + WAIT
    while not os.path.exists(path):
        if time.time() > until:
            raise RuntimeError("no %s" % path)
        time.sleep(0.005)
    return np.load(path)
