"""Flow files and end-point errors in plain NumPy, independent of the package."""

import numpy as np


def read_flo(path):
    """The flow [H, W, 2] in a .flo file."""
    with open(str(path), "rb") as stream:
        data = stream.read()
    width, height = np.frombuffer(data, "<i4", 2, 4)
    return np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2)


def average_epe(predictions, ground_truths):
    """(mean of the images' means, pooled mean); ground truth beyond 1e9 does not count."""
    errors = []
    for prediction, truth in zip(predictions, ground_truths):
        error = np.sqrt(
            ((prediction.astype(np.float64) - truth.astype(np.float64)) ** 2).sum(axis=-1)
        )
        errors.append(error[np.abs(truth).max(axis=-1) < 1e9])
    return np.mean([error.mean() for error in errors]), np.concatenate(errors).mean()
