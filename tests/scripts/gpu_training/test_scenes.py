"""Scenes that are rendered on a GPU are like those of the project's generator."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from tests.helpers.torch_environments import torch_check

PAIRS = 500


@pytest.mark.full
@pytest.mark.parametrize("kind", ["layers", "worlds"])
def test_motion_occlusion_and_contrast_are_alike(kind, tmp_path):
    torch_check("scenes", kind, tmp_path / "statistics.npy", PAIRS)
    project, gpu = np.load(str(tmp_path / "statistics.npy"))
    names = "motion", "occluded share", "local contrast"
    distances = [ks_2samp(*values).statistic for values in zip(project, gpu)]
    assert max(distances) < 0.1, dict(zip(names, distances))
