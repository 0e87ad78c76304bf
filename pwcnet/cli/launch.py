"""Starts several workers of a training command on this machine, and ends them together.

    python scripts/launch.py --workers 2 -- scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py --iterations 200000 ...

Only worker 0, the leader, writes checkpoints; its output is shown, the others' only where they fail. Ctrl-C and SIGTERM go to the leader, which saves; a second
one ends all at once. Several machines: give all of them the same --addresses (or, for Ascend NPUs, --rank_table), and each its --first_rank and number of
--workers.
"""

import ctypes
import importlib.util
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_float, positive_int

log = logging.getLogger(__name__)
POLL = 0.1  # seconds
TAIL = 20  # lines shown of a failed worker's output
PR_SET_PDEATHSIG = 1  # linux/prctl.h
HCCL_JOB = "10087"  # by convention


def parser(prog=None):
    made = ArgumentParser(
        prog=prog,
        description=__doc__,
    )
    made.add_argument(
        "--workers", type=positive_int, required=True, help="processes on this machine"
    )
    made.add_argument(
        "--engine",
        choices=("auto", "horovod", "collective", "hccl"),
        default="auto",
        help="auto: horovod where it is installed, otherwise collective; hccl: one worker for each Ascend NPU",
    )
    made.add_argument(
        "--addresses",
        type=addresses,
        help="host:port of all workers of all machines, by rank, separated by commas; default: free local ports",
    )
    made.add_argument(
        "--first_rank",
        type=non_negative_int,
        default=0,
        help="rank of this machine's first worker, with --addresses or --rank_table",
    )
    made.add_argument(
        "--rank_table",
        metavar="FILE",
        help="of scripts/make_rank_table.py, for --engine hccl; default: RANK_TABLE_FILE of the environment",
    )
    made.add_argument(
        "--grace",
        type=positive_float,
        default=15,
        help="seconds that the leader has for saving once another worker died",
    )
    made.add_argument(
        "command",
        nargs="+",
        metavar="-- COMMAND",
        help="a training command; a .py file runs with this interpreter",
    )
    return made


def addresses(text):
    return [address.strip() for address in text.split(",")]


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    command = ([sys.executable] if args.command[0].endswith(".py") else []) + args.command
    engine = (
        args.engine
        if args.engine != "auto"
        else "collective"
        if args.addresses or not _installed("horovod")
        else "horovod"
    )
    if engine != "collective" and args.addresses:
        raise ValueError(
            "expected --engine collective for --addresses, got %s; start Horovod on several machines with its own horovodrun"
            % engine
        )
    if args.addresses and len(args.addresses) < args.first_rank + args.workers:
        raise ValueError(
            "expected --addresses for workers %d to %d, got %d of them"
            % (args.first_rank, args.first_rank + args.workers - 1, len(args.addresses))
        )
    settings = {"horovod": _horovod, "collective": _collective, "hccl": _hccl}[engine](args)
    workers = []
    signals = _Signals(workers)
    try:
        for rank, environ in enumerate(settings, args.first_rank):
            workers.append(
                _Worker(rank, command, dict(os.environ, PWCNET_ENGINE=engine, **environ))
            )
        return _watch(workers, signals, args.grace)
    finally:
        for worker in workers:
            worker.kill()


def _collective(args):
    """The environment of each worker here."""
    places = args.addresses or _free_addresses(args.workers)
    return [
        dict(_gpu(n), PWCNET_RANK=str(args.first_rank + n), PWCNET_ADDRESSES=",".join(places))
        for n in range(args.workers)
    ]


def _horovod(args):
    """The same for Horovod with Gloo, which finds its peers through a small server in this process."""
    if not _installed("horovod"):
        from pwcnet.distributed.engines import horovod_install_command

        raise ValueError(
            "expected Horovod in %s; install it with: %s; or use --engine collective"
            % (sys.executable, horovod_install_command(sys.executable))
        )
    from horovod.runner.common.util.hosts import get_host_assignments, parse_hosts
    from horovod.runner.gloo_run import create_slot_env_vars
    from horovod.runner.http.http_server import RendezvousServer

    places = get_host_assignments(parse_hosts("localhost:%d" % args.workers), args.workers)
    server = RendezvousServer()
    port = server.start()
    server.init(places)
    return [
        dict(
            _gpu(n),
            HOROVOD_GLOO_RENDEZVOUS_ADDR="127.0.0.1",
            HOROVOD_GLOO_RENDEZVOUS_PORT=str(port),
            HOROVOD_CONTROLLER="gloo",
            HOROVOD_CPU_OPERATIONS="gloo",
            HOROVOD_GLOO_IFACE="lo",
            **create_slot_env_vars(place),
        )
        for n, place in enumerate(places)
    ]


