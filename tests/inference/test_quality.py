"""Quality levels: which passes take place, at which sizes."""

import numpy as np
import pytest

from pwcnet.inference.memory import MemoryBounds, pass_bytes
from pwcnet.inference.passes import FrameSizes
from pwcnet.inference.quality import LARGEST_CHANGE, SMALLEST_TILE, TILE, plan, quality_flow
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.choices import BALANCED, BEST, PLAIN
from pwcnet.runtime.devices import session_config


def everything_fits(size):
    return True


@pytest.mark.parametrize(
    "quality, size, whole, coarse, fine, tiled",
    [
        (BALANCED, (436, 1024), (436, 1024), None, None, ()),
        (BEST, (384, 512), (384, 512), None, (576, 768), ()),
        (BEST, (436, 1024), (436, 1024), (218, 512), (436, 1024), ()),
        (BEST, (1, 9), (1, 9), None, (2, 14), ()),
        (BALANCED, (2000, 1000), (2000, 1000), None, None, ()),
        (BALANCED, (2160, 3840), (1080, 1920), None, None, ()),
        (BEST, (2160, 3840), (1080, 1920), (540, 960), None, ((2160, 3840),)),
        (BALANCED, (4320, 7680), (1080, 1920), None, None, ((2160, 3840),)),
        (BEST, (4320, 7680), (1080, 1920), (540, 960), None, ((2160, 3840), (4320, 7680))),
    ],
)
def test_sizes_of_passes(quality, size, whole, coarse, fine, tiled):
    passes = plan(quality, size, everything_fits)
    assert (passes.whole, passes.coarse, passes.fine, passes.tiled, passes.tile) == (
        whole, coarse, fine, tiled, TILE,
    )  # fmt: skip


def test_sides_beyond_what_opencv_reads_along_a_flow():
    assert plan(BALANCED, (1, 66000), everything_fits).tiled[-1] == (1, 16500)
    assert plan(BEST, (32766, 1), everything_fits).tiled[-1] == (32766, 1)
    frame = FrameSizes(np.random.RandomState(0).randint(0, 256, (2, 32768, 3)).astype(np.uint8))
    flow = quality_flow(BEST, lambda one, _: np.zeros([*one.size, 2], np.float32), frame, frame)
    assert flow.shape == (2, 32768, 2) and np.abs(flow).max() < 0.01


def test_less_memory_means_smaller_passes_and_tiles():
    limit = 400 * 512
    passes = plan(BALANCED, (480, 640), lambda size: size[0] * size[1] <= limit)
    assert passes.whole == (240, 320) and passes.tiled == ((480, 640),)
    limit = SMALLEST_TILE[0] * SMALLEST_TILE[1]
    passes = plan(BEST, (2160, 3840), lambda size: size[0] * size[1] <= limit)
    assert passes.whole == (270, 480) and passes.tile == SMALLEST_TILE
    assert passes.tiled == ((540, 960), (1080, 1920), (2160, 3840))
    with pytest.raises(ValueError, match='2160x3840.*"plain"'):
        plan(BEST, (2160, 3840), lambda size: False)


def test_a_level_runs_its_passes():
    sizes = []

    def network(first, second):
        assert first.size == second.size
        sizes.append(first.size)
        return np.zeros([*first.size, 2], np.float32)

    texture = np.random.RandomState(0).randint(0, 256, (40, 1000, 3)).astype(np.uint8)
    for quality, expected in (
        (PLAIN, [(40, 1000)]),
        (BALANCED, [(40, 1000)]),
        (BEST, [(40, 1000), (20, 500), (40, 1000), (40, 1000)]),
    ):
        del sizes[:]
        flow = quality_flow(quality, network, FrameSizes(texture), FrameSizes(texture))
        assert flow.shape == (40, 1000, 2) and np.abs(flow).max() < 0.01 and sizes == expected


def test_the_fine_pass_changes_little():
    def network(first, second):
        value = 100.0 if first.size == (60, 90) else 1.0
        return np.full([*first.size, 2], value, np.float32)

    frame = np.random.RandomState(0).randint(0, 256, (40, 60, 3)).astype(np.uint8)
    flow = quality_flow(BEST, network, FrameSizes(frame), FrameSizes(frame))
    assert np.abs(flow).max() < 1 + LARGEST_CHANGE


def test_bounds_of_memory():
    config = ModelConfig.small()
    assert pass_bytes(config, (65, 128)) == 2 * pass_bytes(config, (64, 128))
    assert pass_bytes(config, (64, 128), pairs=3) == 3 * pass_bytes(config, (64, 128))
    assert pass_bytes(ModelConfig.large(), (64, 128)) > 2 * pass_bytes(config, (64, 128))
    bounds = MemoryBounds(config, session_config(device="cpu"), 0.4)
    fits = bounds.fits((400, 500), graphs=3)
    assert fits((448, 512)) and not fits((1000, 2000))
    assert MemoryBounds(None, session_config(device="cpu"), 0.1).fits((4000, 5000), graphs=1)(
        (999, 9999)
    )
