"""Handing tasks out to workers: laziness, the second try after a worker's death, stopping.

The engines differ in how workers are started and how messages reach them, which is all that they
implement.
"""

from __future__ import annotations

import abc
import logging
import pickle
from typing import Any, Callable, Generic, Iterable, Iterator, NamedTuple, TypeVar

from pwcnet.jobs.tasks import Attempt, Outcome, TaskQueue

POLL = 0.2  # seconds after which `stop` is noticed where no worker has anything to say
GRACE = 5.0  # seconds that workers have for their end
TRIES = 2  # of a task whose workers die; also starts of workers in a row that may fail
READY, FAILED, DONE, DIED = "ready", "failed", "done", "died"

log = logging.getLogger(__name__)


class Worker(abc.ABC):
    """A worker as the driver sees it.

    Attributes:
        number: The lowest number from 0 that no other worker had when it was started.
        ready: Whether `start` has returned in it.
        attempt: The task that it runs; None while it is free.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.ready = False
        self.attempt: Attempt | None = None

    @abc.abstractmethod
    def send(self, task: bytes) -> None:
        """Hands over a pickled task, without waiting for it."""

    @abc.abstractmethod
    def kill(self) -> None:
        """Ends it and what it started; called from signal handlers, so it waits for nothing."""

    @abc.abstractmethod
    def wait(self, seconds: float) -> None:
        """Waits for its end, or ends it after so many seconds."""


class Event(NamedTuple):
    """What a worker has to say.

    Attributes:
        worker: Who.
        kind: READY, FAILED (`start` raised), DONE (with a task) or DIED.
        content: The error that `start` raised; the pickled (value, error) of a task; how it died.
    """

    worker: Worker
    kind: str
    content: Any = None


AnyWorker = TypeVar("AnyWorker", bound=Worker)


class Engine(abc.ABC, Generic[AnyWorker]):
    """Runs tasks in worker processes; see `pwcnet.jobs.engines`. A context manager.

    Args:
        start: Picklable; called once in each worker, returns the function of a task.
    """

    def __init__(self, start: Callable[[], Callable[[Any], Any]]) -> None:
        try:
            self._start = pickle.dumps(start, pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ValueError("workers cannot be sent %r: %s" % (start, error)) from error
        self._workers: list[AnyWorker] = []
        self._stops = 0
        self._failed_starts = 0  # in a row
        self._given_up = 0  # workers that could not be started

    @abc.abstractmethod
    def _capacity(self) -> int:
        """The number of workers that may run now."""

    @abc.abstractmethod
    def _launch(self, number: int) -> AnyWorker:
        """Starts a worker, without waiting for it. Raises OSError where that is impossible."""

    @abc.abstractmethod
    def _events(self, seconds: float) -> list[Event]:
        """Waits at most so long until workers have something to say; returns it."""

    @abc.abstractmethod
    def close(self) -> None:
        """Ends all workers and waits for their end."""

    def map(self, tasks: Iterable[Any]) -> Iterator[Outcome]:
        """Runs the tasks.

        Args:
            tasks: Picklable. One is taken when a worker is free for it or is being started for
                it, in the thread that iterates over the outcomes.

        Yields:
            The outcomes, in the order in which the tasks end. While the caller does not ask for
            the next one, workers that become free get nothing to do.

        Raises:
            Exception: What `start` raised in a worker; what the iterator of the tasks raised.
                Tasks that run are ended.
            OSError: No worker can be started.
        """
        queue = TaskQueue(tasks)
        try:
            while self._hand_out(queue):
                settled = [self._settle(event, queue) for event in self._events(POLL)]
                try:
                    self._hand_out(queue)  # before the caller takes its time with the outcomes
                finally:  # and after an error of the iterator
                    for outcome in settled:
                        if outcome is not None:
                            yield outcome
        finally:
            for worker in [worker for worker in self._workers if worker.attempt]:
                worker.kill()  # the caller asks for no more
                worker.wait(GRACE)
                self._workers.remove(worker)

    def stop(self) -> None:
        """Ends `map` early: running tasks end, others are not begun. For signal handlers too.

        Tasks that were taken from the iterator and not begun have no outcome. A second call ends
        the workers at once.
        """
        if self._stops:
            self.kill()
        self._stops += 1

    def kill(self) -> None:
        """Ends the workers and `map` at once. For signal handlers too."""
        self._stops += 2
        for worker in list(self._workers):
            worker.kill()

    def __enter__(self) -> Engine[AnyWorker]:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.kill()
        self.close()

    def _hand_out(self, queue: TaskQueue) -> bool:
        """Gives free workers tasks and starts workers for more; returns whether any can come."""
        for worker in self._workers:
            free = worker.ready and worker.attempt is None
            if free and not self._stops and queue.hold(1) and not self._stops:
                worker.attempt = queue.take()
                worker.send(pickle.dumps(worker.attempt.task, pickle.HIGHEST_PROTOCOL))
        while (
            not self._stops
            and len(self._workers) < self._capacity() - self._given_up
            and queue.hold(1 + sum(not worker.ready for worker in self._workers))
        ):
            self._add_worker()
        if any(worker.attempt for worker in self._workers):
            return self._stops < 2
        return not self._stops and queue.hold(1)

    def _add_worker(self) -> None:
        taken = {worker.number for worker in self._workers}
        number = next(number for number in range(len(taken) + 1) if number not in taken)
        try:
            self._workers.append(self._launch(number))
        except OSError as error:
            self._start_failed("could not be started: %s" % (error.strerror or error))

    def _start_failed(self, how: str) -> None:
        """Tries once more, then goes on with the workers that run."""
        self._failed_starts += 1
        if self._failed_starts < TRIES:
            return
        if not self._workers:
            raise OSError("no worker can run: it %s" % how)
        self._failed_starts = 0
        self._given_up += 1
        log.warning("a worker %s; going on with one fewer", how)

    def _settle(self, event: Event, queue: TaskQueue) -> Outcome | None:
        """Notes what a worker said; returns the outcome of its task, if it has one."""
        worker, attempt = event.worker, event.worker.attempt
        if event.kind == READY:
            worker.ready, self._failed_starts = True, 0
            return None
        if event.kind == FAILED:
            raise event.content
        worker.attempt = None
        if event.kind == DONE and attempt is not None:
            value, error = pickle.loads(event.content)
            return Outcome(attempt.task, value, error)
        self._workers = [other for other in self._workers if other is not worker]
        if not worker.ready and not self._stops:
            self._start_failed(event.content)
        return self._after_death(attempt, event.content, queue) if attempt else None

    def _after_death(self, attempt: Attempt, how: str, queue: TaskQueue) -> Outcome | None:
        """The second try of a task, or its error."""
        attempt.deaths += 1
        if attempt.deaths == TRIES:
            return Outcome(attempt.task, error="the worker %s" % how)
        if not self._stops:
            log.warning("a worker %s; its task is run once more", how)
            queue.put_back(attempt)
        return None