def _hccl(args):
    """The same for HCCL, with the devices that the rank table gives to the ranks of this machine."""
    if not (args.rank_table or os.environ.get("RANK_TABLE_FILE")):
        raise ValueError(
            "expected --rank_table or RANK_TABLE_FILE for the engine hccl, got neither; make one with scripts/make_rank_table.py"
        )
    from pwcnet.ascend.rank_table import ranks_of_servers, read_rank_table

    path = os.path.abspath(args.rank_table or os.environ["RANK_TABLE_FILE"])
    servers = ranks_of_servers(read_rank_table(path))
    devices = next((devices for _, devices in servers if args.first_rank in devices), {})
    if sorted(devices) != list(range(args.first_rank, args.first_rank + args.workers)):
        raise ValueError(
            "expected the ranks of one server of %s, got --workers %d from --first_rank %d; the servers are %s"
            % (
                path,
                args.workers,
                args.first_rank,
                "; ".join(
                    "%s with ranks %s" % (each, ",".join(map(str, sorted(ranks))))
                    for each, ranks in servers
                ),
            )
        )
    shared = {
        "RANK_TABLE_FILE": path,
        "RANK_SIZE": str(sum(len(ranks) for _, ranks in servers)),
        "JOB_ID": os.environ.get("JOB_ID") or HCCL_JOB,
    }
    return [
        dict(shared, RANK_ID=str(rank), ASCEND_DEVICE_ID=devices[rank]) for rank in sorted(devices)
    ]


def _installed(package):
    return importlib.util.find_spec(package) is not None


def _gpu(number):
    """One GPU for each worker, in turn, of those that CUDA_VISIBLE_DEVICES or nvidia-smi names; nothing where there is none."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None and shutil.which("nvidia-smi"):
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )
        named = ",".join(listed.stdout.split()) if listed.returncode == 0 else None
    devices = [device for device in (named or "").split(",") if device.strip()]
    return {"CUDA_VISIBLE_DEVICES": devices[number % len(devices)].strip()} if devices else {}


def _free_addresses(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return ["127.0.0.1:%d" % each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class _Worker:
    """One process, in a session of its own, so that a terminal's Ctrl-C reaches the launcher alone."""

    def __init__(self, rank, command, environ):
        self.rank = rank
        self._output = None if rank == 0 else tempfile.TemporaryFile()
        launcher = os.getpid()
        try:
            self.process = subprocess.Popen(
                command,
                env=environ,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output and subprocess.STDOUT,
                preexec_fn=lambda: _end_with(launcher),
            )
        except OSError as error:
            raise ValueError(
                "expected a command that can be started, got %s (%s); try a .py file, or python and one"
                % (command[0], error.strerror)
            )

    @property
    def code(self):
        """None while it runs; its exit code, or minus the signal that ended it."""
        return self.process.poll()

    def send(self, number):
        if self.code is None:
            self.process.send_signal(number)

    def kill(self):
        """Ends it and what it started, data readers for example."""
        if self.code is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def wait(self, seconds):
        """Whether it ended within that time."""
        until = time.time() + seconds
        while self.code is None and time.time() < until:
            time.sleep(POLL)
        return self.code is not None

    def ending(self):
        """How it ended, in words."""
        return (
            "was killed by %s" % signal.Signals(-self.code).name
            if self.code < 0
            else "ended with exit code %d" % self.code
        )

    def tail(self):
        """The last lines of its output, where they were not shown."""
        if not self._output:
            return []
        self._output.seek(0)
        return self._output.read().decode(errors="replace").splitlines()[-TAIL:]


def _end_with(launcher):
    """In the worker, before its program: a killed launcher leaves no workers behind; the leader saves."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != launcher:
        os._exit(1)


class _Signals:
    """Passes Ctrl-C and SIGTERM on: the first to the leader alone, because the others must take part in the step that it is in; a second ends all."""

    def __init__(self, workers):
        self.received, self._workers = 0, workers
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._receive)

    def _receive(self, number, _):
        self.received += 1
        for worker in self._workers:
            if self.received > 1:
                worker.kill()
            elif worker is self._workers[0]:
                worker.send(number)


def _watch(workers, signals, grace):
    """Waits for the workers; returns the exit code."""
    leader = workers[0]  # of this machine
    while leader.code is None and not any(worker.code for worker in workers):
        time.sleep(POLL)
    if signals.received:  # the leader may have been told after another worker failed
        leader.process.wait()
        return 128 + -leader.code if leader.code < 0 else leader.code
    failed = sorted(
        (worker for worker in workers if worker.code), key=lambda worker: worker.code > 0
    )  # a killed one is the cause, not a consequence
    if not failed:
        failed = [worker for worker in workers if not worker.wait(grace) or worker.code]
        if not failed:
            return 0
        if failed[0].code is None:
            log.warning(
                "launch: worker %d was still running %g seconds after worker %d was done; it was stopped",
                failed[0].rank,
                grace,
                leader.rank,
            )
            return 0
    first = failed[0]
    for line in first.tail():
        log.error("worker %d: %s", first.rank, line)
    words = first.ending()
    if not leader.wait(grace):  # it saves when the sum that it waits for fails
        leader.send(signal.SIGTERM)  # or now, where it is not in a sum
        leader.wait(grace)
    log.error("launch: worker %d %s; all were stopped; continue with --resume", first.rank, words)
    return 128 - first.code if first.code < 0 else first.code
