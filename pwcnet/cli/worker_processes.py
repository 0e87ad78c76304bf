"""Worker processes of `pwcnet launch`: start, signals, end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Any, Mapping, Sequence

from pwcnet.jobs.processes import end_with, how_it_ended

log = logging.getLogger(__name__)

POLL = 0.1  # seconds between looks at the processes
TAIL = 20  # lines shown of a failed worker's output


class WorkerProcess:
    """One worker, in a session of its own, so that a terminal's Ctrl-C reaches the launcher alone.

    Args:
        rank: Its number; the output of rank 0 is shown, that of the others is kept for `tail`.
        command: The program and its arguments.
        environment: All of its environment variables.

    Raises:
        ValueError: The command cannot be started.
    """

    def __init__(self, rank: int, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.rank = rank
        self._output: Any = None if rank == 0 else tempfile.TemporaryFile()  # noqa: SIM115
        launcher = os.getpid()
        try:
            self.process = subprocess.Popen(
                command,
                env=dict(environment),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT if self._output else None,
                # The leader saves at this signal. Workers end with a launcher that is killed.
                preexec_fn=lambda: end_with(launcher, signal.SIGTERM),
            )
        except OSError as error:
            raise ValueError("cannot start %s: %s" % (command[0], error.strerror)) from None

    @property
    def code(self) -> int | None:
        """None while it runs; then its exit code, or minus the signal that ended it."""
        return self.process.poll()

    def send(self, number: int) -> None:
        """Sends a signal, unless the worker has ended."""
        if self.code is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """Ends the worker and the processes that it started."""
        if self.code is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ends_within(self, seconds: float) -> bool:
        """Waits at most so many seconds; returns whether the worker has ended."""
        until = time.time() + seconds
        while self.code is None and time.time() < until:
            time.sleep(POLL)
        return self.code is not None

    def how_it_ended(self) -> str:
        """The end of a worker in words."""
        return how_it_ended(self.code or 0)

    def tail(self) -> list[str]:
        """The last lines of its output; none for rank 0, whose output was shown."""
        if not self._output:
            return []
        self._output.seek(0)
        return self._output.read().decode(errors="replace").splitlines()[-TAIL:]


class WorkerGroup:
    """All workers of this machine, the leader first; also the handler of Ctrl-C and SIGTERM.

    The first signal goes to the leader alone, because the others must take part in the step that it
    is computing; a second one ends all. As a context manager, it ends all workers at its exit.
    """

    def __init__(self) -> None:
        self._workers: list[WorkerProcess] = []
        self._signals = 0
        self._handlers: dict[int, Any] = {}

    def start(self, rank: int, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts one more worker. Raises ValueError where the command cannot be started."""
        self._workers.append(WorkerProcess(rank, command, environment))

    def wait(self, grace: float) -> int:
        """Waits until all workers have ended, or one has failed.

        Args:
            grace: Seconds that the leader has for saving after another worker failed, and the
                others for ending after the leader is done.

        Returns:
            The exit code for the launcher.
        """
        leader = self._workers[0]
        while leader.code is None and not any(worker.code for worker in self._workers):
            time.sleep(POLL)
        if self._signals:  # the signal may have come after another worker failed
            return _exit_code(leader.process.wait())
        failed = sorted(
            (worker for worker in self._workers if worker.code),
            key=lambda worker: (worker.code or 0) > 0,
        )  # a killed worker is the cause, not a consequence
        if failed:
            return self._stop_after(failed[0], grace)
        for worker in self._workers:
            if not worker.ends_within(grace):
                log.warning(
                    "launch: worker %d was still running %g seconds after worker %d was done; "
                    "it was stopped",
                    worker.rank,
                    grace,
                    leader.rank,
                )
                return 0
            if worker.code:
                return self._stop_after(worker, grace)
        return 0

    def _stop_after(self, failed: WorkerProcess, grace: float) -> int:
        """Reports a failed worker and lets the leader save; returns the exit code."""
        for line in failed.tail():
            log.error("worker %d: %s", failed.rank, line)
        leader = self._workers[0]
        if not leader.ends_within(grace):  # it saves when the sum that it waits for fails
            leader.send(signal.SIGTERM)  # or now, where it waits for no sum
            leader.ends_within(grace)
        log.error(
            "launch: worker %d %s; all were stopped; continue with --resume",
            failed.rank,
            failed.how_it_ended(),
        )
        return _exit_code(failed.code or 0)

    def _receive(self, number: int, _: Any) -> None:
        self._signals += 1
        if self._signals > 1:
            for worker in self._workers:
                worker.kill()
        elif self._workers:
            self._workers[0].send(number)

    def __enter__(self) -> WorkerGroup:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.kill()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


def _exit_code(code: int) -> int:
    """As shells have it: 128 + the number of the signal that ended a process."""
    return 128 - code if code < 0 else code
