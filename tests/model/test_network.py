"""The network: golden names, shapes and numbers; refusals; where it may be built; its graph."""

import numpy as np
import pytest

from pwcnet.model import plain_network as reference
from pwcnet.model.config import ModelConfig
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import TF_RELEASE, tf
from pwcnet.weights.variables import assign
from tests.helpers.golden import assert_close, golden, golden_variables, golden_weight

VARIANTS = {"lg": ModelConfig.large(), "sm": ModelConfig.small()}


def assign_golden_weights(session, seed):
    variables = tf.trainable_variables()
    assign(
        session,
        variables,
        [golden_weight(v.op.name, tuple(v.shape.as_list()), seed) for v in variables],
    )


def run_network(build, x, config, seed):
    with tf.Graph().as_default(), tf.Session() as session:
        outputs = build(tf.constant(x), config)
        assign_golden_weights(session, seed)
        return session.run(outputs)


@pytest.mark.parametrize("variant", ["lg", "sm"])
def test_variables_are_those_of_existing_checkpoints(variant):
    with tf.Graph().as_default():
        pwc_net(tf.zeros([1, 2, 64, 64, 3]), VARIANTS[variant])
        made = {v.op.name: tuple(v.shape.as_list()) for v in tf.trainable_variables()}
    assert made == golden_variables(variant)
    assert (
        sum(int(np.prod(shape)) for shape in made.values())
        == {"lg": 14079050, "sm": 4705064}[variant]
    )


@pytest.mark.parametrize("variant", ["lg", "sm"])
def test_forward_pass(variant):
    numbers = golden("forward_%s_64x128" % variant)
    flow, pyramid = run_network(pwc_net, numbers["x"], VARIANTS[variant], 0)
    for index, level_flow in enumerate(pyramid):
        assert_close(level_flow, numbers["pyr%d" % index])
    assert_close(flow, numbers["flow"])


@pytest.mark.whole_on("tf2")
@pytest.mark.parametrize("dense", [pytest.param(True, marks=pytest.mark.full), False])
def test_crosses_of_the_variants_match_the_plain_formulation(dense):
    x = golden("forward_sm_64x128")["x"]
    config = ModelConfig(dense=dense, context_everywhere=not dense)
    flow, pyramid = run_network(pwc_net, x, config, 5)
    expected, expected_pyramid = run_network(reference.pwc_net, x, config, 5)
    assert_close(flow, expected)
    for level_flow, expected_level in zip(pyramid, expected_pyramid):
        assert_close(level_flow, expected_level)


@pytest.mark.whole_on("tf2")
def test_a_batch_is_its_pairs_one_by_one():
    x = np.random.RandomState(0).rand(2, 2, 64, 64, 3).astype(np.float32)
    both, _ = run_network(pwc_net, x, ModelConfig.small(), 0)
    for index in range(2):
        single, _ = run_network(pwc_net, x[index : index + 1], ModelConfig.small(), 0)
        assert_close(both[index : index + 1], single)


def test_two_networks_share_a_users_graph_and_its_variables():
    with tf.Graph().as_default():
        with tf.variable_scope("mine"):
            tf.get_variable("other", [3])
        pwc_net(tf.zeros([1, 2, 64, 64, 3]), ModelConfig.small())
        count = len(tf.trainable_variables())
        pwc_net(tf.zeros([2, 2, 128, 64, 3]), ModelConfig.small())
        assert len(tf.trainable_variables()) == count == 127


@pytest.mark.parametrize(
    "shape, word",
    [
        ([1, 2, 63, 64, 3], "multiples of 64"),
        ([1, 2, 64, 64], "static shape"),
        ([1, 3, 64, 64, 3], "static shape"),
        ([1, 2, None, 64, 3], "static shape"),
    ],
)
def test_refuses_other_shapes(shape, word):
    with tf.Graph().as_default(), pytest.raises(ValueError, match=word):
        pwc_net(tf.placeholder(tf.float32, shape))


