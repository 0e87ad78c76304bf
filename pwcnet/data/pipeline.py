"""Training batches: one tf.data pipeline that reads, augments and batches samples in parallel.

Batch k holds the samples numbered k * B to k * B + B - 1 of an endless shuffled sequence. Which file a number means, and how it is augmented, follows from the
seed and the number alone; so the batches are the same for any number of workers, and a run that starts at batch k goes on as if it had never stopped.
"""
import functools
import os
from typing import NamedTuple

import numpy as np

from pwcnet.data.augment import Example, augment, random_crop, sample_random
from pwcnet.data.samples import load_sample
from pwcnet.runtime import tf

BATCHES_AHEAD = 2


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

    samples: list of pwcnet.data.samples.Sample, with flow. crop: (height, width). augment_options: AugmentOptions, or None for random crops alone.
    """

    def __init__(self, samples, crop, augment_options=None, seed=0, masked=True):
        if not samples:
            raise ValueError("expected at least one sample to train on, got none")
        self.samples, self.crop, self.seed, self.masked = list(samples), tuple(crop), seed, masked
        self._augment = functools.partial(augment, options=augment_options) if augment_options else random_crop
        self._order = functools.lru_cache(maxsize=2)(self._shuffled)
        self.failures = []

    def sample(self, number):
        """The Sample that the number means."""
        epoch, place = divmod(int(number), len(self.samples))
        return self.samples[self._order(epoch)[place]]

    def example(self, number):
        """The number-th augmented Example. Raises ValueError or FileNotFoundError, naming the file, for what cannot be read."""
        sample = self.sample(number)
        loaded = load_sample(sample, masked=self.masked)
        example = Example(loaded.frame1, loaded.frame2, loaded.flow, loaded.valid)
        try:
            return self._augment(example, self.crop, sample_random(self.seed, number))
        except ValueError as error:
            raise ValueError("%s (%s)" % (error, sample.frame1))

    def batches(self, batch_size, first_step, last_step, workers=0):
        """(Batch of tensors, the op that starts the iterator) for steps first_step + 1 .. last_step, in the current graph.

        A broken file raises tf.errors.OpError where the batch is fetched; the readable error is then the last of `failures`.
        """
        numbers = tf.data.Dataset.range(first_step * batch_size, last_step * batch_size)
        examples = numbers.map(self._example_tensors, num_parallel_calls=workers or os.cpu_count() or 1)
        batches = examples.batch(batch_size, drop_remainder=True).prefetch(BATCHES_AHEAD)
        iterator = tf.data.make_initializable_iterator(batches)
        pair, truth, valid, number = iterator.get_next()
        return Batch(tf.cast(pair, tf.float32) / 255.0, truth, valid, number), iterator.initializer

    def _example_tensors(self, number):
        height, width = self.crop
        pair, truth, valid = tf.py_func(self._arrays, [number], [tf.uint8, tf.float32, tf.bool], stateful=False)
        pair.set_shape([2, height, width, 3])
        truth.set_shape([height, width, 2])
        valid.set_shape([height, width])
        return pair, truth, valid, number

    def _arrays(self, number):
        try:
            frame1, frame2, flow, valid = self.example(number)
        except (ValueError, OSError) as error:
            self.failures.append(error)
            raise
        return np.stack([frame1, frame2]), np.where(valid[..., None], flow, 0).astype(np.float32), valid

    def _shuffled(self, epoch):
        return np.random.RandomState([self.seed, epoch]).permutation(len(self.samples))
