"""What a worker does, the same in every engine; and the process that is one on this machine."""

from __future__ import annotations

import io
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Callable

from pwcnet.jobs.processes import end_with

# Errors that say what is wrong in a sentence; others are defects, whose traceback is printed.
EXPECTED = (FileNotFoundError, OSError, ValueError, ImportError, MemoryError)


class TaskFunction:
    """The function of tasks that `start` opens; what goes in and out is pickled."""

    def __init__(self) -> None:
        self._function: Callable[[Any], Any] | None = None

    def open(self, start: bytes) -> bytes | None:
        """Calls `start`; returns None, or the pickled error that it raised."""
        try:
            self._function = _unpickle(start)()
            return None
        except (Exception, SystemExit) as error:
            _print_defect(error)
            return _pickled(error)

    def run(self, task: bytes) -> bytes:
        """Runs one task; returns (value, None) or (None, its error as one line)."""
        assert self._function is not None
        try:
            value = self._function(_unpickle(task))
            return pickle.dumps((value, None), pickle.HIGHEST_PROTOCOL)
        except (Exception, SystemExit) as error:
            _print_defect(error)
            return pickle.dumps((None, one_line(error)))


def one_line(error: BaseException) -> str:
    """Returns the text of an error as one line; that of a defect with its type."""
    if isinstance(error, OSError) and error.strerror:
        named = "%s: " % error.filename if error.filename else ""
        return named + error.strerror
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return "not enough memory%s" % (text and ": %s" % text)
    return text if text and isinstance(error, EXPECTED) else "%s: %s" % (type(error).__name__, text)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Refuses names of the main program, which in a worker is another one."""
        if module == "__main__":
            raise ValueError(
                "a worker cannot import %s from the main program; it has to be defined in a "
                "module that the main program imports" % name
            )
        return super().find_class(module, name)


def _unpickle(content: bytes) -> Any:
    return _Unpickler(io.BytesIO(content)).load()


def _pickled(error: BaseException) -> bytes:
    """The error, with a built-in type where another process may not have its type."""
    if type(error).__module__ == "builtins":
        with suppress(Exception):  # its arguments may be anything
            return pickle.dumps(error)
    kind = next((kind for kind in EXPECTED if isinstance(error, kind)), RuntimeError)
    return pickle.dumps(kind(one_line(error)))


def _print_defect(error: BaseException) -> None:
    if not isinstance(error, EXPECTED):
        traceback.print_exception(type(error), error, error.__traceback__)


def main() -> None:
    """The process of a worker: python -c PROGRAM CONNECTION DRIVER, of `local_engine`."""
    number, driver = map(int, sys.argv[1:3])
    end_with(driver, signal.SIGKILL)
    for stop in (signal.SIGINT, signal.SIGTERM):
        # Schedulers send these to all processes of a job; the driver decides. Unlike SIG_IGN, this
        # is not inherited by programs that a task starts.
        signal.signal(stop, lambda *_: None)
        signal.siginterrupt(stop, False)
    os.set_inheritable(number, False)  # a program that a task starts must not keep it open
    del sys.argv[1:]
    with Connection(number) as connection:
        _serve(connection)


def _serve(connection: Connection) -> None:
    """Answers messages until the driver closes the connection: `start` first, then tasks."""
    messages: queue.Queue[bytes | None] = queue.Queue()
    idle = threading.Event()
    threading.Thread(target=_receive, args=(connection, messages, idle), daemon=True).start()
    function = TaskFunction()
    message = messages.get()
    answer = function.open(message) if message else None
    try:
        while message:
            idle.set()
            connection.send_bytes(answer or b"")
            message = messages.get()
            idle.clear()
            answer = function.run(message) if message else None
    except OSError:
        pass  # the driver has ended


def _receive(connection: Connection, messages: queue.Queue, idle: threading.Event) -> None:
    """In a thread: queues messages. A worker ends in the midst of a task if the driver has ended.

    On Linux a signal has ended it before; this is for other systems.
    """
    try:
        while True:
            messages.put(connection.recv_bytes())
    except (EOFError, OSError):
        if not idle.is_set():
            os._exit(1)
        messages.put(None)
