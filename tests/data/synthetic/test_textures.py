"""Textures and masks."""

import numpy as np
import pytest

from pwcnet.data.synthetic.masks import make_mask
from pwcnet.data.synthetic.textures import make_texture


@pytest.mark.parametrize("simple", [False, True])
def test_textures_and_masks_of_all_kinds(simple):
    random = np.random.RandomState(7)
    for _ in range(12):
        whole, half = make_texture(random, simple)
        assert (
            whole.shape == (512, 512, 3)
            and half.shape == (256, 256, 3)
            and whole.dtype == half.dtype == np.uint8
            and whole.std() > 1
        )
        level, box = make_mask(random, simple)
        assert (
            level.shape == (256, 256)
            and level.max() > 0
            and max(level[0].max(), level[-1].max(), level[:, 0].max(), level[:, -1].max()) < 0
        )
        rows, columns = np.nonzero(level > 0)
        assert (
            box[0] <= columns.min()
            and box[1] <= rows.min()
            and columns.max() <= box[2]
            and rows.max() <= box[3]
        )
