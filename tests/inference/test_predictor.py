"""Frames in, flow out."""

import numpy as np
import pytest

from pwcnet.export.frozen_graph import freeze, read_frozen, run_frozen
from pwcnet.inference.predictor import MAX_OPEN_GRAPHS, Predictor
from pwcnet.io.frame_pairs import Pair
from pwcnet.runtime.tensorflow import TF_RELEASE, tf
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights
from tests.helpers.golden import assert_close

FRAMES = np.random.RandomState(0).randint(0, 256, (3, 60, 120, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def predictor(small_checkpoint):
    with Predictor(small_checkpoint, quality="plain") as opened:
        yield opened


@pytest.fixture(scope="module")
def frozen(small_frozen):
    with Predictor(small_frozen) as opened:
        yield opened


@pytest.mark.whole_on("tf1")
def test_frames_are_scaled_and_padded_at_the_bottom_and_right(predictor, small_checkpoint):
    x = np.zeros((1, 2, 64, 128, 3), np.float32)
    x[0, :, :60, :120] = FRAMES[:2] / 255.0
    expected = run_frozen(freeze(Checkpoint(small_checkpoint), 1, 64, 128), x)[0, :60, :120]
    flow = predictor.flow(FRAMES[0], FRAMES[1])
    assert flow.shape == (60, 120, 2) and flow.dtype == np.float32
    assert_close(flow, expected, 1e-5)


def test_frozen_graph_gives_the_checkpoints_flow(predictor, frozen):
    assert frozen.fixed_size == (1, 64, 128) and predictor.fixed_size is None
    assert_close(frozen.flow(FRAMES[0], FRAMES[1]), predictor.flow(FRAMES[0], FRAMES[1]), 1e-5)
    assert frozen.flow(FRAMES[0, :20, :50], FRAMES[1, :20, :50]).shape == (20, 50, 2)


def test_order_of_frames_matters(predictor):
    assert (
        np.abs(predictor.flow(FRAMES[0], FRAMES[1]) - predictor.flow(FRAMES[1], FRAMES[0])).max()
        > 1e-3
    )


def test_a_batch_is_its_pairs(predictor):
    pairs = [(FRAMES[0], FRAMES[1]), (FRAMES[1], FRAMES[2])]
    for flow, pair in zip(predictor.flows(pairs), pairs):
        assert_close(flow, predictor.flow(*pair))


def test_sizes_may_change_and_come_back(predictor):
    first = predictor.flow(FRAMES[0], FRAMES[1])
    for size in (30, 60, 64):
        assert predictor.flow(FRAMES[0, :size, :size], FRAMES[1, :size, :size]).shape == (
            min(size, 60),
            size,
            2,
        )
        assert len(predictor._networks._open) <= MAX_OPEN_GRAPHS["plain"]
    np.testing.assert_allclose(predictor.flow(FRAMES[0], FRAMES[1]), first, atol=1e-4)


@pytest.mark.parametrize(
    "frame1, frame2, fact",
    [
        (FRAMES[0], FRAMES[1, :50], "frame2 has 50x120 .*frame1 has 60x120"),
        (FRAMES[0], FRAMES[1].astype(np.int64), "frame2 .*int64"),
        (FRAMES[0].astype(np.float32), FRAMES[1], "frame1 .*value_range=255"),
    ],
)
def test_other_frames_are_refused_by_every_method(predictor, frozen, frame1, frame2, fact):
    for opened in (predictor, frozen):
        with pytest.raises(ValueError, match=fact):
            opened.flow(frame1, frame2)
        with pytest.raises(ValueError, match=fact):
            opened.flows([(frame1, frame2)])
        with pytest.raises(ValueError, match=fact):
            list(opened.consecutive([(frame1, frame2)]))
        with pytest.raises(ValueError, match=fact):
            list(opened.both_ways([Pair("a", frame1, frame2)]))


@pytest.mark.whole_on("tf2")
def test_every_method_takes_the_same_pairs_and_frames(predictor):
    expected = predictor.flow(FRAMES[0], FRAMES[1])
    alpha = np.full((60, 120, 1), 9, np.uint8)
    rgba = np.concatenate([FRAMES[1], alpha], axis=2)
    pairs = [(FRAMES[0], FRAMES[1]), Pair("a", FRAMES[0] / 255.0, rgba)]
    flows = predictor.flows(pairs)
    flows += [flow for _, flow in predictor.consecutive(pairs)]
    flows += [flow for _, flow, _ in predictor.both_ways(pairs)]
    assert len(flows) == 6
    for flow in flows:
        np.testing.assert_allclose(flow, expected, atol=1e-4)


def test_floating_frames_in_0_to_255(small_checkpoint, predictor):
    expected = predictor.flow(FRAMES[0], FRAMES[1])
    opened = Predictor(small_checkpoint, value_range=255, quality="plain")
    opened._networks = predictor._networks  # the same graph, which need not be built again
    np.testing.assert_array_equal(opened.flow(FRAMES[0].astype(np.float64), FRAMES[1]), expected)
    for value_range in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="value_range"):
            Predictor(small_checkpoint, value_range=value_range)


def test_pairs_of_different_sizes_are_refused_in_one_call(predictor):
    small = FRAMES[:2, :20, :50]
    with pytest.raises(ValueError, match="Pair 2 .*20x50"):
        predictor.flows([FRAMES[:2], small])


def test_shipped_weights_by_default():
    assert Predictor().path == shipped_weights()


def test_what_tensorflow_cannot_do_is_a_users_error(small_checkpoint, small_frozen, monkeypatch):
    def exhausted(*_):
        raise tf.errors.ResourceExhaustedError(
            None, None, "OOM when allocating tensor\n\t [[node a]]"
        )

    message = "TensorFlow .*64x128 pixels .*OOM when allocating tensor"
    with Predictor(small_checkpoint, quality="plain") as predictor, Predictor(
        small_frozen
    ) as frozen:
        monkeypatch.setattr(tf.Session, "run", exhausted)
        monkeypatch.setattr(
            "pwcnet.inference.networks.freeze", lambda *_: read_frozen(small_frozen)
        )
        for call in (
            lambda: predictor.flow(FRAMES[0], FRAMES[1]),
            lambda: frozen.flow(FRAMES[0], FRAMES[1]),
            lambda: next(predictor.consecutive([Pair("a", FRAMES[0], FRAMES[1])])),
        ):
            with pytest.raises(ValueError, match=message):
                call()


def test_no_pairs_are_refused(predictor):
    with pytest.raises(ValueError, match="no pairs"):
        predictor.flows([])


def test_frozen_graph_refuses_what_exceeds_it(frozen):
    large = np.zeros((65, 128, 3), np.uint8)
    with pytest.raises(ValueError, match="at most 64x128 .*1 of 65x128"):
        frozen.flow(large, large)
    with pytest.raises(ValueError, match="takes 1 pairs .* 2 of"):
        frozen.flows([(FRAMES[0], FRAMES[1])] * 2)


def test_missing_files():
    for path in ("absent/pwcnet.pb", "absent/pwcnet.ckpt-1"):
        with pytest.raises(FileNotFoundError):
            Predictor(path)


def test_consecutive_frames_share_pyramids(predictor, monkeypatch):
    from pwcnet.inference.networks import StreamNetwork

    frames = [
        np.random.RandomState(n).randint(0, 256, (60, 100, 3)).astype(np.uint8) for n in range(5)
    ]
    made = []
    features, flow = StreamNetwork.features, StreamNetwork.flow
    monkeypatch.setattr(
        StreamNetwork, "features", lambda self, frame: made.append(1) or features(self, frame)
    )
    monkeypatch.setattr(
        StreamNetwork, "flow", lambda self, other, frame: made.append(1) or flow(self, other, frame)
    )
    flows = [flow for _, flow in predictor.consecutive(map(Pair, "abcd", frames, frames[1:]))]
    assert len(flows) == 4 and len(made) == 5
    for pair, found in zip(zip(frames, frames[1:]), flows):
        np.testing.assert_allclose(
            found, predictor.flow(*pair), atol=1e-3 * max(1, np.abs(found).max())
        )
    assert (
        len(
            list(
                predictor.consecutive(
                    [Pair("a", frames[0], frames[1]), Pair("b", frames[3], frames[2])]
                )
            )
        )
        == 2
    )
    assert len(made) == 5 + 4


def test_consecutive_with_a_frozen_graph_and_changing_sizes(frozen, predictor):
    frames = [
        np.random.RandomState(n).randint(0, 256, (60, 100, 3)).astype(np.uint8) for n in range(3)
    ]
    assert [pair.name for pair, _ in frozen.consecutive(map(Pair, "ab", frames, frames[1:]))] == [
        "a",
        "b",
    ]
    small = [frame[:50, :60].copy() for frame in frames]
    flows = predictor.consecutive([Pair("a", frames[0], frames[1]), Pair("b", small[0], small[1])])
    assert [flow.shape for _, flow in flows] == [(60, 100, 2), (50, 60, 2)]


@pytest.mark.whole_on("tf2")
def test_reduced_precision_is_close_and_refused_where_it_cannot_be(
    small_checkpoint, small_frozen, predictor
):
    frames = [
        np.random.RandomState(n).randint(0, 256, (64, 128, 3)).astype(np.uint8) for n in range(2)
    ]
    exact = predictor.flow(*frames)
    for precision in ("bfloat16", "float16"):
        if precision == "bfloat16" and TF_RELEASE.startswith("1."):
            with pytest.raises(ValueError, match="use TensorFlow 2"):
                Predictor(small_checkpoint, precision=precision)
            continue
        with Predictor(small_checkpoint, precision=precision, quality="plain") as reduced:
            flow = reduced.flow(*frames)
            ((_, streamed),) = reduced.consecutive([Pair("a", *frames)])
        assert (
            flow.dtype == np.float32
            and 0 < np.abs(flow - exact).mean() < 0.1 * np.abs(exact).mean()
        )
        assert np.abs(streamed - exact).mean() < 0.1 * np.abs(exact).mean()
    with pytest.raises(ValueError, match="fixed"):
        Predictor(small_frozen, precision="float16")
    with pytest.raises(ValueError, match="precision"):
        Predictor(small_checkpoint, precision="int4")


@pytest.mark.whole_on("tf2")
def test_flow_both_ways_from_two_pyramids(predictor, monkeypatch):
    from pwcnet.inference.networks import TwoWayNetwork

    frames = [
        np.random.RandomState(n).randint(0, 256, (60, 100, 3)).astype(np.uint8) for n in range(4)
    ]
    made = []
    features, flow = TwoWayNetwork.features, TwoWayNetwork.flow
    monkeypatch.setattr(
        TwoWayNetwork, "features", lambda self, frame: made.append(1) or features(self, frame)
    )
    monkeypatch.setattr(
        TwoWayNetwork, "flow", lambda self, other, frame: made.append(1) or flow(self, other, frame)
    )
    found = list(predictor.both_ways(map(Pair, "abc", frames, frames[1:])))
    assert [pair.name for pair, _, _ in found] == ["a", "b", "c"] and len(made) == 4
    for pair, forward, backward in found:
        assert (
            forward.shape == backward.shape == (60, 100, 2)
            and forward.dtype == backward.dtype == np.float32
        )
        np.testing.assert_allclose(forward, predictor.flow(pair.frame1, pair.frame2), atol=1e-4)
        np.testing.assert_allclose(backward, predictor.flow(pair.frame2, pair.frame1), atol=1e-4)


def test_flow_both_ways_with_a_frozen_graph(frozen):
    ((pair, forward, backward),) = frozen.both_ways([Pair("a", FRAMES[0], FRAMES[1])])
    np.testing.assert_array_equal(forward, frozen.flow(pair.frame1, pair.frame2))
    np.testing.assert_array_equal(backward, frozen.flow(pair.frame2, pair.frame1))
