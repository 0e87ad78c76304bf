"""Loss and gradients of a batch; on a GPU a captured graph, in the fastest way to compute it."""

from __future__ import annotations

import itertools
import math
import time
from typing import Callable, Iterable, Sequence

import torch

from scripts.gpu_training.losses import matching_loss, multiscale_loss
from scripts.gpu_training.network import PWCNet

WAYS: dict[str, Sequence] = {  # of computing the same: see PWCNet
    "channel_multiple": (8, 1),
    "costs": ("tiles", "rows"),
    "dilated": ("direct", "batch"),
}
WARM_UP = 3  # steps before a graph is captured
TIMED = 5  # steps of a trial


class Gradients:
    """Computes the gradients of the batch that lies in `pairs` and `flow`.

    Args:
        network: whose parameters that need gradients get them.
        batch_size: pairs.
        size: (height, width), multiples of 64.
        matching_levels: levels of the matching loss; none for no such loss.
        captured: whether a graph is captured once and replayed; needs a GPU.

    Attributes:
        pairs: [B, 2, 3, H, W] uint8 RGB, to be filled.
        flow: [B, 2, H, W] float32, pixels, NaN where unknown, to be filled.
        robust: 0-dimensional; above 0 for the robust loss.
        matching: 0-dimensional, weight of the matching loss.
    """

    def __init__(
        self,
        network: PWCNet,
        batch_size: int,
        size: tuple[int, int],
        matching_levels: Sequence[int] = (),
        captured: bool = False,
    ):
        self._network, self._matching_levels = network, matching_levels
        self._parameters = [value for value in network.parameters() if value.requires_grad]
        self._device = device = self._parameters[0].device
        shape = batch_size, 2, 3, *size
        self.pairs = torch.randint(256, shape, device=device, dtype=torch.uint8)
        self.flow = torch.randn(batch_size, 2, *size, device=device)
        self.robust, self.matching = (torch.zeros((), device=device) for _ in range(2))
        for value in self._parameters:
            value.grad = torch.zeros_like(value)
        self._graph = self._capture() if captured else None

    def __call__(self) -> torch.Tensor:
        """Fills the parameters' gradients; returns the multiscale loss, 0-dimensional."""
        if self._graph is None:
            self._loss = self._compute()
        else:
            self._graph.replay()
        return self._loss

    def _capture(self):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._compute()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._loss = self._compute()
        return graph

    def _compute(self):
        torch._foreach_zero_([value.grad for value in self._parameters])
        frames = (self.pairs.float() / 255).flatten(0, 1)
        frames = frames.contiguous(memory_format=torch.channels_last)
        on_gpu = self._device.type == "cuda"
        with torch.autocast(self._device.type, torch.bfloat16, enabled=on_gpu):
            _, flows, features = self._network(frames.unflatten(0, self.pairs.shape[:2]))
        loss = total = multiscale_loss(flows, self.flow, self.robust)
        if self._matching_levels:
            matching = matching_loss(*features, self.flow, self._matching_levels)
            total = loss + self.matching * matching
        total.backward()
        return loss.detach()


def choose_way(
    network: PWCNet,
    asked: dict[str, Sequence],
    on_gpu: bool,
    make: Callable[[], Gradients],
    log: Callable[[str], None],
) -> None:
    """Sets the network to the fastest of the ways to compute the same.

    From the first value of each of WAYS, one is changed at a time. Where each has one value,
    nothing is tried; on a CPU, the network stays as it is.

    Args:
        network: the network.
        asked: {attribute of PWCNet: values to try}; none for those of WAYS.
        on_gpu: whether it computes on a GPU.
        make: makes the gradients whose steps are timed.
        log: is told of each trial.
    """
    if not on_gpu and not any(asked.values()):
        return
    ways = {name: asked[name] or values for name, values in WAYS.items()}
    best = {name: values[0] for name, values in ways.items()}
    if max(map(len, ways.values())) > 1:
        shortest = _trial(network, best, make, log)
        for name, value in _others(ways):
            way = dict(best, **{name: value})
            took = _trial(network, way, make, log)
            if took < shortest:
                best, shortest = way, took
    _set(network, best)


def _others(ways) -> Iterable[tuple]:
    return itertools.chain.from_iterable(
        ((name, value) for value in values[1:]) for name, values in ways.items()
    )


def _trial(network, way, make, log):
    """Seconds of a step; infinity where the device cannot do it."""
    _set(network, way)
    try:
        took = seconds(make(), TIMED)
    except RuntimeError as error:  # too little memory, or no such kernel
        log("%s: %s" % (way, str(error)[:200]))
        return math.inf
    log("%s: %.1f ms a step" % (way, 1000 * took))
    return took


def _set(network, way):
    for name, value in way.items():
        setattr(network, name, value)


def synchronize() -> None:
    """Waits for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], times: int) -> float:
    """Mean seconds of a piece of work, after one run of it."""
    work()
    synchronize()
    start = time.perf_counter()
    for _ in range(times):
        work()
    synchronize()
    return (time.perf_counter() - start) / times


def profile(work: Callable[[], object], log: Callable[[str], None], lines: int = 14) -> None:
    """Logs which operations take the device's time in a piece of work, the longest first."""
    with torch.profiler.profile() as profiler:
        work()
        synchronize()
    rows = [
        (getattr(row, "self_device_time_total", 0) or row.self_cpu_time_total, row.count, row.key)
        for row in profiler.key_averages()
    ]
    for microseconds, count, name in sorted(rows, reverse=True)[:lines]:
        log("%9.2f ms %6d x %s" % (microseconds / 1000, count, name[:100]))
