"""Learning rates as functions of the step."""

import numpy as np

from pwcnet.runtime.tensorflow import tf
from pwcnet.training.choices import RECIPE_BATCH, SCHEDULES, scale_steps

MULTISTEPS = {
    # The duplicate boundary is in the published recipe, so 5e-6 is never used.
    "multisteps": ((60000, 60000, 80000, 100000), (1e-5, 5e-6, 2.5e-6, 1.25e-6, 6.25e-7)),
    "multisteps-long": (
        (400000, 600000, 800000, 1000000, 1200000),
        (1e-4, 5e-5, 2.5e-5, 1.25e-5, 6.25e-6, 3.125e-6),
    ),
}
CYCLIC = {
    "cyclic": (1e-6, 2e-5, 20000),
    "cyclic-long": (1e-5, 5e-4, 20000),
}  # (base, maximum, half a cycle in steps)
WARM_UP, LAST_SHARE = (
    500,
    0.01,
)  # of "cosine": steps of rising, at most a tenth of all; what is left of the rate at the end


def learning_rate(step, schedule, batch_size=RECIPE_BATCH, constant=None, steps=None):
    """The learning rate at a step: scalar float32 tensor.

    step: scalar integer tensor. schedule: a name in SCHEDULES; `constant` is the value of "constant", and the highest of "cosine", which ends after `steps`.
    Boundaries of the others scale by 4 / batch_size. Raises ValueError for another name, or a schedule without the values it needs.
    """
    if schedule in ("constant", "cosine"):
        if constant is None:
            raise ValueError(
                "expected a learning rate for the %s schedule, got none; give --learning_rate"
                % schedule
            )
        return (
            tf.constant(constant, tf.float32)
            if schedule == "constant"
            else cosine(step, constant, steps)
        )
    if schedule in MULTISTEPS:
        boundaries, values = MULTISTEPS[schedule]
        return multisteps(step, [scale_steps(b, batch_size) for b in boundaries], values)
    if schedule in CYCLIC:
        base, maximum, half = CYCLIC[schedule]
        return cyclic(step, base, maximum, scale_steps(half, batch_size))
    raise ValueError("expected a schedule of %s, got %r" % (", ".join(SCHEDULES), schedule))


def multisteps(step, boundaries, values):
    """values[number of boundaries below the step]: the value changes at boundary + 1."""
    passed = tf.reduce_sum(
        tf.cast(tf.cast(step, tf.int64) > tf.constant(boundaries, tf.int64), tf.int32)
    )
    return tf.gather(tf.constant(values, tf.float32), passed)


def cosine(step, highest, steps):
    """Rises within the first steps, then falls to a hundredth along half a cosine (Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts).

    Raises ValueError for fewer than one step.
    """
    if not steps or steps < 1:
        raise ValueError("expected the number of steps for the cosine schedule, got %r" % (steps,))
    done = tf.cast(step, tf.float32)
    rising = tf.minimum(1.0, (done + 1) / max(1.0, min(float(WARM_UP), steps / 10.0)))
    falling = 0.5 * (1 + tf.cos(np.pi * tf.minimum(1.0, done / float(steps))))
    return highest * rising * (LAST_SHARE + (1 - LAST_SHARE) * falling)


def cyclic(step, base, maximum, half_cycle):
    """Triangles between base and maximum, half as high at each cycle ("triangular2", Smith 2017, arXiv 1506.01186)."""
    position = tf.cast(step, tf.float32) / float(half_cycle)
    cycle = tf.floor(1 + position / 2)
    height = tf.maximum(0.0, 1 - tf.abs(position - 2 * cycle + 1))
    return base + (maximum - base) * height / tf.pow(2.0, cycle - 1)
