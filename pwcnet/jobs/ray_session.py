"""Ray in this process: starting or joining it, without its notes."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from typing import Any, Iterator

INSTALL = '-m pip install "pwcnet-tf[scale]"'
REACH = 20.0  # seconds for a connection to a cluster
LOCAL = "local"  # Ray's address of a cluster that is yet to be started
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to Ray's makers
    "RAY_SCHEDULER_EVENTS": "0",  # no lines about actors that wait for room
    "RAY_COLOR_PREFIX": "0",  # no colors before what workers print
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # no advice about it; RayEngine hides GPUs itself
}


def import_ray() -> Any:
    """Returns the module ray. Raises ValueError where it is not installed."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise ValueError(
            "the engine ray lacks the package ray (%s): %s %s (Python 3.9 or later)"
            % (error, sys.executable, INSTALL)
        ) from error
    return ray


@contextmanager
def ray_session(ray: Any, address: str | None, cpus: int | None) -> Iterator[None]:
    """Joins a cluster, or starts Ray on this machine; leaves or ends it.

    Args:
        ray: The module.
        address: Of the cluster to join; None to start Ray.
        cpus: That a started Ray gives away; None for those of the machine.

    Raises:
        ConnectionError: There is no cluster at the address.
        ValueError: The cluster cannot be joined, for example for its version.
        OSError: Ray does not start on this machine.
    """
    with _signal_handlers_kept():
        _start(ray, address, cpus)
    with _prints_on_stderr(ray):
        try:
            yield
        finally:
            ray.shutdown()


def _start(ray: Any, address: str | None, cpus: int | None) -> None:
    options: dict[str, Any] = {}
    if address is None:
        options = {"include_dashboard": False, "num_cpus": cpus}
    else:
        _check_reachable(address)
    try:
        ray.init(address or LOCAL, logging_level=logging.ERROR, **options)
    except ConnectionError:
        raise ConnectionError("there is no Ray cluster at %s" % address) from None
    except Exception as error:  # of any type
        text = " ".join(str(error).split())
        if address is None:
            raise OSError("Ray does not start on this machine: %s" % text) from error
        raise ValueError("Ray at %s cannot be joined: %s" % (address, text)) from error


def _check_reachable(address: str) -> None:
    """Refuses a host and port where nobody listens, which Ray tries for minutes."""
    host, _, port = address.rpartition(":")
    if "://" in address or not (host and port.isdigit()):
        return  # "auto", or of a kind of its own
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError("there is no Ray cluster at %s: %s" % (address, error)) from error


@contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    """Puts back the handler of SIGTERM, which Ray replaces by one that ends the program."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


@contextmanager
def _prints_on_stderr(ray: Any) -> Iterator[None]:
    """Lets Ray print on stderr what it prints on stdout, where results are: lines on lost nodes.

    Ray has no setting for this, so the function is replaced that prints; a release without it
    prints as it likes.
    """
    module = ray._private.worker
    printing = getattr(module, "print_worker_logs", None)
    if printing is None:
        yield
        return
    module.print_worker_logs = lambda lines, _, *rest: printing(lines, sys.stderr, *rest)
    try:
        yield
    finally:
        module.print_worker_logs = printing
