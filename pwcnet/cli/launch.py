"""`pwcnet launch`: several workers of a training command on this machine."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import sys
import sysconfig
from argparse import Namespace
from contextlib import ExitStack, contextmanager
from typing import Dict, Iterator, Sequence

import pwcnet
from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_float, positive_int
from pwcnet.cli.common import remedy, start_messages
from pwcnet.cli.main import COMMANDS
from pwcnet.cli.worker_processes import WorkerGroup
from pwcnet.runtime.machine import gpu_of_worker, visible_gpus

DESCRIPTION = """Starts several workers of a training command on this machine, ends them together.

Only worker 0, the leader, writes checkpoints. Its output is shown; that of the others is shown if
they fail. Ctrl-C and SIGTERM go to the leader, which saves; a second one ends all at once.

COMMAND is a subcommand of pwcnet with its options, a Python file (.py) or any program."""
EXAMPLES = """
pwcnet launch --workers 2 -- train --preset sintel-mixed --dataset /data --output run
pwcnet launch --workers 1 --addresses hostA:5000,hostB:5000 --first-rank 1 -- train ...
pwcnet launch --workers 8 --engine hccl --rank-table table.json -- train --preset kitti ...
"""
HCCL_JOB = "10087"  # by convention

Environment = Dict[str, str]


def main(argv: Sequence[str], prog: str) -> int:
    """Starts the workers and waits for them; returns the exit code."""
    options, command = _split(argv)
    args = parser(prog).parse_args(options)
    command = args.command + command
    if not command:
        parser(prog).error("expected a command after --, e.g. -- train --preset kitti")
    engine = _engine(args)
    command, shared = _program(command)
    shared["PWCNET_ENGINE"] = engine
    with ExitStack() as stack:
        if engine == "collective" and not args.addresses:
            args.addresses = stack.enter_context(_free_addresses(args.workers))
            shared["PWCNET_SECRET"] = secrets.token_hex(16)
        kinds = {"horovod": _horovod, "collective": _collective, "hccl": _hccl}
        environments = kinds[engine](args)
        workers = stack.enter_context(WorkerGroup())
        with remedy("pass a subcommand of pwcnet, a .py file or an installed program"):
            for rank, environment in enumerate(environments, args.first_rank):
                workers.start(rank, command, dict(os.environ, **shared, **environment))
        start_messages()
        return workers.wait(args.grace)


def parser(prog: str | None = None) -> ArgumentParser:
    """Returns the parser of the options before `--`."""
    options = ArgumentParser(
        prog=prog,
        description=DESCRIPTION,
        examples=EXAMPLES,
        usage="%(prog)s --workers N [options] -- COMMAND ...",
    )
    options.add_argument("command", nargs="*", metavar="COMMAND", help="what each worker runs")
    options.add_argument(
        "--workers",
        type=positive_int,
        required=True,
        metavar="N",
        help="worker processes on this machine",
    )
    options.add_argument(
        "--engine",
        choices=("auto", "horovod", "collective", "hccl"),
        default="auto",
        help="how workers exchange gradients; auto: horovod where it is installed, else collective "
        "(TensorFlow's own); hccl: Ascend NPUs, one worker each",
    )
    options.add_argument(
        "--grace",
        type=positive_float,
        default=15,
        metavar="SECONDS",
        help="time that the leader has for saving after another worker failed",
    )
    _add_machines_group(options)
    return options


def _add_machines_group(options: ArgumentParser) -> None:
    group = options.add_argument_group(
        "several machines (give all of them the same --addresses or --rank-table)"
    )
    group.add_argument(
        "--addresses",
        type=_addresses,
        metavar="HOST:PORT,...",
        help="all workers of all machines, by rank; without it, free ports of this machine",
    )
    group.add_argument(
        "--first-rank",
        type=non_negative_int,
        default=0,
        metavar="N",
        help="rank of this machine's first worker",
    )
    group.add_argument(
        "--rank-table",
        metavar="FILE",
        help="for the engine hccl, written by pwcnet ascend rank-table; without it, "
        "RANK_TABLE_FILE of the environment",
    )


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The launcher's arguments and the command after `--`."""
    argv = list(argv)
    end = argv.index("--") if "--" in argv else len(argv)
    return argv[:end], argv[end + 1 :]


def _addresses(text: str) -> list[str]:
    return [address.strip() for address in text.split(",")]


def _program(command: list[str]) -> tuple[list[str], Environment]:
    """The command as it can be started, and environment variables that it needs."""
    if command[0].endswith(".py"):
        return [sys.executable] + command, {}
    if any(command[0] in group for _, group in COMMANDS):
        return [sys.executable, "-m", "pwcnet"] + command, _import_path()
    return command, {}


