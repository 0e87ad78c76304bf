"""The worker processes of a command: --workers, --engine and --address, and their early end."""

from __future__ import annotations

import logging
import signal
from argparse import Namespace
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from pwcnet.cli.arguments import ArgumentParser, positive_int
from pwcnet.cli.common import start_messages
from pwcnet.jobs.engines import ENGINES, open_engine
from pwcnet.jobs.resources import Resources
from pwcnet.runtime.memory import SHARE, free_memory

log = logging.getLogger(__name__)


def add_engine_options(group: Any, default: str) -> None:
    """Adds --workers, whose default on this machine is described so, --engine and --address."""
    group.add_argument(
        "--workers",
        type=positive_int,
        metavar="N",
        help="processes, each with its share of the cores, or a GPU (default: %s; with Ray, as "
        "many as the cluster has room for)" % default,
    )
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default="local",
        help="processes of this machine, or a Ray cluster (the extra `scale`)",
    )
    group.add_argument(
        "--address", metavar="HOST", help="of the Ray cluster; by default Ray is started here"
    )


def check_engine_options(options: ArgumentParser, args: Namespace) -> None:
    """Ends the program where they do not fit together."""
    if args.address and args.engine != "ray":
        options.error("--address is for --engine ray")


def open_engine_for(
    args: Namespace, start_with: Callable[[Namespace], Callable[[], Callable[[Any], Any]]]
) -> Any:
    """The engine of --engine, --workers and --threads.

    Args:
        args: The options, also --memory and --classical.
        start_with: Gives what opens a worker, by the options with the threads and the memory of
            one worker.

    Raises:
        ValueError: It is not installed, or does not run here.
    """
    local, workers = args.engine == "local", args.workers or 1
    resources = Resources(threads=args.threads)
    threads, memory = args.threads, args.memory
    if local:
        threads = resources.threads_of(workers)
    if local and workers > 1 and memory is None and not args.classical:
        free = free_memory()
        memory = None if free is None else SHARE * free / workers / 1e9
    start = start_with(Namespace(**dict(vars(args), threads=threads, memory=memory)))
    if local:
        return open_engine(args.engine, start, workers, resources)
    return open_engine(args.engine, start, args.workers, resources, address=args.address)


@contextmanager
def stopping(engine: Any, running: str) -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM let running tasks end, a second one does not; yields the signals.

    Args:
        engine: The engine.
        running: What runs, for the message.
    """
    signals: list[int] = []

    def stop(number: int, _: Any) -> None:
        signals.append(number)
        if len(signals) == 1:
            start_messages()
            log.warning(
                "stopping when the %s that are being computed are complete; a second Ctrl-C or "
                "SIGTERM stops at once",
                running,
            )
        engine.stop()

    handlers = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
