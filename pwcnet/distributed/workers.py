"""One worker, and what all engines share."""

from pwcnet.runtime.tensorflow import tf


class Workers:
    """This process among the workers. An engine overrides `__init__`, `_sum` and, where it needs to, `session` and `close`. One whose sums are a part of the
    optimizer overrides `wrap`, `average_gradients` and `broadcast` in the place of `_sum`.

    rank: number of this worker, 0 .. size - 1. leader: whether it is the one (rank 0) that logs, and writes checkpoints.
    """

    rank, size = 0, 1

    def __init__(self, config):
        self.config = config

    @property
    def leader(self):
        return self.rank == 0

    def session(self):
        """A tf.Session for the current graph, able to run the tensors of `mean` and the op of `broadcast`."""
        return tf.Session(config=self.config)

    def wrap(self, optimizer):
        """The tf.train.Optimizer to call compute_gradients and apply_gradients of, in the place of this one; a loss scale goes around it."""
        return optimizer

    def mean(self, tensors):
        """Means over the workers of a list of float tensors of known shapes, as a list. All workers run them together, in the same steps."""
        return (
            list(tensors)
            if self.size == 1
            else [total / self.size for total in self._sums(tensors)]
        )

    def average_gradients(self, gradients, also=()):
        """For between compute_gradients and apply_gradients.

        gradients: list of (gradient or None, variable). also: float scalars to average in the same go, such as the loss.
        Returns ([(mean gradient, variable)] of those that have one, the list of the means of `also`).
        """
        gradients = [
            (gradient, variable) for gradient, variable in gradients if gradient is not None
        ]
        means = self.mean([gradient for gradient, _ in gradients] + list(also))
        return list(zip(means, (variable for _, variable in gradients))), means[len(gradients) :]

    def broadcast(self, variables):
        """The op that gives every worker the leader's values of the variables; to run once they are initialized or restored everywhere."""
        if self.size == 1:
            return tf.no_op()
        offered = [
            variable.read_value()
            if self.leader
            else tf.zeros(variable.shape, variable.dtype.base_dtype)
            for variable in variables
        ]
        return tf.group(
            *[tf.assign(variable, value) for variable, value in zip(variables, self._sums(offered))]
        )

    def close(self):
        """Leaves the other workers."""

    def _sums(self, tensors):
        """Sums over the workers, through one flat tensor for each dtype."""
        sums = [None] * len(tensors)
        for dtype in sorted({tensor.dtype.base_dtype.name for tensor in tensors}):
            places = [
                place
                for place, tensor in enumerate(tensors)
                if tensor.dtype.base_dtype.name == dtype
            ]
            flat = self._sum(
                tf.concat([tf.reshape(tensors[place], [-1]) for place in places], axis=0)
            )
            parts = tf.split(flat, [tensors[place].shape.num_elements() for place in places])
            for place, part in zip(places, parts):
                sums[place] = tf.reshape(part, tensors[place].shape)
        return sums

    def _sum(self, flat):
        """The sum over the workers of a tensor [N]: the same bits on every worker. Of one worker it is the tensor."""
        return flat

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
