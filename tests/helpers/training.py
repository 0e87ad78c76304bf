"""Helpers of the tests of training."""

import functools

from pwcnet.model.config import LEVELS
from pwcnet.runtime.tensorflow import tf
from pwcnet.training import session as training_session
from pwcnet.training import validation
from pwcnet.training.session import TrainingSession
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.variables import assign
from tests.helpers.golden import golden_weight


def train_light_network(set_attribute=setattr):
    """Makes training runs train `light_network`: what is tested is what happens around it.

    set_attribute: that of a monkeypatch, which undoes it.
    """
    graph = functools.partial(training_session.training_graph, network=light_network)
    set_attribute(training_session, "training_graph", graph)
    set_attribute(validation, "pwc_net", light_network)


def light_network(pair, config, target=None):
    """A network of the flow heads alone, whose graph is built in no time: (flow, pyramid)."""
    frames = tf.concat([pair[:, 0], pair[:, 1]], axis=-1)
    features = tf.concat([frames] * 6, axis=-1)[..., :32]
    pyramid = []
    with tf.variable_scope("pwcnet/predict_flow", reuse=tf.AUTO_REUSE):
        for level in LEVELS:
            kernel = tf.get_variable("flow%d/kernel" % level, (3, 3, 32, 2))
            bias = tf.get_variable("flow%d/bias" % level, 2, initializer=tf.zeros_initializer())
            window = [1, 2**level, 2**level, 1]
            pooled = tf.nn.avg_pool(features, window, window, "VALID")
            kernel = tf.cast(kernel, pooled.dtype)
            level_flow = tf.nn.conv2d(pooled, kernel, [1, 1, 1, 1], "SAME")
            pyramid.append(tf.cast(level_flow, tf.float32) + bias)
    height, width = pair.shape.as_list()[2:4]
    return 4 * tf.image.resize_bilinear(pyramid[-1], (height, width)), pyramid


def checkpoint_tensors(prefix):
    """Every tensor of a checkpoint by name: weights, slots of the optimizer, averages."""
    reader = tf.train.NewCheckpointReader(Checkpoint(prefix).path)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def assign_golden_weights(session, seed):
    """Initializes all variables, the network's with the golden weights of a seed."""
    session.run(tf.global_variables_initializer())
    variables = tf.trainable_variables()
    assign(
        session,
        variables,
        [golden_weight(v.op.name, tuple(v.shape.as_list()), seed) for v in variables],
    )


def fail_at(monkeypatch, number, error):
    """Raises `error` instead of running the step of this number."""
    run_step = TrainingSession.step

    def step(self, current, detailed=False):
        if current == number:
            raise error
        return run_step(self, current, detailed)

    monkeypatch.setattr(TrainingSession, "step", step)
