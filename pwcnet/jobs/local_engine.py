"""Workers as processes on this machine.

They are programs of their own, not forks of the driver, and do not import its main program:
libraries with threads, such as TensorFlow, do not survive a fork, and a script that has no
`if __name__ == "__main__":` would be run once more in each worker.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import Any, Callable, Mapping

from pwcnet._checks import require
from pwcnet.jobs.dispatch import DIED, DONE, FAILED, GRACE, READY, Engine, Event, Worker
from pwcnet.jobs.processes import how_it_ended
from pwcnet.jobs.resources import Resources

# The driver's sys.path comes first, as the package itself may be found by it alone.
PROGRAM = (
    "import sys; sys.path[:] = sys.argv[3:]; del sys.argv[3:]; "
    "from pwcnet.jobs.worker import main; main()"
)


class LocalWorker(Worker):
    """A worker process, in a session of its own, which a terminal's Ctrl-C does not reach.

    Args:
        number: Its number.
        environment: All of its environment variables.
        start: Pickled.

    Raises:
        OSError: The process cannot be started.
    """

    def __init__(self, number: int, environment: Mapping[str, str], start: bytes) -> None:
        super().__init__(number)
        self.connection, theirs = Pipe()
        with theirs:
            paths = [path for path in sys.path if isinstance(path, str)]
            command = [sys.executable, "-u", "-c", PROGRAM, str(theirs.fileno()), str(os.getpid())]
            try:
                self.process = subprocess.Popen(
                    command + paths,
                    env=dict(environment),
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=2,  # the driver's stdout is for its results
                )
            except OSError:
                self.connection.close()
                raise
        self.send(start)

    def send(self, task: bytes) -> None:
        """Hands over a pickled task; that the process has ended shows when it is listened to."""
        with suppress(OSError):
            self.connection.send_bytes(task)

    def kill(self) -> None:
        """Ends the process and those that it started."""
        if self.process.returncode is None:  # until then its number is not another process's
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def receive(self) -> Event:
        """Returns what the process has sent, or its end."""
        try:
            content = self.connection.recv_bytes()
        except (EOFError, OSError):
            return Event(self, DIED, self.end())
        if self.ready:
            return Event(self, DONE, content)
        return Event(self, FAILED, pickle.loads(content)) if content else Event(self, READY)

    def has_ended(self) -> bool:
        """Whether the process has ended and nothing of it is left to receive."""
        return self.process.poll() is not None and not self.connection.poll()

    def wait(self, seconds: float) -> None:
        """Waits for the end of the process, or ends it after so many seconds."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            with suppress(subprocess.TimeoutExpired):  # it hangs in the system
                self.process.wait(GRACE)

    def end(self) -> str:
        """Closes the connection; returns how the process ended."""
        self.connection.close()
        self.wait(GRACE)
        code = self.process.returncode
        if code is None:
            return "does not answer"
        memory = "; the machine may have run out of memory" if code == -signal.SIGKILL else ""
        return how_it_ended(code) + memory


class LocalEngine(Engine[LocalWorker]):
    """Worker processes on this machine.

    A worker ends when the thread ends that started it: all `map`s belong into one thread.

    Args:
        start: Picklable; called once in each worker, returns the function of a task.
        workers: Their number.
        resources: What each computes with.

    Raises:
        ValueError: The number of workers is below 1, or `start` cannot be pickled.
    """

    def __init__(
        self,
        start: Callable[[], Callable[[Any], Any]],
        workers: int = 1,
        resources: Resources = Resources(),  # noqa: B008  frozen
    ) -> None:
        super().__init__(start)
        require(workers >= 1, "1 or more workers", workers)
        self._environments = resources.environments(workers)

    def close(self) -> None:
        """Ends all workers and waits for their end."""
        workers, self._workers = self._workers, []
        for worker in workers:
            if not worker.ready or worker.attempt:
                worker.kill()
            worker.connection.close()
        until = time.monotonic() + GRACE
        for worker in workers:
            worker.wait(max(0.0, until - time.monotonic()))

    def _capacity(self) -> int:
        return len(self._environments)

    def _launch(self, number: int) -> LocalWorker:
        environment = dict(os.environ, **self._environments[number])
        return LocalWorker(number, environment, self._start)

    def _events(self, seconds: float) -> list[Event]:
        readable = wait([worker.connection for worker in self._workers], seconds)
        heard = [worker for worker in self._workers if worker.connection in readable]
        # A process that a dead worker has forked may keep its connection open.
        silent = [worker for worker in self._workers if worker not in heard and worker.has_ended()]
        return [worker.receive() for worker in heard] + [
            Event(worker, DIED, worker.end()) for worker in silent
        ]
