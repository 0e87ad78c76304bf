"""Reading, computing and writing at the same time: prefetch, pipelined map, writer thread."""

from __future__ import annotations

import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Generator, Iterable, Iterator, TypeVar

Item = TypeVar("Item")
Output = TypeVar("Output")

_END: Any = object()  # follows the last item in the queue of `prefetch`
_POLL_SECONDS = 0.1  # how soon a full queue notices that the consumer has stopped


def prefetch(items: Iterable[Item], depth: int = 2) -> Generator[Item, None, None]:
    """Iterates over `items` in a background thread, ahead of the consumer.

    Leaving the loop early stops the thread after the item that it is computing. Where an error that
    ends the program may leave it, `contextlib.closing` stops it while the interpreter still can.

    Args:
        items: The iterable; it runs in the background thread.
        depth: How many items may wait for the consumer.

    Yields:
        The items, in order. An exception of the iterable is raised instead of its item.
    """
    waiting: queue.Queue = queue.Queue(maxsize=depth)
    stopped = threading.Event()
    producer = threading.Thread(target=_produce, args=(items, waiting, stopped), daemon=True)
    producer.start()
    try:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        stopped.set()
        producer.join()


def _produce(items: Iterable, waiting: queue.Queue, stopped: threading.Event) -> None:
    try:
        for item in items:
            _put((item, None), waiting, stopped)
            if stopped.is_set():
                return
        _put((_END, None), waiting, stopped)
    except BaseException as error:
        _put((_END, error), waiting, stopped)


def _put(entry: tuple, waiting: queue.Queue, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            waiting.put(entry, timeout=_POLL_SECONDS)
            return
        except queue.Full:
            continue


def pipelined_map(
    function: Callable[[Item], Output], items: Iterable[Item], depth: int = 2
) -> Iterator[Output]:
    """Applies `function` in a background thread while the caller's thread computes the next items.

    Args:
        function: Called in one background thread, one item after the other.
        items: The iterable; it runs in the caller's thread.
        depth: How many items may wait for the function.

    Yields:
        The results, in the order of the items. An exception of the iterable, KeyboardInterrupt
        included, is raised after the results of all items before it; an exception of the function
        is raised instead of its result.
    """
    waiting: deque = deque()
    with ThreadPoolExecutor(1) as pool:
        failure = None
        source = iter(items)
        while True:
            try:
                item = next(source, _END)
                if item is _END:
                    break
                waiting.append(pool.submit(function, item))
            except (Exception, KeyboardInterrupt) as error:
                failure = error
                break
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    if failure is not None:
        raise failure


class BackgroundWriter:
    """Runs calls, one after the other, in a background thread while the caller goes on.

    All calls have run when the block ends:

        with BackgroundWriter() as writer:
            writer.submit(write_flow, path, flow)

    Args:
        depth: How many calls may wait; `submit` blocks while that many do.
    """

    def __init__(self, depth: int = 4):
        self._pool = ThreadPoolExecutor(1)
        self._calls: deque = deque()
        self._depth = depth

    def submit(self, function: Callable, *arguments: Any) -> None:
        """Queues a call.

        Raises:
            Exception: Whatever an earlier call raised; this call is not queued then. The end of
                the block raises what the last calls raised.
        """
        while self._calls and (len(self._calls) >= self._depth or self._calls[0].done()):
            self._calls.popleft().result()
        self._calls.append(self._pool.submit(function, *arguments))

    def __enter__(self) -> BackgroundWriter:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        self._pool.shutdown(wait=True)
        if kind is None:
            for call in self._calls:
                call.result()
