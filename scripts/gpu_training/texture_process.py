"""Processes that make textures and outlines with the project's generator, without PyTorch."""

from __future__ import annotations

import functools
import multiprocessing
import os
import queue
import signal
import threading
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np

from pwcnet.data.synthetic.masks import make_mask
from pwcnet.data.synthetic.textures import make_texture

TEXTURE, MASK = "texture", "mask"
STREAMS = {TEXTURE: 7, MASK: 8}  # of random numbers
QUEUED = 256  # results that wait at most; one texture is 0.8 MB
PATIENCE = 5  # seconds without a result before the processes are looked after


def make(kind: str, seed: int, number: int) -> tuple[np.ndarray, ...]:
    """The texture or outline of a number.

    Args:
        kind: TEXTURE or MASK.
        seed: whole number in 0..2^32-1.
        number: whole number in 0..2^32-1.

    Returns:
        ([3, 512, 512] uint8 RGB,) of a texture; of an outline [256, 256] float32, signed distance
        to it in its own pixels, and [4] float32, left, top, right, bottom of the inside.
    """
    random = np.random.RandomState([seed, STREAMS[kind], number])
    if kind == TEXTURE:
        return (np.ascontiguousarray(make_texture(random)[0].transpose(2, 0, 1)),)
    mask = make_mask(random)
    return mask.level.astype(np.float32), np.asarray(mask.box, np.float32)


def work(kind: str, seed: int, tasks: Any, results: Any) -> None:
    """What a process does: makes the numbers of `tasks` until it is ended."""
    cv2.setNumThreads(1)
    while True:
        number = _patiently(tasks.get)
        made = kind, number, make(kind, seed, number)
        _patiently(functools.partial(results.put, made))


def _patiently(wait):
    """What waiting gives, for as long as it takes; ends the process where the parent has ended."""
    while True:
        try:
            return wait(timeout=PATIENCE)
        except (queue.Empty, queue.Full):
            parent = multiprocessing.parent_process()
            if parent is None or not parent.is_alive():
                raise SystemExit from None


@contextmanager
def _without_interrupts():
    """Processes that the block starts leave Ctrl-C to their parent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


class TextureProcesses:
    """Textures and outlines in order, made in processes beside the training.

    Args:
        seed: whole number in 0..2^32-1.
        processes: how many; None for one a CPU core, at least two. A sixth make outlines.
        begin: {kind: first number}.
    """

    def __init__(self, seed: int, processes: int | None, begin: dict[str, int]):
        processes = processes or max(2, os.cpu_count() or 2)
        context = multiprocessing.get_context("spawn")  # the parent holds the GPU
        self._results = context.Queue(QUEUED)
        self._tasks = {kind: context.Queue() for kind in STREAMS}
        self._asked, self._next = dict(begin), dict(begin)
        self._early: dict[tuple[str, int], tuple] = {}
        share = max(1, processes // 6)
        counts = {TEXTURE: max(1, processes - share), MASK: share}
        self._processes = [
            context.Process(
                target=work, args=(kind, seed, self._tasks[kind], self._results), daemon=True
            )
            for kind, count in counts.items()
            for _ in range(count)
        ]
        with _without_interrupts():
            for process in self._processes:
                process.start()

    def ask(self, kind: str, count: int) -> None:
        """Has the next `count` numbers of a kind made."""
        for _ in range(count):
            self._tasks[kind].put(self._asked[kind])
            self._asked[kind] += 1

    def take(self, kind: str, wait: bool = True) -> tuple[np.ndarray, ...] | None:
        """The next of a kind, in the order of their numbers; None if it is not there yet.

        Raises:
            OSError: a process has ended.
        """
        wanted = kind, self._next[kind]
        while wanted not in self._early:
            try:
                found = self._results.get(timeout=PATIENCE) if wait else self._results.get_nowait()
            except queue.Empty:
                if not wait:
                    return None
                if not all(process.is_alive() for process in self._processes):
                    raise OSError("A process that makes textures has ended") from None
                continue
            self._early[found[:2]] = found[2]
        self._next[kind] += 1
        return self._early.pop(wanted)

    def numbers(self) -> dict[str, int]:
        """{kind: the number that `take` gives next}."""
        return dict(self._next)

    def close(self) -> None:
        """Ends the processes."""
        for process in self._processes:
            process.terminate()
