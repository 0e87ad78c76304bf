"""Quality levels of a Predictor: with checkpoints, frozen graphs, batches and sequences."""

import cv2
import numpy as np
import pytest

from pwcnet.flow.refinement import grey, refine
from pwcnet.inference import level
from pwcnet.inference.predictor import Predictor
from pwcnet.io.frame_pairs import Pair
from pwcnet.runtime.choices import BALANCED, BEST, PLAIN
from pwcnet.runtime.devices import session_config
from pwcnet.runtime.memory import MemoryBoundError
from tests.helpers.frames import moving_frames
from tests.helpers.golden import assert_close

FRAMES = [*np.stack(moving_frames(3, 100, 120))]


@pytest.fixture(scope="module")
def predictor(small_checkpoint):
    with Predictor(small_checkpoint, quality=BEST) as opened:
        yield opened


def test_the_default_is_balanced_and_plain_for_frozen_graphs(
    small_checkpoint, small_frozen, monkeypatch
):
    assert Predictor(small_checkpoint).quality == BALANCED
    assert Predictor(small_frozen).quality == PLAIN
    monkeypatch.delattr(cv2, "VariationalRefinement_create")
    assert Predictor(small_checkpoint).quality == PLAIN
    with pytest.raises(ValueError, match="VariationalRefinement"):
        Predictor(small_checkpoint, quality=BEST)


def test_balanced_is_the_plain_flow_refined(small_checkpoint):
    with Predictor(small_checkpoint, quality=PLAIN) as plain:
        expected = refine(*(grey(frame) for frame in FRAMES[:2]), plain.flow(*FRAMES[:2]))
    with Predictor(small_checkpoint, quality=BALANCED) as balanced:
        assert_close(balanced.flow(*FRAMES[:2]), expected, 1e-3)


@pytest.mark.whole_on("tf2")
def test_every_method_gives_the_same_flow(predictor):
    expected = [predictor.flow(*FRAMES[:2]), predictor.flow(*FRAMES[1:])]
    back = predictor.flow(FRAMES[1], FRAMES[0])
    pairs = [tuple(FRAMES[:2]), Pair("b", FRAMES[1], FRAMES[2])]
    for flow, other in zip(predictor.flows(pairs), expected):
        assert_close(flow, other, 1e-5)
    for (pair, flow), given, other in zip(predictor.consecutive(pairs), pairs, expected):
        assert pair is given
        assert_close(flow, other, 1e-3)
    for (_, forward, backward), other in zip(predictor.both_ways(pairs[:1]), expected):
        assert_close(forward, other, 1e-3)
        assert_close(backward, back, 1e-3)


def test_neighbouring_pairs_share_pyramids(small_checkpoint, monkeypatch):
    counts = []
    original = level.StreamNetwork.features
    monkeypatch.setattr(
        level.StreamNetwork,
        "features",
        lambda self, rgb: counts.append(self.size) or original(self, rgb),
    )
    with Predictor(small_checkpoint, quality=BALANCED) as opened:
        pairs = [(FRAMES[0], FRAMES[1]), (FRAMES[1], FRAMES[2])]
        list(opened.consecutive(pairs))
        shared = len(counts)
        opened.flows(pairs)
    assert 2 * shared == len(counts) - shared


@pytest.mark.whole_on("tf2")
def test_floats_and_grey(predictor):
    expected = predictor.flow(*FRAMES[:2])
    flow = predictor.flow(*(frame / 255.0 for frame in FRAMES[:2]))
    assert np.abs(flow - expected).mean() < 0.01 * np.abs(expected).max()
    assert predictor.flow(FRAMES[0][:70, :80, 0], FRAMES[1][:70, :80, :1]).shape == (70, 80, 2)


@pytest.mark.whole_on("tf2")
@pytest.mark.parametrize("size", [(8, 8), (1, 100), (100, 1), (1, 1), (33, 129)])
def test_odd_and_tiny_sizes(predictor, size):
    frames = np.random.RandomState(0).randint(0, 256, (2, *size, 3)).astype(np.uint8)
    flow = predictor.flow(*frames)
    assert flow.shape == (*size, 2) and np.isfinite(flow).all()


def test_other_frames_are_refused(predictor):
    for call in (
        lambda: predictor.flow(FRAMES[0], FRAMES[1][:50]),
        lambda: list(predictor.consecutive([(FRAMES[0], FRAMES[1][:50])])),
    ):
        with pytest.raises(ValueError, match="frame2 has 50x120 .*frame1 has 100x120"):
            call()
    with pytest.raises(ValueError, match="no pairs"):
        predictor.flows([])
    with pytest.raises(ValueError, match="Pair 2 .*50x120"):
        predictor.flows([FRAMES[:2], [frame[:50] for frame in FRAMES[:2]]])


@pytest.mark.whole_on("tf2")
def test_frozen_graphs_take_the_levels_that_fit_them(small_frozen, small_checkpoint):
    frames = [frame[:40, :80] for frame in FRAMES[:2]]
    for quality in (BALANCED, BEST):
        with Predictor(small_frozen, quality=quality) as frozen, Predictor(
            small_checkpoint, quality=quality
        ) as opened:
            assert_close(frozen.flow(*frames), opened.flow(*frames), 1e-3)
    with Predictor(small_frozen, quality=BEST) as frozen, pytest.raises(
        ValueError, match='at most 64x128 .*90x180.*"best"'
    ):
        frozen.flow(*(frame[:60] for frame in FRAMES[:2]))


def test_unknown_levels_and_memory(small_checkpoint):
    with pytest.raises(ValueError, match="'finest'.*plain, balanced, best"):
        Predictor(small_checkpoint, quality="finest")
    with pytest.raises(ValueError, match="memory"):
        Predictor(small_checkpoint, memory=-1)


def test_a_plain_pass_beyond_the_memory_is_refused(small_checkpoint):
    config = session_config(device="cpu")
    with Predictor(small_checkpoint, config, memory=0.084, quality=PLAIN) as opened:
        for call in (
            lambda: opened.flow(*FRAMES[:2]),
            lambda: opened.flows([FRAMES[:2], FRAMES[1:]]),
            lambda: list(opened.consecutive([FRAMES[:2]])),
            lambda: list(opened.both_ways([FRAMES[:2]])),
        ):
            with pytest.raises(MemoryBoundError, match='100x120 .*"balanced"'):
                call()
        assert opened.flow(*(frame[:60, :100] for frame in FRAMES[:2])).shape == (60, 100, 2)


@pytest.mark.whole_on("tf2")
def test_a_level_goes_in_tiles_where_memory_is_short(small_checkpoint, caplog):
    frames = moving_frames(2, 390, 520)
    config = session_config(device="cpu")
    with Predictor(small_checkpoint, config, quality=BALANCED, memory=0.18) as tiled:
        flow = tiled.flow(*frames)
        assert flow.shape == (390, 520, 2) and np.isfinite(flow).all()
    assert "390x520" in caplog.text and "384x512" in caplog.text
    with Predictor(
        small_checkpoint, config, quality=BALANCED, memory=0.12
    ) as opened, pytest.raises(ValueError, match="390x520"):
        opened.flow(*frames)
