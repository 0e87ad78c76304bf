"""Workers joined by TensorFlow's own collective operations over gRPC.

Nothing has to be installed, on TensorFlow 1.15 and 2. The sum goes through the hosts' memory, on
machines with GPUs too.

When another worker dies, the step fails with a tf.errors.OpError, and the session still works for
what needs no other worker, such as saving. A worker that dies within the sum itself, or a machine
that falls silent, can leave the step waiting: then only the launcher's grace period ends it, and
the last checkpoint is what remains.
"""

from __future__ import annotations

import os
import secrets
import threading
from typing import Any, Callable, Mapping

import numpy as np

from pwcnet.distributed.rendezvous import (
    accept_workers,
    connect_to_leader,
    host_of,
    listen,
    wait_for_addresses,
)
from pwcnet.distributed.workers import Workers
from pwcnet.runtime.tensorflow import tf

JOB = "worker"
# Threads of a session: one waits at the barrier, others answer workers that are on their way.
BARRIER_THREADS = 8
JOIN_SECONDS = 1800.0  # that the workers wait for each other at the start
KEY_NUMBERS = 8  # of the part of the key that the leader draws, 31 bits each

# Servers cannot be stopped. They are kept until the process ends, past the point where TensorFlow
# would complain of that.
_servers: list[Any] = []


class CollectiveWorkers(Workers):
    """Workers by PWCNET_RANK and PWCNET_ADDRESSES in the environment.

    One object a process: its server listens until the process ends.

    Args:
        config: The ConfigProto of the sessions.

    Raises:
        ValueError: The environment does not fit, this worker's address is in use, or another worker
            has not started in time.
    """

    def __init__(self, config: tf.ConfigProto) -> None:
        self.rank, addresses = _rank_and_addresses(os.environ)
        seconds = _join_seconds(os.environ)
        self.size = len(addresses)
        super().__init__(self._server_config(config))
        self._collectives = 0
        self._barrier: _Barrier | None = None
        try:
            self._server = tf.train.Server(
                {JOB: addresses}, job_name=JOB, task_index=self.rank, config=self.config
            )
        except tf.errors.OpError:
            raise ValueError(
                "%s, the address of worker %d in PWCNET_ADDRESSES, is in use on this machine"
                % (addresses[self.rank], self.rank)
            )
        _servers.append(self._server)
        if self.size > 1:
            others = [address for address in addresses if address != addresses[self.rank]]
            wait_for_addresses(others, seconds)
            host = host_of(addresses[0])
            self._barrier = _Barrier(self.rank, self.size, host, self._sum_at_once, seconds)

    def _server_config(self, config: tf.ConfigProto) -> tf.ConfigProto:
        changed = tf.ConfigProto()
        changed.CopyFrom(config)
        changed.isolate_session_state = True
        changed.experimental.collective_group_leader = "/job:%s/replica:0/task:0" % JOB
        changed.device_filters.append("/job:%s/task:%d" % (JOB, self.rank))
        if self.size > 1:
            changed.inter_op_parallelism_threads = max(
                BARRIER_THREADS, config.inter_op_parallelism_threads or os.cpu_count() or 1
            )
        return changed

    def session(self) -> tf.Session:
        """Returns a session on this worker's server."""
        return tf.Session(self._server.target, config=self.config)

    def close(self) -> None:
        """Closes the connections to the other workers."""
        if self._barrier:
            self._barrier.close()

    def _sum(self, flat: tf.Tensor) -> tf.Tensor:
        if self._barrier:
            with tf.control_dependencies([flat]), tf.device(self._cpu):
                arrived = tf.py_func(self._barrier.wait, [], tf.bool)
            with tf.control_dependencies([arrived]):
                flat = tf.identity(flat)
        self._collectives += 1
        with tf.device(self._cpu):
            return tf.raw_ops.CollectiveReduce(
                input=flat,
                group_size=self.size,
                group_key=1,
                instance_key=self._collectives,
                merge_op="Add",
                final_op="Id",
                subdiv_offsets=[0],
            )

    @property
    def _cpu(self) -> str:
        return "/job:%s/replica:0/task:%d/device:CPU:0" % (JOB, self.rank)

    def _sum_at_once(self, numbers: list[int]) -> list[int]:
        """The sums of the workers' numbers, in a session of its own."""
        with tf.Graph().as_default():
            total = self._sum(tf.constant(numbers, tf.int32))
            with self.session() as session:
                return [int(number) for number in session.run(total)]


class _Barrier:
    """Where the workers wait for each other right before a sum.

    TensorFlow may wait forever in a sum for a worker that died before it; here its connection
    breaks.

    Args:
        rank: The number of this worker; the others connect to the leader.
        size: The number of workers.
        host: The leader's host.
        sum_at_once: Function that adds the workers' numbers: it tells them the leader's port and
            the part of the key that the leader draws. The other part is PWCNET_SECRET.
        seconds: How long the leader waits for the connections.
    """

    def __init__(
        self,
        rank: int,
        size: int,
        host: str,
        sum_at_once: Callable[[list[int]], list[int]],
        seconds: float,
    ) -> None:
        self._leader = rank == 0
        self._lock = threading.Lock()  # sums of one step may run at the same time
        if self._leader:
            with listen(host) as listener:
                drawn = [secrets.randbits(31) for _ in range(KEY_NUMBERS)]
                numbers = sum_at_once([listener.getsockname()[1]] + drawn)
                self._others = accept_workers(listener, range(1, size), _key(numbers), seconds)
        else:
            numbers = sum_at_once([0] * (1 + KEY_NUMBERS))
            self._others = [connect_to_leader(host, numbers[0], rank, _key(numbers))]

    def wait(self) -> np.bool_:
        """Returns when all workers are here. Raises ConnectionError when one has gone."""
        try:
            with self._lock:
                for action in ("recv", "send") if self._leader else ("send", "recv"):
                    for other in self._others:
                        if action == "send":
                            other.sendall(b".")
                        elif not other.recv(1):
                            raise ConnectionError
        except OSError:
            raise ConnectionError("another worker has gone")
        return np.True_

    def close(self) -> None:
        for other in self._others:
            other.close()


def _key(numbers: list[int]) -> bytes:
    """The key of the workers: PWCNET_SECRET, and what the leader drew."""
    drawn = " ".join(map(str, numbers[1:]))
    return (os.environ.get("PWCNET_SECRET", "") + " " + drawn).encode()


def _join_seconds(environ: Mapping[str, str]) -> float:
    text = environ.get("PWCNET_JOIN_SECONDS") or str(JOIN_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError("expected seconds above 0 in PWCNET_JOIN_SECONDS, got %r" % text)
    return seconds


def _rank_and_addresses(environ: Mapping[str, str]) -> tuple[int, list[str]]:
    """(rank, addresses of all workers) from the environment."""
    rank = environ.get("PWCNET_RANK", "")
    listed = environ.get("PWCNET_ADDRESSES", "").split(",")
    addresses = [address.strip() for address in listed if address.strip()]
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError("expected host:port in PWCNET_ADDRESSES, got %r" % address)
    if not rank.isdigit() or int(rank) >= len(addresses):
        raise ValueError(
            "expected PWCNET_RANK to number one of the %d workers in PWCNET_ADDRESSES, got %r"
            % (len(addresses), rank)
        )
    return int(rank), addresses
