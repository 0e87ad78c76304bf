"""The graph of one training step."""
from collections import namedtuple

from pwcnet.config import LEVELS
from pwcnet.network import pwc_net
from pwcnet.runtime import tf
from pwcnet.training.losses import LOSSES, endpoint_error, weight_decay, with_decay
from pwcnet.training.optimizers import make_optimizer
from pwcnet.training.schedules import learning_rate

TrainingGraph = namedtuple("TrainingGraph", "loss data_loss level_losses epe rate global_step gradients train_op flow pyramid")


def training_graph(pair, truth, valid, config, options, network=pwc_net):
    """Builds network, loss and update into the current graph.

    pair: [B, 2, H, W, 3] float32 in 0..1. truth: [B, H, W, 2] float32, pixels. valid: [B, H, W] bool. options: TrainingOptions.
    network: (pair, config) -> (flow, pyramid).
    Returns a TrainingGraph of scalars: loss (total), data_loss, level_losses {level: loss}, epe (pixels), rate, global_step; the list of (gradient, variable);
    train_op, which advances global_step; and the network's flow and pyramid. Everything fetched with train_op is of before the update.
    """
    flow, pyramid = network(pair, config)
    variables = tf.trainable_variables()
    level_losses = LOSSES[options.loss](pyramid, truth, valid)
    data_loss = tf.add_n([level_losses[level] for level in LEVELS])
    loss = data_loss + weight_decay(variables)
    epe = endpoint_error(flow, truth, valid)
    global_step = tf.train.get_or_create_global_step()
    rate = learning_rate(global_step, options.schedule, options.batch_size, options.learning_rate)
    optimizer = make_optimizer(options.optimizer_name, rate)
    gradients = with_decay(optimizer.compute_gradients(data_loss, variables))
    with tf.control_dependencies([loss, epe]):              # the decay term reads the variables: before they change
        train_op = optimizer.apply_gradients(gradients, global_step=global_step)
    return TrainingGraph(loss, data_loss, level_losses, epe, rate, global_step, gradients, train_op, flow, pyramid)
