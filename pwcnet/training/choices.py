"""Names and numbers of the published recipes, for code that does without TensorFlow."""

from __future__ import annotations

LOSSES = ("multiscale", "robust", "robust_per_pixel")
OPTIMIZERS = ("adam", "adam-float16", "sgd", "momentum")
DEFAULT_OPTIMIZERS = {  # by loss, as in the published recipes
    "multiscale": "adam",
    "robust": "sgd",
    "robust_per_pixel": "adam",
}
SCHEDULES = ("constant", "cosine", "multisteps", "multisteps-long", "cyclic", "cyclic-long")
INITIALIZERS = ("published", "coarse_to_fine")
WEIGHT_DECAY = 0.0004  # gamma

RECIPE_BATCH = 4  # boundaries and iterations of the published recipes are for this batch size
V2_START = 176000  # the step of V1 that V2's second step starts from
# The published text calls V2's second step 60K and converts its step 53,000, while its command says
# 600,000 steps: these checkpoints are kept, as (first, last, every).
V2_KEEP_RANGE = (50000, 60000, 1000)


def scale_steps(steps: int, batch_size: int) -> int:
    """Converts steps of the published batch size, 4, to those of the same number of samples.

    Args:
        steps: Steps with batches of 4.
        batch_size: Samples per step of all processes together.

    Returns:
        Steps with batches of batch_size, at least 1.
    """
    return max(1, steps * RECIPE_BATCH // batch_size)
