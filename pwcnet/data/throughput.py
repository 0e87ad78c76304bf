"""How fast training samples are read: the pipeline against a plain loop in the same process."""

import os
import statistics
import time
from typing import NamedTuple

from pwcnet.runtime.tensorflow import tf


class Throughput(NamedTuple):
    """Medians over the rounds.

    loop, pipeline: samples a second of a single-threaded loop and of TrainingData.batches. ratio: pipeline to loop, of the same round.
    delivered, read: bytes a sample, decoded as the batches hold them (uint8 frames, float32 truth, bool valid), and in its files.
    """

    loop: float
    pipeline: float
    ratio: float
    delivered: float
    read: float


def measure_input(data, batch_size, steps, rounds, workers=0):
    """A Throughput: in each round the loop and the pipeline make the same `steps` batches, taking turns, after one batch each that is not counted.

    The loop makes examples one by one; the pipeline's batches are taken as its iterator hands them out, before the step turns frames into float32.
    data: pwcnet.data.input_pipeline.TrainingData. workers: parallel readers, 0 for one a core. The pipeline's time is from the start of its iterator to its last
    batch. Raises ValueError where fewer than one round, step or sample is asked for, and for files that cannot be read.
    """
    if min(batch_size, steps, rounds) < 1:
        raise ValueError(
            "expected at least one sample a batch, step and round, got %r"
            % ((batch_size, steps, rounds),)
        )
    count = batch_size * steps
    loops, pipelines = [], []
    with tf.Graph().as_default(), tf.Session() as session:
        warm_up, start_warm_up = data.batches(batch_size, 0, 1, workers)
        batch, start = data.batches(batch_size, 0, steps, workers)
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


def _loop_seconds(data, count):
    began = time.perf_counter()
    for number in range(count):
        data.example(number)
    return time.perf_counter() - began


def _pipeline_seconds(session, data, batch, start, steps):
    began = time.perf_counter()
    try:
        session.run(start)
        for _ in range(steps):
            session.run(batch.numbers.op)  # the iterator's, which hands out the whole batch
    except tf.errors.OpError:
        if data.failures:
            raise data.failures[-1]
        raise
    return time.perf_counter() - began


def _file_bytes(data, sample):
    """Of the files that a training sample is read from."""
    paths = [sample.frame1, sample.frame2, sample.flow, sample.invalid if data.masked else None]
    return sum(os.path.getsize(path) for path in paths if path)