@pytest.mark.parametrize("variant", [pytest.param("lg", marks=pytest.mark.full), "sm"])
@pytest.mark.whole_on("tf2")
def test_an_unknown_number_of_pairs(variant):
    """Flow, and gradients of weights and frames, of batches of two sizes; not on Ascend."""
    config = ModelConfig.from_name(variant)
    x = np.random.RandomState(0).rand(2, 2, 64, 64, 3).astype(np.float32)
    numbers = {}
    for batch in (2, None):
        with tf.Graph().as_default(), tf.Session() as session:
            pair = tf.placeholder(tf.float32, [batch, 2, 64, 64, 3])
            flow, pyramid = pwc_net(pair, config)
            loss = sum(tf.reduce_mean(level**2) for level in pyramid)
            fetched = [flow, *tf.gradients(loss, [pair, *tf.trainable_variables()[:4]])]
            assign_golden_weights(session, 0)
            numbers[batch] = session.run(fetched, {pair: x})
            if batch is None:
                (first,) = session.run([flow], {pair: x[:1]})
    for known, unknown in zip(numbers[2], numbers[None]):
        assert_close(unknown, known)
    assert_close(first, numbers[2][0][:1])
    with tf.Graph().as_default(), pytest.raises(ValueError, match="known number"):
        pwc_net(tf.placeholder(tf.float32, [None, 2, 64, 64, 3]), config, "ascend")


def test_graph_has_static_shapes_only():
    with tf.Graph().as_default() as graph:
        pwc_net(tf.placeholder(tf.float32, [1, 2, 448, 1024, 3]))
        used = [
            op
            for op in graph.get_operations()
            if op.name.startswith("pwcnet") and "Initializer" not in op.name
        ]
        assert "Shape" not in {op.type for op in used}
        for op in used:
            for output in op.outputs:
                assert output.shape.is_fully_defined(), op.name


def wrapped(wrap, network):
    if wrap == "wrap_function":
        return tf.wrap_function(network, [tf.TensorSpec([1, 2, 64, 64, 3])])
    return tf.function(network, autograph=False) if wrap == "function" else network


def test_random_variables_that_nobody_could_reach_are_refused():
    function = wrapped("function", lambda pair: pwc_net(pair, ModelConfig.small())[0])
    with tf.Graph().as_default(), pytest.raises(ValueError, match=r"tf\.Graph.*as_constants"):
        function(tf.zeros([1, 2, 64, 64, 3]))


@pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="eager code is TensorFlow 2's")
@pytest.mark.parametrize("wrap", ["eager", "function", "wrap_function"])
def test_random_variables_of_eager_code_are_refused(wrap):
    pair = tf.zeros([1, 2, 64, 64, 3])
    with pytest.raises(ValueError, match=r"tf\.Graph.*as_constants"):
        wrapped(wrap, lambda pair: pwc_net(pair, ModelConfig.small())[0])(pair)


def test_variables_of_a_branch_belong_to_the_graph():
    with tf.Graph().as_default():
        pair = tf.placeholder(tf.float32, [1, 2, 64, 64, 3])
        tf.cond(
            tf.reduce_sum(pair) > 0,
            lambda: pwc_net(pair, ModelConfig.small())[0],
            lambda: tf.zeros([1, 64, 64, 2]),
        )
        assert len(tf.trainable_variables()) == 126


def with_zero_weights(pair):
    """The network with a custom getter of the caller's own."""

    def zeros(getter, name, shape=None, **_):
        return tf.zeros(shape)

    with tf.variable_scope("mine", custom_getter=zeros):
        return pwc_net(pair, ModelConfig.small())[0]


def test_a_custom_getter_supplies_the_weights_in_a_function():
    with tf.Graph().as_default(), tf.Session() as session:
        flow = wrapped("function", with_zero_weights)(tf.ones([1, 2, 64, 64, 3]))
        assert not session.run(flow).any() and not tf.global_variables()


@pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="eager code is TensorFlow 2's")
@pytest.mark.parametrize("wrap", ["eager", "function", "wrap_function"])
def test_a_custom_getter_supplies_the_weights_in_eager_code(wrap):
    assert not wrapped(wrap, with_zero_weights)(tf.ones([1, 2, 64, 64, 3])).numpy().any()
