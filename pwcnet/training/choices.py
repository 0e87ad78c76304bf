"""Names and numbers of the published recipes, for command lines and checks that do without TensorFlow."""

LOSSES = ("multiscale", "robust", "robust_per_pixel")
DEFAULT_OPTIMIZERS = {
    "multiscale": "adam",
    "robust": "sgd",
    "robust_per_pixel": "adam",
}  # by loss, as the published recipes have it
OPTIMIZERS = ("adam", "adam-float16", "sgd", "momentum")
SCHEDULES = ("constant", "cosine", "multisteps", "multisteps-long", "cyclic", "cyclic-long")
INITIALIZERS = ("published", "coarse_to_fine")
WEIGHT_DECAY = 0.0004

RECIPE_BATCH = 4  # boundaries and iterations of the published recipes are for this batch size
V2_START = 176000  # the step of V1 that V2's second step starts from


def scale_steps(steps, batch_size):
    """A number of steps for batches of 4 as that of the same number of samples; at least 1. batch_size: of all processes together."""
    return max(1, steps * RECIPE_BATCH // batch_size)
