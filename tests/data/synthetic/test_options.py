"""Options of generated scenes."""

import pytest

from pwcnet.data.synthetic.options import SceneOptions


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 16},
        {"median_motion": -1.0},
        {"median_motion": 9.0, "largest_motion": 3.0},
        {"largest_motion": float("inf")},
        {"largest_motion": 1e30},
        {"least_layers": 0},
        {"least_layers": 5, "most_layers": 4},
        {"textures": 0},
        {"smallest_shape": 0.0},
        {"smallest_shape": 0.5, "largest_shape": 0.2},
        {"scene_spread": -1.0},
        {"texture_scale": 0.0},
        {"kind": "cubes"},
        {"photo_share": 1.5},
        {"content": "rain"},
    ],
)
def test_refuses_options_that_make_no_scene(wrong):
    with pytest.raises(ValueError, match=list(wrong)[0]):
        SceneOptions(**wrong)