def _import_path() -> Environment:
    """PYTHONPATH for a checkout that is not installed."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(pwcnet.__file__)))
    if root == sysconfig.get_paths()["purelib"]:
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}


def _engine(args: Namespace) -> str:
    """The engine that is used; raises ValueError where the addresses do not fit."""
    engine = args.engine
    if engine == "auto":
        engine = "collective" if args.addresses or not _installed("horovod") else "horovod"
    if engine != "collective" and args.addresses:
        raise ValueError(
            "--addresses are for the engine collective, got --engine %s; start Horovod on several "
            "machines with its own horovodrun" % engine
        )
    last = args.first_rank + args.workers - 1
    if args.addresses and len(args.addresses) <= last:
        raise ValueError(
            "--addresses names %d workers, this machine's have the ranks %d to %d; list host:port "
            "of every worker" % (len(args.addresses), args.first_rank, last)
        )
    return engine


def _collective(args: Namespace) -> list[Environment]:
    """The environment of each worker of this machine."""
    addresses = ",".join(args.addresses)
    return [
        dict(_gpu(n), PWCNET_RANK=str(args.first_rank + n), PWCNET_ADDRESSES=addresses)
        for n in range(args.workers)
    ]


def _horovod(args: Namespace) -> list[Environment]:
    """The same for Horovod with Gloo, which finds its peers through a server in this process."""
    if not _installed("horovod"):
        from pwcnet.distributed.engines import horovod_install_command

        raise ValueError(
            "Horovod is not installed for %s; install it with: %s; or use --engine collective"
            % (sys.executable, horovod_install_command(sys.executable))
        )
    from horovod.runner.common.util.hosts import get_host_assignments, parse_hosts
    from horovod.runner.gloo_run import create_slot_env_vars
    from horovod.runner.http.http_server import RendezvousServer

    slots = get_host_assignments(parse_hosts("localhost:%d" % args.workers), args.workers)
    server = RendezvousServer()
    port = server.start()
    server.init(slots)
    return [
        dict(
            _gpu(n),
            HOROVOD_GLOO_RENDEZVOUS_ADDR="127.0.0.1",
            HOROVOD_GLOO_RENDEZVOUS_PORT=str(port),
            HOROVOD_CONTROLLER="gloo",
            HOROVOD_CPU_OPERATIONS="gloo",
            HOROVOD_GLOO_IFACE="lo",
            **create_slot_env_vars(slot),
        )
        for n, slot in enumerate(slots)
    ]


def _hccl(args: Namespace) -> list[Environment]:
    """The same for HCCL, with the devices that the rank table gives to this machine's ranks."""
    path = args.rank_table or os.environ.get("RANK_TABLE_FILE")
    if not path:
        raise ValueError(
            "The engine hccl needs --rank-table, or RANK_TABLE_FILE in the environment; write one "
            "with pwcnet ascend rank-table"
        )
    from pwcnet.ascend.rank_table import ranks_of_servers, read_rank_table

    path = os.path.abspath(path)
    servers = ranks_of_servers(read_rank_table(path))
    devices: dict[int, str] = next((ranks for _, ranks in servers if args.first_rank in ranks), {})
    if sorted(devices) != list(range(args.first_rank, args.first_rank + args.workers)):
        listed = ("%s: %s" % (name, ",".join(map(str, sorted(ranks)))) for name, ranks in servers)
        raise ValueError(
            "--workers %d from --first-rank %d are not the ranks of one server in %s; its servers "
            "have the ranks %s" % (args.workers, args.first_rank, path, "; ".join(listed))
        )
    shared = {
        "RANK_TABLE_FILE": path,
        "RANK_SIZE": str(sum(len(ranks) for _, ranks in servers)),
        "JOB_ID": os.environ.get("JOB_ID") or HCCL_JOB,
    }
    return [
        dict(shared, RANK_ID=str(rank), ASCEND_DEVICE_ID=devices[rank]) for rank in sorted(devices)
    ]


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _gpu(number: int) -> Environment:
    """One GPU for each worker, in turn; {} without GPUs."""
    return gpu_of_worker(number, visible_gpus())


@contextmanager
def _free_addresses(count: int) -> Iterator[list[str]]:
    """Yields addresses of this machine whose ports no other program is given meanwhile.

    The sockets are bound but do not listen, so that a worker's server, which reuses addresses as
    these do, can bind to the same port.
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for holder in sockets:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", 0))
        yield ["127.0.0.1:%d" % holder.getsockname()[1] for holder in sockets]
