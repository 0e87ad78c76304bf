"""Learning rates as functions of the step."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from pwcnet.runtime.tensorflow import tf
from pwcnet.training.choices import RECIPE_BATCH, SCHEDULES, scale_steps

MULTISTEPS = {  # (boundaries, rates)
    # The duplicate boundary is in the published recipe, so 5e-6 is never used.
    "multisteps": ((60000, 60000, 80000, 100000), (1e-5, 5e-6, 2.5e-6, 1.25e-6, 6.25e-7)),
    "multisteps-long": (
        (400000, 600000, 800000, 1000000, 1200000),
        (1e-4, 5e-5, 2.5e-5, 1.25e-5, 6.25e-6, 3.125e-6),
    ),
}
CYCLIC = {  # (base, maximum, half a cycle in steps)
    "cyclic": (1e-6, 2e-5, 20000),
    "cyclic-long": (1e-5, 5e-4, 20000),
}
WARM_UP = 500  # steps of "cosine" while the rate rises, at most a tenth of all
FINAL_SHARE = 0.01  # of the highest rate, at the end of "cosine"


def learning_rate(
    step: tf.Tensor,
    schedule: str,
    batch_size: int = RECIPE_BATCH,
    constant: float | None = None,
    steps: int | None = None,
) -> tf.Tensor:
    """The learning rate at a step.

    Args:
        step: Number of updates so far, scalar integer.
        schedule: A name in choices.SCHEDULES.
        batch_size: Of all processes together. The steps of "multisteps..." and "cyclic..." are for
            batches of 4 and scale by 4 / batch_size.
        constant: The rate of "constant", the highest of "cosine".
        steps: The number of steps after which "cosine" ends.

    Returns:
        Scalar float32.

    Raises:
        ValueError: There is no schedule of that name, or a value that it needs is missing.
    """
    if schedule in ("constant", "cosine"):
        if constant is None:
            raise ValueError("expected a learning rate for the %s schedule, got none" % schedule)
        if schedule == "constant":
            return tf.constant(constant, tf.float32)
        return cosine(step, constant, steps)
    if schedule in MULTISTEPS:
        boundaries, values = MULTISTEPS[schedule]
        return multisteps(step, [scale_steps(b, batch_size) for b in boundaries], values)
    if schedule in CYCLIC:
        base, maximum, half = CYCLIC[schedule]
        return cyclic(step, base, maximum, scale_steps(half, batch_size))
    raise ValueError("expected a schedule of %s, got %r" % (", ".join(SCHEDULES), schedule))


def multisteps(step: tf.Tensor, boundaries: Sequence[int], values: Sequence[float]) -> tf.Tensor:
    """The value number n, n the number of boundaries below the step.

    So the value changes at boundary + 1, as in tf.train.piecewise_constant.
    """
    passed = tf.reduce_sum(
        tf.cast(tf.cast(step, tf.int64) > tf.constant(boundaries, tf.int64), tf.int32)
    )
    return tf.gather(tf.constant(values, tf.float32), passed)


def cosine(step: tf.Tensor, highest: float, steps: int | None) -> tf.Tensor:
    """A rate that rises within the first steps, then falls to a hundredth along half a cosine.

    Source: Loshchilov and Hutter 2017, arXiv 1608.03983; without restarts.

    Raises:
        ValueError: There is less than one step.
    """
    if not steps or steps < 1:
        raise ValueError("expected the number of steps for the cosine schedule, got %r" % (steps,))
    done = tf.cast(step, tf.float32)
    rising = tf.minimum(1.0, (done + 1) / max(1.0, min(float(WARM_UP), steps / 10.0)))
    falling = 0.5 * (1 + tf.cos(np.pi * tf.minimum(1.0, done / float(steps))))
    return highest * rising * (FINAL_SHARE + (1 - FINAL_SHARE) * falling)


def cyclic(step: tf.Tensor, base: float, maximum: float, half_cycle: int) -> tf.Tensor:
    """Triangles between base and maximum, half as high at each cycle ("triangular2").

    Source: Smith 2017, arXiv 1506.01186.
    """
    position = tf.cast(step, tf.float32) / float(half_cycle)
    cycle = tf.floor(1 + position / 2)
    height = tf.maximum(0.0, 1 - tf.abs(position - 2 * cycle + 1))
    return base + (maximum - base) * height / tf.pow(2.0, cycle - 1)
