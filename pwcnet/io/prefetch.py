"""Reading, computing and writing at the same time."""

import queue
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

END = object()


def ahead(items, depth=2):
    """The items of an iterable, made in a thread of its own, up to `depth` of them before they are asked for.

    An error in the iterable is raised where its item would have come. Leaving the loop early stops the thread after its current item.
    """
    ready, stopped = queue.Queue(maxsize=depth), threading.Event()

    def put(entry):
        while not stopped.is_set():
            try:
                return ready.put(entry, timeout=0.1)
            except queue.Full:
                continue

    def produce():
        try:
            for item in items:
                put((item, None))
                if stopped.is_set():
                    return
            put((END, None))
        except BaseException as error:
            put((END, error))

    worker = threading.Thread(target=produce, daemon=True)
    worker.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is END:
                return
            yield item
    finally:
        stopped.set()
        worker.join()


def behind(function, items, depth=2):
    """function(item) of each item, in order, made in a thread of its own while the caller's thread makes the next items; up to `depth` wait.

    An error in the iterable, Ctrl-C among them, is raised after the results of the items before it; an error of the function where its result would have come.
    """
    items, waiting, failure = iter(items), deque(), None
    with ThreadPoolExecutor(1) as pool:
        while failure is None:
            try:
                waiting.append(pool.submit(function, next(items)))
            except (Exception, KeyboardInterrupt) as error:  # StopIteration is one of them
                failure = error
            while waiting and (failure is not None or len(waiting) > depth):
                yield waiting.popleft().result()
    if not isinstance(failure, StopIteration):
        raise failure


class Background:
    """Calls made in a thread while the caller goes on; `with Background() as later: later(write, path, data)`.

    At most `depth` calls wait; one more waits for a place. The error of a call that has failed is raised by the next one, which is not made then, or at the end.
    Calls are made one after the other; all are done when the block ends.
    """

    def __init__(self, depth=4):
        self._pool, self._waiting, self._depth = ThreadPoolExecutor(1), [], depth

    def __call__(self, function, *arguments):
        while self._waiting and (len(self._waiting) >= self._depth or self._waiting[0].done()):
            self._waiting.pop(0).result()
        self._waiting.append(self._pool.submit(function, *arguments))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._pool.shutdown(wait=True)
        if kind is None:
            for call in self._waiting:
                call.result()
