"""Tasks of an engine: those to come, those in hand, and their outcomes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Iterable, Iterator


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        task: As the iterator gave it.
        value: What the function returned; None after an error.
        error: One line: the text of the exception that the function raised, or how the worker
            ended; None without one.
    """

    task: Any
    value: Any = None
    error: str | None = None


class Attempt:
    """A task on its way through the workers, and how many of them ended with it."""

    def __init__(self, task: Any) -> None:
        self.task = task
        self.deaths = 0


class TaskQueue:
    """The tasks: those in hand that no worker runs, and the iterator of the others."""

    def __init__(self, tasks: Iterable[Any]) -> None:
        self._tasks: Iterator[Any] | None = iter(tasks)
        self._waiting: deque[Attempt] = deque()

    def hold(self, count: int) -> bool:
        """Takes tasks from the iterator until so many wait; returns whether so many are left."""
        while len(self._waiting) < count and self._tasks is not None:
            try:
                self._waiting.append(Attempt(next(self._tasks)))
            except StopIteration:
                self._tasks = None
        return len(self._waiting) >= count

    def take(self) -> Attempt:
        """Returns the task that waits longest."""
        return self._waiting.popleft()

    def put_back(self, attempt: Attempt) -> None:
        """Lets a task wait in front of all others."""
        self._waiting.appendleft(attempt)
