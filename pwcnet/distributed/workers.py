"""The interface of all engines: a worker, and what it does together with the others."""

from __future__ import annotations

from typing import Sequence

from pwcnet.runtime.tensorflow import tf


class Workers:
    """This process among those that train together. A context manager that leaves the others.

    This class is a single worker. An engine overrides `__init__`, `_sum` and, where it needs to,
    `session` and `close`. An engine whose sums are part of the optimizer overrides `wrap`,
    `average_gradients` and `broadcast` instead of `_sum`.

    Args:
        config: The ConfigProto of the sessions; None for TensorFlow's default.

    Attributes:
        config: The ConfigProto.
        rank: The number of this worker, from 0 to size - 1.
        size: The number of workers.
    """

    rank, size = 0, 1

    def __init__(self, config: tf.ConfigProto | None) -> None:
        self.config = config

    @property
    def leader(self) -> bool:
        """Whether this is the worker of rank 0, which logs, validates and writes checkpoints."""
        return self.rank == 0

    def session(self) -> tf.Session:
        """Returns a session for the current graph that can run `mean` and `broadcast`."""
        return tf.Session(config=self.config)

    def wrap(self, optimizer: tf.train.Optimizer) -> tf.train.Optimizer:
        """Returns the optimizer to compute and apply gradients with instead of this one.

        A loss scale goes around it.
        """
        return optimizer

    def mean(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Means over the workers. All workers run them together, in the same steps.

        Args:
            tensors: Float tensors of known shapes.
        """
        if self.size == 1:
            return list(tensors)
        return [total / self.size for total in self._sums(tensors)]

    def average_gradients(
        self,
        gradients: Sequence[tuple[tf.Tensor | None, tf.Variable]],
        scalars: Sequence[tf.Tensor] = (),
    ) -> tuple[list[tuple[tf.Tensor, tf.Variable]], list[tf.Tensor]]:
        """Averages gradients between compute_gradients and apply_gradients.

        Args:
            gradients: (gradient or None, variable).
            scalars: Float scalars to average in the same exchange, such as the loss.

        Returns:
            ([(mean gradient, variable)] of the variables that have one, means of the scalars).
        """
        present = [(gradient, variable) for gradient, variable in gradients if gradient is not None]
        means = self.mean([gradient for gradient, _ in present] + list(scalars))
        variables = [variable for _, variable in present]
        return list(zip(means, variables)), means[len(present) :]

    def broadcast(self, variables: Sequence[tf.Variable]) -> tf.Operation:
        """Returns the op that gives every worker the leader's values of the variables.

        It is to be run once the variables are initialized or restored on every worker.
        """
        if self.size == 1:
            return tf.no_op()
        # The sum over the workers is the leader's value: the others add zeros.
        terms = [
            variable.read_value()
            if self.leader
            else tf.zeros(variable.shape, variable.dtype.base_dtype)
            for variable in variables
        ]
        return tf.group(
            *[tf.assign(variable, value) for variable, value in zip(variables, self._sums(terms))]
        )

    def close(self) -> None:
        """Leaves the other workers."""

    def _sums(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Sums over the workers, through one flat tensor for each dtype."""
        sums: list[tf.Tensor] = [None] * len(tensors)
        for dtype in sorted({tensor.dtype.base_dtype.name for tensor in tensors}):
            indices = [
                index
                for index, tensor in enumerate(tensors)
                if tensor.dtype.base_dtype.name == dtype
            ]
            flat = self._sum(
                tf.concat([tf.reshape(tensors[index], [-1]) for index in indices], axis=0)
            )
            sizes = [tensors[index].shape.num_elements() for index in indices]
            for index, total in zip(indices, tf.split(flat, sizes)):
                sums[index] = tf.reshape(total, tensors[index].shape)
        return sums

    def _sum(self, flat: tf.Tensor) -> tf.Tensor:
        """The sum over the workers of a tensor [N]: the same bits on every worker."""
        return flat

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
