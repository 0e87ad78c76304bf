"""The passes of the level best in a graph, with a network that costs little."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from pwcnet.flow import choice, warping
from pwcnet.inference import passes, quality
from pwcnet.inference.flow_model import FlowModel
from pwcnet.inference.graph_passes import choose, resized, resized_frames
from pwcnet.inference.passes import FrameSizes
from pwcnet.runtime.choices import BEST
from pwcnet.runtime.tensorflow import TF_RELEASE, tf2
from tests.helpers.frames import moving_frames
from tests.helpers.golden import assert_close

pytestmark = pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="for TensorFlow 2")


def difference_network(pair):
    """Pairs [B, 2, H, W, 3] -> flow [B, H, W, 2], up to a dozen pixels."""
    kernel = np.zeros([9, 9, 3, 2], np.float32)
    kernel[..., 0, 0] = kernel[..., 1, 1] = 60 / 81
    return tf2.nn.conv2d(pair[:, 1] - pair[:, 0], kernel, 1, "SAME")


def read_along(image, flow, area=None):
    """What warping.warp does, without its rounding of places; whole images alone."""
    places = np.indices(flow.shape[:2]) + np.moveaxis(flow, -1, 0)[::-1]
    planes = np.moveaxis(image, -1, 0)
    read = [map_coordinates(plane, places, order=1, mode="nearest") for plane in planes]
    return np.stack(read, axis=-1)


@pytest.fixture(scope="module")
def model():
    model = FlowModel(quality=BEST)
    model._build = lambda pair: (difference_network(pair), [])
    return model


@pytest.fixture
def reference(monkeypatch):
    """The level with arrays; no refinement, no rounded places, and the choice of the graph."""
    monkeypatch.setattr(passes, "refine", lambda grey1, grey2, flow: flow)
    monkeypatch.setattr(passes, "on_grid", lambda flow: flow)
    monkeypatch.setattr(passes, "warp", read_along)
    monkeypatch.setattr(warping, "warp", read_along)

    def network(first, second):
        pair = np.stack([first.rgb_float, second.rgb_float])[np.newaxis]
        height, width = first.size
        padding = [(0, 0), (0, 0), (0, -height % 64), (0, -width % 64), (0, 0)]
        return difference_network(np.pad(pair, padding))[0, :height, :width].numpy()

    def chosen(frames, greys, flows):
        frames = [resized_frames(frame, grey.shape) for frame, grey in zip(frames, greys)]
        return choose(*frames, *(tf2.constant(flow[np.newaxis]) for flow in flows))[0].numpy()

    def flow(first, second):
        frames = [tf2.constant(frame[np.newaxis]) for frame in (first, second)]
        monkeypatch.setattr(
            quality, "choose", lambda *arrays: chosen(frames, arrays[:2], arrays[2])
        )
        return quality.quality_flow(BEST, network, FrameSizes(first), FrameSizes(second))

    return flow


def floats(height, width):
    return [frame / np.float32(255) for frame in moving_frames(2, height, width)]


@pytest.mark.parametrize(
    "size, whole, coarse",
    [
        ((61, 91), 2000, 1000),  # fine passes at 1.5 times the size
        ((40, 65), 2000, 64),  # a coarse pass and a choice
        ((39, 65), 40, 32),  # likewise, at half of the frames' size
    ],
)
def test_the_same_flow_as_with_arrays(size, whole, coarse, model, reference, monkeypatch):
    monkeypatch.setattr(quality, "LARGEST_WHOLE", whole)
    monkeypatch.setattr(quality, "SMALLEST_COARSE", coarse)
    monkeypatch.setattr(quality, "SMALLEST_TILE", (8, 8))
    frames = floats(*size)
    flow = model(*(frame[np.newaxis] for frame in frames))
    assert_close(flow[0].numpy(), reference(*frames))
    assert size in model._best_traces.functions and not model._traces.functions


def test_the_same_choice_as_with_arrays():
    first, second = moving_frames(2, 61, 103)
    flows = [
        cv2.GaussianBlur(np.random.RandomState(seed).randn(61, 103, 2), (0, 0), 6) * 40
        for seed in (0, 1)
    ]
    flows = [np.float32(flow) for flow in flows]
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    tensors = [tf2.constant(frame[np.newaxis] / np.float32(255)) for frame in (first, second)]
    chosen = choose(*tensors, *(tf2.constant(flow[np.newaxis]) for flow in flows))[0].numpy()
    expected = choice.choose(*greys, flows)
    differs = (chosen != expected).any(axis=-1)
    assert differs.mean() < 0.01  # where rounding decides between equal costs
    assert 0.1 < (expected != flows[0]).any(axis=-1).mean() < 0.9


@pytest.mark.parametrize("interpolation", [cv2.INTER_AREA, cv2.INTER_CUBIC, cv2.INTER_LINEAR])
def test_other_sizes_are_opencvs(interpolation):
    image = np.random.RandomState(0).uniform(0, 1, (37, 50, 2)).astype(np.float32)
    for size in ((18, 25), (56, 75), (1, 1)):
        if interpolation == cv2.INTER_AREA and size[0] > 37:
            continue
        expected = cv2.resize(image, size[::-1], interpolation=interpolation)
        np.testing.assert_allclose(
            resized(tf2.constant(image[np.newaxis]), size, interpolation)[0], expected, atol=1e-5
        )


def test_gradients_reach_frames(model, monkeypatch):
    monkeypatch.setattr(quality, "SMALLEST_COARSE", 32)
    frames = [tf2.Variable(frame[np.newaxis]) for frame in floats(32, 48)]
    with tf2.GradientTape() as tape:
        loss = tf2.reduce_mean(tf2.abs(model(*frames)))
    for gradient in tape.gradient(loss, frames):
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


@pytest.mark.full
@pytest.mark.parametrize("size", [(64, 64), (64, 1024)])
def test_compiled_by_xla(size, model):
    frames = [frame[np.newaxis] for frame in floats(*size)]
    spec = tf2.TensorSpec([None, *size, 3])
    flows = [
        tf2.function(model, input_signature=[spec] * 2, jit_compile=jit)(*frames).numpy()
        for jit in (False, True)
    ]
    assert_close(*flows)
