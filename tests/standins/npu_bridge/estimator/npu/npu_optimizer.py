import npu_bridge
import tensorflow.compat.v1 as tf


class NPUDistributedOptimizer(tf.train.Optimizer):
    """compute_gradients gives the mean of all ranks' gradients."""

    def __init__(self, optimizer, name=None):
        super().__init__(False, name or "NPUDistributedOptimizer")
        npu_bridge.CALLS.append(("NPUDistributedOptimizer", type(optimizer).__name__))
        self._optimizer = optimizer

    def compute_gradients(self, *arguments, **options):
        return [
            (_mean(gradient, variable), variable)
            for gradient, variable in self._optimizer.compute_gradients(*arguments, **options)
        ]

    def apply_gradients(self, *arguments, **options):
        return self._optimizer.apply_gradients(*arguments, **options)


def _mean(gradient, variable):
    if gradient is None or npu_bridge.size() == 1:
        return gradient
    name = variable.op.name.replace("/", "_")
    mean = npu_bridge.in_order(
        tf.py_func(
            lambda array: sum(npu_bridge.exchange(name, array)) / npu_bridge.size(),
            [gradient],
            gradient.dtype,
        ),
        "mean",
    )
    mean.set_shape(gradient.shape)
    return mean


def npu_distributed_optimizer_wrapper(optimizer):
    npu_bridge.CALLS.append(("npu_distributed_optimizer_wrapper",))
    return NPUDistributedOptimizer(optimizer) if npu_bridge.size() > 1 else optimizer
