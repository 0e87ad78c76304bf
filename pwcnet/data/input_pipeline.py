"""Training batches: one tf.data pipeline, whose samples are read, augmented and written into their places of a batch by several threads.

Batch k holds the samples numbered k * B to k * B + B - 1 of an endless shuffled sequence. Which file a number means, and how it is augmented, follows from the
seed and the number alone; so the batches are the same for any number of workers, and a run that starts at batch k goes on as if it had never stopped.
"""

import functools
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from pwcnet.data.augment.augmentation import augment, random_crop, sample_random
from pwcnet.data.mixture import Mix
from pwcnet.runtime.tensorflow import tf

BATCHES_AHEAD = 2
ALIGNMENT = 64  # bytes, of TensorFlow's tensors

log = logging.getLogger(__name__)


class Batch(NamedTuple):
    """Tensors of one batch.

    pair: [B, 2, H, W, 3] float32 RGB in 0..1. truth: [B, H, W, 2] float32, pixels, zero where not valid. valid: [B, H, W] bool.
    numbers: [B] int64, the samples' places in the shuffled sequence.
    """

    pair: object
    truth: object
    valid: object
    numbers: object


class TrainingData:
    """The shuffled sequence of augmented samples.

    samples: list of pwcnet.data.sample.Sample, with flow, or a pwcnet.data.mixture.Mix of such lists, whose own seed then gives the order. crop: (height, width).
    augment_options: AugmentOptions, or None for random crops alone. skip_bad: in the place of a sample whose files cannot be read comes that of the next number
    whose files can, augmented as the number asks for; `skipped` says which and why. False: such a sample is an error.
    """

    def __init__(self, samples, crop, augment_options=None, seed=0, masked=True, skip_bad=False):
        self._mix = samples if isinstance(samples, Mix) else Mix([(samples, None)], seed)
        self.crop, self.seed, self.masked, self.skip_bad = tuple(crop), seed, masked, skip_bad
        self._augment = (
            functools.partial(augment, options=augment_options) if augment_options else random_crop
        )
        self.failures, self.skipped = [], {}  # errors; {Sample: error} of samples that were skipped
        self._distinct, self._skipping = self._mix.distinct, threading.Lock()

    def __len__(self):
        return len(self._mix)

    def sample(self, number):
        """The Sample that the number means, whether its files can be read or not."""
        return self._mix.sample(number)

    def example(self, number):
        """The number-th augmented Example. Raises ValueError or FileNotFoundError, naming the file, for what cannot be read."""
        sample, loaded = self._readable(number) if self.skip_bad else self._loaded(number)
        example = loaded
        try:
            return self._augment(example, self.crop, sample_random(self.seed, number))
        except ValueError as error:
            raise ValueError("%s (%s)" % (error, sample.describe()))

    def batches(self, batch_size, first_step, last_step, workers=0, shard=(0, 1)):
        """(Batch of tensors, the op that starts the iterator) for steps first_step + 1 .. last_step, in the current graph.

        workers: parallel readers, 0 for one a core. shard: (index, count) of this process among several that train together: batch k of all of them is batch k
        of a single process with count * batch_size, cut into `count` parts. A broken file raises tf.errors.OpError where the batch is fetched; the readable
        error is then the last of `failures`. Raises ValueError for a shard that there is not.
        """
        index, count = shard
        if not 0 <= index < count:
            raise ValueError(
                "expected a shard (index, count) with 0 <= index < count, got %r" % (tuple(shard),)
            )
        workers = workers or os.cpu_count() or 1
        arrays = functools.partial(
            self._batch_arrays, ThreadPoolExecutor(workers, "reader"), batch_size
        )
        firsts = tf.data.Dataset.range(first_step, last_step).map(
            lambda step: (step * count + index) * batch_size
        )
        # One batch more than the readers fill at a time, so that none of them waits for the last sample of a batch.
        batches = firsts.map(
            lambda first: self._batch_tensors(arrays, batch_size, first),
            num_parallel_calls=-(-workers // batch_size) + 1,
        )
        iterator = tf.data.make_initializable_iterator(batches.prefetch(BATCHES_AHEAD))
        pair, truth, valid, numbers = iterator.get_next()
        return Batch(tf.cast(pair, tf.float32) / 255.0, truth, valid, numbers), iterator.initializer

    def _loaded(self, number):
        sample = self.sample(number)
        return sample, self._load(sample)

    def _load(self, sample):
        return sample.load(self.masked, with_occlusion=False)

    def _readable(self, number):
        """(Sample, what is in it) of the first number from this one on whose files can be read."""
        while True:
            sample = self.sample(number)
            if sample not in self.skipped:
                try:
                    return sample, self._load(sample)
                except (ValueError, OSError) as error:
                    self._skip(sample, error)
            if len(self.skipped) == self._distinct:
                raise ValueError(
                    "expected at least one sample that can be read, got none of %d; the last: %s"
                    % (self._distinct, self.skipped[sample])
                )
            number += 1

    def _skip(self, sample, error):
        with self._skipping:
            if sample not in self.skipped:
                self.skipped[sample] = error
                log.warning("skipping sample %s: %s", sample.id, error)

    def _batch_tensors(self, arrays, batch_size, first):
        kinds = [
            (tf.uint8, (2,) + self.crop + (3,)),
            (tf.float32, self.crop + (2,)),
            (tf.bool, self.crop),
            (tf.int64, ()),
        ]
        tensors = tf.py_func(arrays, [first], [dtype for dtype, _ in kinds], stateful=False)
        for tensor, (_, shape) in zip(tensors, kinds):
            tensor.set_shape((batch_size,) + shape)
        return tuple(tensors)

    def _batch_arrays(self, readers, batch_size, first):
        pair, truth = (
            _aligned((batch_size, 2) + self.crop + (3,), np.uint8),
            _aligned((batch_size,) + self.crop + (2,), np.float32),
        )
        valid, numbers = (
            _aligned((batch_size,) + self.crop, np.bool_),
            np.arange(first, first + batch_size, dtype=np.int64),
        )
        for written in [
            readers.submit(self._write, *places) for places in zip(numbers, pair, truth, valid)
        ]:
            written.result()
        return pair, truth, valid, numbers

    def _write(self, number, pair, truth, valid):
        """Writes the number-th example into its place of a batch."""
        try:
            example = self.example(number)
        except (ValueError, OSError) as error:
            self.failures.append(error)
            raise
        pair[0], pair[1], truth[:], valid[:] = example[:4]
        truth[~example.valid] = 0


def _aligned(shape, dtype):
    """An empty array that begins at a multiple of ALIGNMENT, so that TensorFlow takes it as it is rather than copy it while no reader can run."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)
