"""Workers joined by TensorFlow's own collective operations over gRPC: nothing to install, on TensorFlow 1.15 and 2.

The sum goes through the hosts' memory, on machines with GPUs too. When another worker dies, the step fails with a tf.errors.OpError, and the session still
works for what needs no other worker, such as saving. One that dies within the sum itself, or a machine that falls silent, can leave the step waiting: then
only the launcher's grace ends it, and the last checkpoint is what stays.
"""

import os
import threading
from multiprocessing.connection import Client, Listener

import numpy as np

from pwcnet.distributed.workers import Workers
from pwcnet.runtime.tensorflow import tf

JOB = "worker"
MEETING_THREADS = 8

_servers = []  # they cannot be stopped: kept until the process ends, past the point where TensorFlow would complain of that


class CollectiveWorkers(Workers):
    """Reads PWCNET_RANK and PWCNET_ADDRESSES. One object a process: its server listens until the process ends."""

    def __init__(self, config):
        self.rank, addresses = _place(os.environ)
        self.size = len(addresses)
        made = tf.ConfigProto()
        made.CopyFrom(config)
        made.isolate_session_state = True
        made.experimental.collective_group_leader = "/job:%s/replica:0/task:0" % JOB
        made.device_filters.append("/job:%s/task:%d" % (JOB, self.rank))
        if (
            self.size > 1
        ):  # a thread waits in the meeting; others answer the workers that are on their way
            made.inter_op_parallelism_threads = max(
                MEETING_THREADS, config.inter_op_parallelism_threads or os.cpu_count() or 1
            )
        super().__init__(made)
        self._collectives, self._meeting = 0, None
        try:
            self._server = tf.train.Server(
                {JOB: addresses}, job_name=JOB, task_index=self.rank, config=made
            )
        except tf.errors.OpError:
            raise ValueError(
                "expected %s, the address of worker %d, to be free on this machine; choose another port in PWCNET_ADDRESSES"
                % (addresses[self.rank], self.rank)
            )
        _servers.append(self._server)
        if self.size > 1:
            self._meeting = _Meeting(
                self.leader, self.size, addresses[0].rsplit(":", 1)[0], self._agree
            )

    def session(self):
        return tf.Session(self._server.target, config=self.config)

    def close(self):
        if self._meeting:
            self._meeting.close()

    def _sum(self, flat):
        if self._meeting:
            with tf.control_dependencies([flat]), tf.device(self._cpu):
                together = tf.py_func(self._meeting.meet, [], tf.bool)
            with tf.control_dependencies([together]):
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
    def _cpu(self):
        return "/job:%s/replica:0/task:%d/device:CPU:0" % (JOB, self.rank)

    def _agree(self, number):
        """The sum of the workers' numbers, at once."""
        with tf.Graph().as_default():
            total = self._sum(tf.constant([number], tf.int32))
            with self.session() as session:
                return int(session.run(total)[0])


class _Meeting:
    """Where the workers meet right before a sum. TensorFlow may wait forever in a sum for a worker that died before it; here its connection breaks."""

    def __init__(self, leader, size, host, agree):
        listener = Listener(("", 0)) if leader else None
        port = agree(listener.address[1] if leader else 0)
        self._leader, self._others = (
            leader,
            [listener.accept() for _ in range(size - 1)] if leader else [Client((host, port))],
        )
        self._lock = threading.Lock()  # sums of one step may run at the same time
        if leader:
            listener.close()

    def meet(self):
        """Returns when all workers are here. Raises ConnectionError when one has gone."""
        try:
            with self._lock:
                for act in ("recv", "send") if self._leader else ("send", "recv"):
                    for other in self._others:
                        other.send_bytes(b".") if act == "send" else other.recv_bytes()
        except (EOFError, OSError):
            raise ConnectionError("another worker has gone")
        return np.True_

    def close(self):
        for other in self._others:
            other.close()


def _place(environ):
    """(rank, list of all addresses) from the environment."""
    rank, addresses = (
        environ.get("PWCNET_RANK", ""),
        [
            address.strip()
            for address in environ.get("PWCNET_ADDRESSES", "").split(",")
            if address.strip()
        ],
    )
    for address in addresses:
        if not address.rpartition(":")[0] or not address.rpartition(":")[2].isdigit():
            raise ValueError("expected host:port in PWCNET_ADDRESSES, got %r" % address)
    if not rank.isdigit() or int(rank) >= len(addresses):
        raise ValueError(
            "expected PWCNET_RANK to number one of the %d workers in PWCNET_ADDRESSES, got %r; start workers with scripts/launch.py"
            % (len(addresses), rank)
        )
    return int(rank), addresses
