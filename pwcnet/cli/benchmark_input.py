"""How fast training samples are read: the input pipeline against a plain loop."""

from __future__ import annotations

import os
import statistics
import time
from typing import Any, NamedTuple

from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.sample import BaseSample
from pwcnet.runtime.tensorflow import tf


class Throughput(NamedTuple):
    """Medians over the rounds.

    Attributes:
        loop: samples per second of a single-threaded loop.
        pipeline: samples per second of `TrainingData.batches`.
        ratio: pipeline to loop, of the same round.
        delivered: bytes per sample as the batches hold it (uint8 frames, float32 flow, bool mask).
        read: bytes per sample in its files.
    """

    loop: float
    pipeline: float
    ratio: float
    delivered: float
    read: float


def measure_input(
    data: TrainingData, batch_size: int, steps: int, rounds: int, readers: int = 0
) -> Throughput:
    """Times the loop and the pipeline, which take turns on the same batches in each round.

    One batch each before them is not counted. Batches are taken as the pipeline's iterator hands
    them out, before frames become float32. Its time is from the start of the iterator to the last
    batch.

    Args:
        data: the samples.
        batch_size: samples in a batch.
        steps: batches in a round.
        rounds: how many.
        readers: parallel readers, 0 for one per core.

    Raises:
        ValueError: for fewer than one round, step or sample, or a broken file.
        OSError: for files that cannot be read.
    """
    if min(batch_size, steps, rounds) < 1:
        raise ValueError(
            "expected at least one sample in a batch, step and round, got %r"
            % ((batch_size, steps, rounds),)
        )
    count = batch_size * steps
    loops, pipelines = [], []
    with tf.Graph().as_default(), tf.Session() as session:
        warm_up, start_warm_up = data.batches(batch_size, 0, 1, readers)
        batch, start = data.batches(batch_size, 0, steps, readers)
        _loop_seconds(data, batch_size)
        _pipeline_seconds(session, data, warm_up, start_warm_up, 1)
        for _ in range(rounds):
            loops.append(_loop_seconds(data, count))
            pipelines.append(_pipeline_seconds(session, data, batch, start, steps))
    height, width = data.crop
    return Throughput(
        count / statistics.median(loops),
        count / statistics.median(pipelines),
        statistics.median(loop / pipeline for loop, pipeline in zip(loops, pipelines)),
        height * width * (2 * 3 + 2 * 4 + 1),
        sum(_file_bytes(data, data.sample(number)) for number in range(count)) / count,
    )


def _loop_seconds(data: TrainingData, count: int) -> float:
    started = time.perf_counter()
    for number in range(count):
        data.load(number)
    return time.perf_counter() - started


def _pipeline_seconds(
    session: Any, data: TrainingData, batch: Any, start: Any, steps: int
) -> float:
    started = time.perf_counter()
    try:
        session.run(start)
        for _ in range(steps):
            # The operation of the iterator, which hands out the whole batch.
            session.run(batch.numbers.op)
    except tf.errors.OpError:
        if data.failures:
            raise data.failures[min(data.failures)]
        raise
    return time.perf_counter() - started


def _file_bytes(data: TrainingData, sample: BaseSample) -> int:
    return sum(os.path.getsize(path) for path in sample.paths(data.masked, with_occlusion=False))
