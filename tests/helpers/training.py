"""Helpers of the tests of training."""

from pwcnet.runtime.tensorflow import tf
from pwcnet.training.session import TrainingSession
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.variables import assign
from tests.helpers.golden import golden_weight


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
