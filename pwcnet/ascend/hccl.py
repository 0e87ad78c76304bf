"""Workers joined by HCCL, one for each Ascend NPU. For TensorFlow 1.15 with CANN's TF Adapter.

The mean of the gradients is taken inside the optimizer of `HcclWorkers.wrap`, in
compute_gradients.
"""

from __future__ import annotations

import logging
import os
from typing import Mapping, Sequence

from pwcnet.ascend.optimizer import distributed_optimizer
from pwcnet.distributed.workers import Workers
from pwcnet.runtime.devices import INSTALL_NPU_BRIDGE, on_npu
from pwcnet.runtime.tensorflow import cause, tf

log = logging.getLogger(__name__)


class HcclWorkers(Workers):
    """The processes of several NPUs, one process each.

    Reads RANK_TABLE_FILE, RANK_ID and RANK_SIZE from the environment. Only gradients are averaged:
    the loss and end-point error that are logged are those of the leader's samples.

    Args:
        config: The ConfigProto of a session on an NPU.

    Raises:
        ValueError: The environment does not fit, the configuration is that of another device, or
            HCCL is missing or does not start.
        FileNotFoundError: The rank table is missing.
    """

    def __init__(self, config: tf.ConfigProto) -> None:
        _check_environment(os.environ)
        if not on_npu(config):
            raise ValueError("expected the session of an NPU for the engine hccl, got another")
        try:
            from hccl.manage import api
            from npu_bridge.estimator import npu_ops
            from npu_bridge.hccl import hccl_ops
        except ImportError as error:
            raise ValueError(
                "Several NPUs need HCCL and npu_bridge, which cannot be imported (%s); %s"
                % (error, INSTALL_NPU_BRIDGE)
            )
        super().__init__(config)
        self._hccl_ops = hccl_ops
        with tf.Graph().as_default():
            start, self._stop = npu_ops.initialize_system(), npu_ops.shutdown_system()
            self._system = tf.Session(config=config)  # HCCL stays up as long as this session
        try:
            self._system.run(start)
            self.rank, self.size = api.get_rank_id(), api.get_rank_size()
        except Exception as error:
            self._system.close()
            raise ValueError(
                "HCCL did not start: %s; see RANK_TABLE_FILE and npu-smi info" % cause(error)
            )

    def wrap(self, optimizer: tf.train.Optimizer) -> tf.train.Optimizer:
        """Returns the optimizer that averages the gradients of all NPUs."""
        return distributed_optimizer(optimizer) if self.size > 1 else optimizer

    def average_gradients(
        self,
        gradients: Sequence[tuple[tf.Tensor | None, tf.Variable]],
        scalars: Sequence[tf.Tensor] = (),
    ) -> tuple[list[tuple[tf.Tensor, tf.Variable]], list[tf.Tensor]]:
        """Returns the gradients, which are means already, and this worker's own scalars."""
        present = [(gradient, variable) for gradient, variable in gradients if gradient is not None]
        return present, list(scalars)

    def mean(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Means of tensors, of one worker alone.

        Raises:
            ValueError: There are several workers: only gradients are averaged.
        """
        if self.size > 1:
            raise ValueError(
                "expected an engine that averages tensors, got hccl, which averages gradients alone"
            )
        return super().mean(tensors)

    def broadcast(self, variables: Sequence[tf.Variable]) -> tf.Operation:
        """Returns the op that gives every worker the leader's values of trainable variables.

        As documented, it covers those of floating types alone: step and optimizer state must be
        initialized, or restored, alike everywhere.
        """
        if self.size == 1:
            return tf.no_op()
        trainable = {variable.op.name for variable in tf.trainable_variables()}
        return tf.group(
            *[
                tf.assign(variable, self._hccl_ops.broadcast(tensor=[variable], root_rank=0)[0])
                for variable in variables
                if variable.op.name in trainable and variable.dtype.base_dtype.is_floating
            ]
        )

    def close(self) -> None:
        """Shuts HCCL down; an error is only logged, as another one may have ended the work."""
        try:
            self._system.run(self._stop)
        except Exception as error:
            log.warning("could not shut HCCL down: %s", cause(error))
        finally:
            self._system.close()


def _check_environment(environ: Mapping[str, str]) -> None:
    """Raises ValueError or FileNotFoundError for what HCCL would wait on or fail at."""
    names = "RANK_ID", "RANK_SIZE", "RANK_TABLE_FILE"
    rank, size, table = (environ.get(name, "") for name in names)
    if not size.isdigit() or not rank.isdigit() or int(rank) >= int(size):
        raise ValueError(
            "expected RANK_ID to number one of RANK_SIZE workers, got %r of %r" % (rank, size)
        )
    if not os.path.isabs(table):
        raise ValueError(
            "expected the absolute path of a rank table in RANK_TABLE_FILE, got %r" % table
        )
    if not os.path.isfile(table):
        raise FileNotFoundError("No rank table at %s, which RANK_TABLE_FILE names" % table)
