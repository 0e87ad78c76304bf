"""Training batches: one tf.data pipeline that several threads fill.

Samples are read, augmented and written into their places of a batch by several threads. Batch k
holds the samples numbered k * B to k * B + B - 1 of an endless shuffled sequence. Which sample a
number means, and how it is augmented, follows from the seed and the number alone; so the batches
are the same for any number of readers, and a run that starts at batch k goes on as if it had never
stopped.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Sequence

import numpy as np

from pwcnet._checks import require
from pwcnet.data.augment.augmentation import AugmentOptions, augment, sample_random
from pwcnet.data.augment.geometric import random_crop
from pwcnet.data.ground_truth import beyond_text
from pwcnet.data.mixture import Mix
from pwcnet.data.sample import BaseSample, LoadedSample
from pwcnet.runtime.tensorflow import numpy_function, tf

PREFETCHED_BATCHES = 2
MAX_FAILURES = 100  # generated samples that fail one after another before skipping gives up
ALIGNMENT = 64  # bytes, of TensorFlow's tensors

log = logging.getLogger(__name__)


class Batch(NamedTuple):
    """Tensors of one batch.

    Attributes:
        pair: [B, 2, H, W, 3] float32 RGB in 0..1.
        flow: [B, H, W, 2] float32, the ground truth in pixels, zero where it is not valid.
        valid: [B, H, W] bool.
        numbers: [B] int64, the places of the samples in the shuffled sequence.
    """

    pair: tf.Tensor
    flow: tf.Tensor
    valid: tf.Tensor
    numbers: tf.Tensor


class TrainingData:
    """The shuffled sequence of augmented samples.

    Args:
        samples: samples with ground truth, or a `Mix` of such lists, whose own seed then gives the
            order.
        crop: (height, width).
        augment_options: what changes at random; None for random crops alone.
        seed: of the order and the random changes, a whole number in 0..2^32-1.
        masked: whether pixels of the samples' invalid masks are left out.
        skip_bad: True takes the next number whose files can be read instead of a sample whose files
            cannot, augmented as the number asks for. False: such a sample is an error.

    Attributes:
        failures: {number: error} of samples that could not be read, ahead of the training too.
        skipped: {sample: error} of the samples that were skipped.
    """

    def __init__(
        self,
        samples: Sequence[BaseSample] | Mix,
        crop: tuple[int, int],
        augment_options: AugmentOptions | None = None,
        seed: int = 0,
        masked: bool = True,
        skip_bad: bool = False,
    ):
        self._mix = samples if isinstance(samples, Mix) else Mix([(samples, None)], seed)
        require(len(crop) == 2 and min(crop) >= 1, "a crop (height, width) of pixels", crop)
        self.crop = crop[0], crop[1]
        self.seed, self.masked, self.skip_bad = seed, masked, skip_bad
        self._augment = (
            functools.partial(augment, options=augment_options) if augment_options else random_crop
        )
        self.failures: dict[int, Exception] = {}
        self.skipped: dict[BaseSample, Exception] = {}
        self._told_beyond = False
        self._distinct, self._skipping = self._mix.distinct, threading.Lock()

    def __len__(self):
        return len(self._mix)

    def sample(self, number: int) -> BaseSample:
        """The sample that the number means, whether its files can be read or not."""
        return self._mix.sample(number)

    def load(self, number: int) -> LoadedSample:
        """The number-th sample, loaded and augmented.

        Raises:
            ValueError: for a broken file, or a crop that does not fit, which names the pair.
            FileNotFoundError: for a missing file.
        """
        sample, loaded = self._readable(number) if self.skip_bad else self._loaded(number)
        try:
            return self._augment(loaded, self.crop, sample_random(self.seed, number))
        except ValueError as error:
            raise ValueError("%s (%s)" % (error, sample.describe()))

    def batches(
        self,
        batch_size: int,
        first_step: int,
        last_step: int,
        readers: int = 0,
        shard: tuple[int, int] = (0, 1),
    ) -> tuple[Batch, Any]:
        """The batches of steps first_step + 1 .. last_step, in the current graph.

        A broken file raises tf.errors.OpError where the batch is fetched; `failure` then has the
        readable error.

        Args:
            batch_size: samples in a batch of this process.
            first_step: how many steps were done before.
            last_step: the step of the last batch.
            readers: threads that read samples, 0 for one per core.
            shard: (index, count) of this process among several that train together: batch k of all
                of them is batch k of a single process with count * batch_size, cut into `count`
                parts.

        Returns:
            The batch, and the operation that starts its iterator.

        Raises:
            ValueError: for a shard that does not exist, or another number out of its range.
        """
        batches = self._arrays(batch_size, first_step, last_step, readers, shard)
        iterator = tf.data.make_initializable_iterator(batches)
        pair, flow, valid, numbers = iterator.get_next()
        return Batch(tf.cast(pair, tf.float32) / 255.0, flow, valid, numbers), iterator.initializer

    def dataset(
        self,
        batch_size: int,
        steps: int,
        first_step: int = 0,
        readers: int = 0,
        shard: tuple[int, int] = (0, 1),
    ) -> Any:
        """The batches of steps first_step + 1 .. steps for a loop of one's own in TensorFlow 2.

        A broken file raises tf.errors.OpError where the batch is fetched; `failure` then has the
        readable error.

        Args:
            batch_size: samples in a batch of this process.
            steps: the step of the last batch.
            first_step: how many steps were done before.
            readers: as of `batches`.
            shard: as of `batches`.

        Returns:
            A tf.data.Dataset of `Batch`.

        Raises:
            ValueError: for a shard that does not exist, or another number out of its range.
        """
        batches = self._arrays(batch_size, first_step, steps, readers, shard)
        return batches.map(
            lambda pair, flow, valid, numbers: Batch(
                tf.cast(pair, tf.float32) / 255.0, flow, valid, numbers
            )
        )

    def _arrays(self, batch_size, first_step, last_step, readers, shard):
        """The tf.data.Dataset of batches, whose pairs are uint8."""
        index, count = shard
        if not 0 <= index < count:
            raise ValueError(
                "expected a shard (index, count) with 0 <= index < count, got %r" % (tuple(shard),)
            )
        require(batch_size >= 1, "a batch of 1 sample or more", batch_size)
        require(first_step >= 0, "0 or more steps that were done before", first_step)
        require(readers >= 0, "0 or more readers", readers)
        readers = readers or os.cpu_count() or 1
        arrays = functools.partial(
            self._batch_arrays, ThreadPoolExecutor(readers, "reader"), batch_size
        )
        firsts = tf.data.Dataset.range(first_step, last_step).map(
            lambda step: (step * count + index) * batch_size
        )
        # One batch more than the readers fill at a time, so that none of them waits for the last
        # sample of a batch.
        batches = firsts.map(
            lambda first: self._batch_tensors(arrays, batch_size, first),
            num_parallel_calls=-(-readers // batch_size) + 1,
        )
        return batches.prefetch(PREFETCHED_BATCHES)

    def failure(
        self, first_step: int, last_step: int, batch_size: int, shard: tuple[int, int] = (0, 1)
    ) -> Exception | None:
        """Why the batches of steps could not be read; None where they were, or were not needed.

        Args:
            first_step: the first of the steps, from 1 on.
            last_step: the last one.
            batch_size: as of `batches`.
            shard: as of `batches`.
        """
        index, count = shard
        for step in range(first_step, last_step + 1):
            first = ((step - 1) * count + index) * batch_size
            for number in range(first, first + batch_size):
                if number in self.failures:
                    return self.failures[number]
        return None

    def _loaded(self, number):
        sample = self.sample(number)
        return sample, self._load(sample)

    def _load(self, sample):
        loaded = sample.load(self.masked, with_occlusion=False)
        if loaded.beyond and not self._told_beyond:
            self._told_beyond = True
            log.warning("%s; others are not named", beyond_text(loaded.beyond, sample.flow))
        return loaded

    def _readable(self, number):
        """(sample, its arrays) of the first number from this one on whose files can be read."""
        failed = 0
        while True:
            sample = self.sample(number)
            if sample not in self.skipped:
                try:
                    return sample, self._load(sample)
                except (ValueError, OSError) as error:
                    self._skip(sample, error)
                    failed += not sample.paths()
            if failed == MAX_FAILURES:
                raise ValueError(
                    "%d generated samples failed one after another; the last: %s"
                    % (failed, self.skipped[sample])
                )
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
        tensors = numpy_function(arrays, [first], [dtype for dtype, _ in kinds])
        for tensor, (_, shape) in zip(tensors, kinds):
            tensor.set_shape((batch_size,) + shape)
        return tuple(tensors)

    def _batch_arrays(self, readers, batch_size, first):
        pairs = _aligned((batch_size, 2) + self.crop + (3,), np.uint8)
        flows = _aligned((batch_size,) + self.crop + (2,), np.float32)
        valids = _aligned((batch_size,) + self.crop, np.bool_)
        numbers = np.arange(first, first + batch_size, dtype=np.int64)
        writes = [
            readers.submit(self._write, *places) for places in zip(numbers, pairs, flows, valids)
        ]
        for write in writes:
            write.result()
        return pairs, flows, valids, numbers

    def _write(self, number, pair, flow, valid):
        """Writes the number-th sample into its place of a batch."""
        try:
            loaded = self.load(number)
        except (ValueError, OSError) as error:
            self.failures[int(number)] = error
            raise
        pair[0], pair[1], flow[:], valid[:] = loaded[:4]
        flow[~loaded.valid] = 0


def _aligned(shape, dtype):
    """An empty array that begins at a multiple of ALIGNMENT.

    TensorFlow takes it as it is, rather than copy it while no reader can run.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)
