"""The graph of one training step."""

from collections import namedtuple

from pwcnet.distributed.workers import Workers
from pwcnet.model.config import LEVELS
from pwcnet.model.network import flow_between, pair_features
from pwcnet.runtime.devices import target_of
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.losses import LOSSES, endpoint_error, weight_decay, with_decay
from pwcnet.training.matching_loss import matching_loss
from pwcnet.training.optimizers import make_optimizer, with_loss_scale
from pwcnet.training.schedules import learning_rate

TrainingGraph = namedtuple(
    "TrainingGraph",
    "loss data_loss level_losses epe rate global_step gradients gradient_norm train_op flow pyramid average",
)
MATCHING_UNTIL = 0.5  # of all steps


def training_graph(pair, truth, valid, config, options, network=None, workers=None):
    """Builds network, loss and update into the current graph.

    pair: [B, 2, H, W, 3] float32 in 0..1. truth: [B, H, W, 2] float32, pixels. valid: [B, H, W] bool. options: TrainingOptions.
    network: (pair, config) -> (flow, pyramid), None for pwc_net in the ops of the workers' device; another one has no matching loss. workers:
    pwcnet.distributed.engines.Workers, None for this process alone.
    Returns a TrainingGraph of scalars: loss (total) and epe (pixels), means over the workers; data_loss, level_losses {level: loss}, this worker's own; rate,
    global_step; the list of (gradient, variable) as applied, but before clipping, and their norm; train_op, which advances global_step; and the network's flow
    and pyramid; and `average`, the tf.train.ExponentialMovingAverage of the network's variables, or None. Everything fetched with train_op is of before the update.
    """
    workers = workers or Workers(None)
    target = target_of(workers.config)
    first, second = (
        pair_features(tf.cast(pair, options.precision)) if network is None else (None, None)
    )
    flow, pyramid = (
        network(tf.cast(pair, options.precision), config)
        if network
        else flow_between(first, second, config, target)
    )
    variables = tf.trainable_variables()
    level_losses = LOSSES[options.loss](pyramid, truth, valid)
    data_loss = tf.add_n([level_losses[level] for level in LEVELS])
    decay = options.weight_decay, options.weight_decay_biases
    global_step = tf.train.get_or_create_global_step()
    if options.matching:
        left = tf.maximum(
            0.0, 1.0 - tf.cast(global_step, tf.float32) / max(1.0, MATCHING_UNTIL * options.steps)
        )
        data_loss += options.matching * left * matching_loss(first, second, truth, valid, target)
    loss = data_loss + weight_decay(variables, *decay)
    epe = endpoint_error(flow, truth, valid)
    rate = learning_rate(
        global_step,
        options.schedule,
        options.batch_size * workers.size,
        options.learning_rate,
        options.steps,
    )
    optimizer = with_loss_scale(
        workers.wrap(make_optimizer(options.optimizer_name, rate)), options.loss_scale, workers
    )
    gradients = with_decay(optimizer.compute_gradients(data_loss, variables), *decay)
    gradients, (mean_loss, mean_epe) = workers.average_gradients(gradients, [loss, epe])
    norm = tf.global_norm([gradient for gradient, _ in gradients])
    with tf.control_dependencies(
        [loss, epe, mean_loss, mean_epe]
    ):  # the decay term reads the variables: before they change
        train_op = optimizer.apply_gradients(
            _clipped(gradients, options.clip_norm, norm), global_step=global_step
        )
    average = None
    if options.average_decay:
        average = tf.train.ExponentialMovingAverage(
            options.average_decay, num_updates=global_step
        )  # shorter in the first steps
        with tf.control_dependencies([train_op]):
            train_op = average.apply(variables)
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
        pyramid,
        average,
    )


def _clipped(gradients, clip_norm, norm):
    if clip_norm is None:
        return gradients
    clipped, _ = tf.clip_by_global_norm(
        [gradient for gradient, _ in gradients], clip_norm, use_norm=norm
    )
    return list(zip(clipped, (variable for _, variable in gradients)))
