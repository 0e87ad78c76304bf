"""The graph of one training step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from pwcnet._checks import require
from pwcnet.distributed.workers import Workers
from pwcnet.model.config import LEVELS
from pwcnet.model.network import flow_between, pair_features
from pwcnet.runtime.devices import target_of
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.losses import LOSSES, endpoint_error, weight_decay, with_decay
from pwcnet.training.matching_loss import matching_loss
from pwcnet.training.optimizers import make_optimizer, with_loss_scale
from pwcnet.training.options import TrainingOptions
from pwcnet.training.schedules import learning_rate

if TYPE_CHECKING:
    from pwcnet.model.config import ModelConfig

MATCHING_UNTIL = 0.5  # the matching loss has faded out at this share of all steps


class TrainingGraph(NamedTuple):
    """Tensors and ops of a training step. What is fetched with train_op is of before the update.

    Attributes:
        loss: Total loss, mean over the workers, scalar float32.
        data_loss: The same without weight decay, of this worker alone.
        level_losses: Terms of data_loss by level, scalars, of this worker alone.
        epe: End-point error in pixels of the flow, mean over the workers, scalar float32.
        rate: Learning rate, scalar float32.
        global_step: Number of updates so far, scalar int64 variable.
        gradients: (gradient, variable) as applied, but before clipping.
        gradient_norm: Norm of these gradients together, scalar float32.
        train_op: Runs the update and advances global_step.
        flow: The network's flow [B, H, W, 2] in pixels, channels (u, v).
        zero_epe: End-point error in pixels of zero flow on this worker's samples, scalar float32.
        average: tf.train.ExponentialMovingAverage of the network's variables, or None.
    """

    loss: tf.Tensor
    data_loss: tf.Tensor
    level_losses: dict[int, tf.Tensor]
    epe: tf.Tensor
    rate: tf.Tensor
    global_step: tf.Variable
    gradients: list[tuple[tf.Tensor, tf.Variable]]
    gradient_norm: tf.Tensor
    train_op: tf.Operation
    flow: tf.Tensor
    zero_epe: tf.Tensor
    average: Any


def training_graph(
    pair: tf.Tensor,
    ground_truth: tf.Tensor,
    valid: tf.Tensor,
    config: ModelConfig,
    options: TrainingOptions,
    network: Callable[..., tuple[tf.Tensor, list[tf.Tensor]]] | None = None,
    workers: Workers | None = None,
) -> TrainingGraph:
    """Builds network, loss and update into the current graph.

    Args:
        pair: Frames [B, 2, H, W, 3] float32, RGB in 0..1.
        ground_truth: Flow [B, H, W, 2] float32 in pixels, channels (u, v).
        valid: [B, H, W] bool, where ground truth is known.
        config: The network's configuration.
        options: The run's options.
        network: Function (pair, config) -> (flow, pyramid) to train instead of
            pwcnet.model.network; it has no matching loss.
        workers: The processes that train together; None for this one alone.
    """
    workers = workers or Workers(None)
    target = target_of(workers.config)
    pair = tf.cast(pair, options.precision)
    if network is None:
        first, second = pair_features(pair)
        flow, pyramid = flow_between(first, second, config, target)
    else:
        require(not options.matching, "matching 0 for another network", options.matching)
        flow, pyramid = network(pair, config)
    variables = tf.trainable_variables()
    level_losses = LOSSES[options.loss](pyramid, ground_truth, valid)
    data_loss = tf.add_n([level_losses[level] for level in LEVELS])
    global_step = tf.train.get_or_create_global_step()
    if options.matching:
        weight = _matching_weight(global_step, options)
        data_loss += weight * matching_loss(first, second, ground_truth, valid, target)
    decay = options.weight_decay, options.weight_decay_biases
    loss = data_loss + weight_decay(variables, *decay)
    epe = endpoint_error(flow, ground_truth, valid)
    rate, optimizer = _optimizer(global_step, options, workers)
    gradients = with_decay(optimizer.compute_gradients(data_loss, variables), *decay)
    gradients, (mean_loss, mean_epe) = workers.average_gradients(gradients, [loss, epe])
    norm = tf.global_norm([gradient for gradient, _ in gradients])
    train_op = _update(optimizer, gradients, norm, [loss, epe, mean_loss, mean_epe], options)
    average, train_op = _with_average(train_op, variables, global_step, options)
    zero_epe = endpoint_error(tf.zeros_like(ground_truth), ground_truth, valid)
    return TrainingGraph(
        mean_loss,
        data_loss,
        level_losses,
        mean_epe,
        rate,
        global_step,
        gradients,
        norm,
        train_op,
        flow,
        zero_epe,
        average,
    )


def averages_saver(graph: TrainingGraph) -> tf.train.Saver:
    """Returns a Saver of the averaged weights under the names of the weights, for any reader.

    Args:
        graph: A graph with averages.
    """
    averages = {
        variable.op.name: graph.average.average(variable) for _, variable in graph.gradients
    }
    return tf.train.Saver(dict(averages, global_step=graph.global_step), max_to_keep=None)


def start_of_averages(graph: TrainingGraph) -> tf.Operation:
    """Returns the op that sets the averages to the weights, instead of their initializers' values.

    Args:
        graph: A graph with averages.
    """
    return tf.group(
        *[tf.assign(graph.average.average(variable), variable) for _, variable in graph.gradients]
    )


def _matching_weight(global_step: tf.Variable, options: TrainingOptions) -> tf.Tensor:
    fade_out = max(1.0, MATCHING_UNTIL * options.steps)
    left = tf.maximum(0.0, 1.0 - tf.cast(global_step, tf.float32) / fade_out)
    return options.matching * left


def _optimizer(
    global_step: tf.Variable, options: TrainingOptions, workers: Workers
) -> tuple[tf.Tensor, tf.train.Optimizer]:
    """(learning rate, optimizer)."""
    rate = learning_rate(
        global_step,
        options.schedule,
        options.batch_size * workers.size,
        options.learning_rate,
        options.steps,
    )
    optimizer = workers.wrap(make_optimizer(options.optimizer_name, rate))
    return rate, with_loss_scale(optimizer, options.loss_scale, workers)


def _update(
    optimizer: tf.train.Optimizer,
    gradients: list[tuple[tf.Tensor, tf.Variable]],
    norm: tf.Tensor,
    losses: list[tf.Tensor],
    options: TrainingOptions,
) -> tf.Operation:
    """The op that applies the gradients, clipped to options.clip_norm, after the losses."""
    # The losses read the variables, in the decay term: they have to do so before these change.
    with tf.control_dependencies(losses):
        if options.clip_norm is not None:
            tensors, variables = zip(*gradients)
            clipped, _ = tf.clip_by_global_norm(tensors, options.clip_norm, use_norm=norm)
            gradients = list(zip(clipped, variables))
        return optimizer.apply_gradients(gradients, global_step=tf.train.get_global_step())


def _with_average(
    train_op: tf.Operation,
    variables: list[tf.Variable],
    global_step: tf.Variable,
    options: TrainingOptions,
) -> tuple[tf.train.ExponentialMovingAverage | None, tf.Operation]:
    """(average or None, the op that runs train_op and then updates the averages)."""
    if not options.average_decay:
        return None, train_op
    # With the number of updates the average is shorter in the first steps.
    average = tf.train.ExponentialMovingAverage(options.average_decay, num_updates=global_step)
    with tf.control_dependencies([train_op]):
        return average, average.apply(variables)
