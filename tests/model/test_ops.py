"""Warp, costs, dilated convolution: both passes against golden numbers and plain formulations."""

import functools
import os
import platform
import sys

import numpy as np
import pytest

from pwcnet.model import ops
from pwcnet.model import plain_network as reference
from pwcnet.model.config import LEAKY_SLOPE, TARGETS
from pwcnet.model.cost_volume import cost_volume
from pwcnet.model.ops import conv2d, leaky_relu
from pwcnet.model.warp import warp
from pwcnet.runtime.tensorflow import TF_RELEASE, tf, tf2
from tests.helpers.commands import run_command
from tests.helpers.golden import assert_close, golden


def forward_and_gradients(op, *arrays):
    """The op's result, and the gradients of the sum of its squares."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = [tf.constant(array) for array in arrays]
        result = op(*inputs)
        return session.run([result] + tf.gradients(tf.reduce_sum(result**2), inputs))


def test_warp():
    numbers = golden("ops")
    result, image_gradient, flow_gradient = forward_and_gradients(
        warp, numbers["warp_image"], numbers["warp_flow"]
    )
    assert_close(result, numbers["warp_out"], 1e-5)
    assert_close(image_gradient, numbers["warp_grad_image"], 1e-5)
    assert_close(flow_gradient, numbers["warp_grad_flow"], 1e-5)


def test_warp_by_nothing_is_the_image_and_far_queries_repeat_the_border():
    image = np.random.RandomState(0).rand(1, 4, 5, 2).astype(np.float32)
    same, _, _ = forward_and_gradients(warp, image, np.zeros((1, 4, 5, 2), np.float32))
    np.testing.assert_allclose(same, image, atol=1e-6)
    far = np.full((1, 4, 5, 2), 100, np.float32)
    corner, _, gradient = forward_and_gradients(warp, image, far)
    np.testing.assert_allclose(corner, np.broadcast_to(image[:, :1, :1], image.shape), atol=1e-6)
    assert not gradient.any()


@pytest.mark.parametrize("height, width", [(1, 1), (1, 3), (3, 1)])
def test_warp_of_a_single_row_or_column(height, width):
    image = np.random.RandomState(0).rand(1, height, width, 2).astype(np.float32)
    flow = np.random.RandomState(1).randn(1, height, width, 2).astype(np.float32) * 0
    result, _, _ = forward_and_gradients(warp, image, flow)
    np.testing.assert_allclose(result, image, atol=1e-6)


@pytest.mark.parametrize("target", TARGETS)
def test_cost_volume(target):
    numbers = golden("ops")
    mine = functools.partial(cost_volume, target=target)
    result, gradient1, gradient2 = forward_and_gradients(mine, numbers["cv_c1"], numbers["cv_c2"])
    assert_close(result, numbers["cv_out"], 1e-5)
    assert_close(gradient1, numbers["cv_grad_c1"], 1e-5)
    assert_close(gradient2, numbers["cv_grad_c2"], 1e-5)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((1, 1, 2, 3), marks=pytest.mark.whole_on("tf1")),
        pytest.param((2, 3, 5, 4), marks=pytest.mark.whole_on("tf2")),
        pytest.param((1, 16, 33, 7), marks=pytest.mark.whole_on("tf1")),
        pytest.param((1, 14, 32, 16), marks=pytest.mark.whole_on("tf2")),
    ],
)
def test_cost_volume_matches_the_definition_at_any_size(shape, target):
    random = np.random.RandomState(0)
    c1, c2 = random.randn(*shape).astype(np.float32), random.randn(*shape).astype(np.float32)
    chosen = functools.partial(cost_volume, target=target)
    for mine, plain in zip(
        forward_and_gradients(chosen, c1, c2), forward_and_gradients(reference.cost_volume, c1, c2)
    ):
        assert_close(mine, plain, 1e-5)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "dilation, shape", [(2, (2, 10, 13, 5)), (4, (1, 16, 24, 8)), (16, (1, 7, 40, 3))]
)
def test_dilated_convolution_matches_the_definition(dilation, shape, target):
    random = np.random.RandomState(0)
    x, kernel = (
        random.randn(*shape).astype(np.float32),
        random.randn(3, 3, shape[-1], 4).astype(np.float32),
    )
    mine = forward_and_gradients(
        functools.partial(conv2d, dilation=dilation, target=target), x, kernel
    )
    plain = forward_and_gradients(
        functools.partial(tf.nn.atrous_conv2d, rate=dilation, padding="SAME"), x, kernel
    )
    padded = np.pad(
        x.astype(np.float64),
        [(0, 0), (dilation, dilation), (dilation, dilation), (0, 0)],
        "constant",
    )
    height, width = shape[1:3]
    taps = [
        np.einsum(
            "bhwc,cd->bhwd",
            padded[:, dilation * i : dilation * i + height, dilation * j : dilation * j + width],
            kernel[i, j],
        )
        for i in range(3)
        for j in range(3)
    ]
    assert_close(mine[0], np.sum(taps, axis=0), 1e-5)
    for one, other in zip(mine, plain):
        assert_close(one, other, 1e-5)


def test_gradients_that_keep_little_are_the_usual_ones():
    random = np.random.RandomState(0)
    x, other = (
        random.randn(2, 6, 8, 3).astype(np.float32),
        random.randn(2, 6, 8, 2).astype(np.float32),
    )
    kernels = [random.randn(3, 3, channels, 4).astype(np.float32) for channels in (5, 9)]

    def dense(convolve, activate):
        def op(x, other, kernel1, kernel2):
            first = tf.concat([x, other], axis=-1)
            second = tf.concat([activate(convolve(first, kernel1)), first], axis=-1)
            return activate(convolve(second, kernel2))

        return op

    usual = dense(
        lambda x, kernel: tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME"),
        lambda x: tf.nn.leaky_relu(x, LEAKY_SLOPE),
    )
    for mine, plain in zip(
        forward_and_gradients(dense(conv2d, leaky_relu), x, other, *kernels),
        forward_and_gradients(usual, x, other, *kernels),
    ):
        assert_close(mine, plain, 1e-5)


@pytest.mark.parametrize("has_gradient", [False, True])
def test_processors_without_a_dilated_gradient(has_gradient, monkeypatch):
    """Which one this machine is does not count: the probe's result is replaced."""
    monkeypatch.setattr(ops, "has_dilated_gradient", lambda: has_gradient)
    with tf.Graph().as_default() as graph:
        x, kernel = tf.placeholder(tf.float32, [1, 12, 16, 5]), tf.zeros([3, 3, 5, 4])
        tf.gradients(conv2d(x, kernel, dilation=4), [x, kernel])
        types = {
            op.type: op.get_attr("dilations")[1]
            for op in graph.get_operations()
            if op.type.startswith("Conv2DBackprop")
        }
    expected = dict.fromkeys(types, 4 if has_gradient else 1)
    assert len(types) == 2 and types == expected


@pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="TensorFlow 1 does not have the switch")
@pytest.mark.parametrize("switch", ["0", "1"])
def test_dilated_gradients_with_onednn_off_and_on(switch):
    """In a process of its own: TensorFlow reads the switch once."""
    program = (
        "from functools import partial; import numpy as np; from pwcnet.model import ops; "
        "from tests.model.test_ops import forward_and_gradients; "
        "forward_and_gradients(partial(ops.conv2d, dilation=4), np.ones((1, 12, 16, 5), 'f'), "
        "np.ones((3, 3, 5, 4), 'f')); print(ops.has_dilated_gradient())"
    )
    environment = dict(os.environ, TF_ENABLE_ONEDNN_OPTS=switch)
    done = run_command("-c", program, env=environment)
    assert done.returncode == 0, done.stderr
    if sys.platform.startswith("linux") and platform.machine() == "x86_64":
        assert done.stdout.split() == [str(switch == "1")]


def test_standard_gradients_name_none_of_ours():
    def types():
        with tf.Graph().as_default() as graph:
            c = tf.zeros([1, 4, 4, 2])
            leaky_relu(conv2d(cost_volume(c, c), tf.zeros([3, 3, 81, 1])))
            marks = [
                dict(op.node_def.attr).get("_gradient_op_type") for op in graph.get_operations()
            ]
        return {mark.s for mark in marks if mark is not None}

    assert types() == {name.encode() for name, _ in ops.GRADIENTS.values()}
    with ops.standard_gradients():
        assert types() == set()
    assert types()


@pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="of TensorFlow 2")
def test_functions_have_our_gradients_and_can_be_saved(monkeypatch, tmp_path):
    """TensorFlow refuses to save a function that names gradients that were registered here."""
    monkeypatch.setitem(ops.GRADIENTS, "LeakyRelu", ("PwcnetLeakyRelu", lambda _, dy: 7 * dy))
    module = tf2.Module()
    module.function = tf2.function(leaky_relu, [tf2.TensorSpec([2])])
    x = tf2.constant([1.0, -1.0])
    with tf2.GradientTape() as tape:
        tape.watch(x)
        y = module.function(x)
    np.testing.assert_array_equal(tape.gradient(y, x), [7, 7])
    tf2.saved_model.save(module, str(tmp_path))
    with tf2.GradientTape() as tape:
        tape.watch(x)
        y = tf2.saved_model.load(str(tmp_path)).function(x)
    np.testing.assert_allclose(tape.gradient(y, x), [1, LEAKY_SLOPE])
