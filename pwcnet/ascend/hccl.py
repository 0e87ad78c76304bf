"""Workers joined by HCCL, one for each Ascend NPU. For TensorFlow 1.15 with CANN's TF Adapter.

The mean of the gradients is taken inside the optimizer that `wrap` gives, in compute_gradients.
"""

import logging
import os

from pwcnet.ascend.optimizer import distributed_optimizer
from pwcnet.distributed.workers import Workers
from pwcnet.runtime.devices import INSTALL_NPU_BRIDGE, on_npu
from pwcnet.runtime.tensorflow import cause, tf

LAUNCH = "start workers with scripts/launch.py --engine hccl"

log = logging.getLogger(__name__)


class HcclWorkers(Workers):
    """Reads RANK_TABLE_FILE, RANK_ID and RANK_SIZE; one process a card. What is averaged besides gradients stays this worker's own."""

    def __init__(self, config):
        _check_environment(os.environ)
        if not on_npu(config):
            raise ValueError(
                "expected the session of an NPU for the engine hccl, got another; try --device npu, or the engine collective"
            )
        try:
            from hccl.manage import api
            from npu_bridge.estimator import npu_ops
            from npu_bridge.hccl import hccl_ops
        except ImportError as error:
            raise ValueError(
                "expected HCCL and npu_bridge for several NPUs, got %r; %s"
                % (str(error), INSTALL_NPU_BRIDGE)
            )
        super().__init__(config)
        self._hccl_ops = hccl_ops
        with tf.Graph().as_default():
            start, self._stop = npu_ops.initialize_system(), npu_ops.shutdown_system()
            self._system = tf.Session(config=config)  # the system stays up as long as this session
        try:
            self._system.run(start)
            self.rank, self.size = api.get_rank_id(), api.get_rank_size()
        except Exception as error:
            self._system.close()
            raise ValueError(
                "expected HCCL to start, but: %s; see RANK_TABLE_FILE and npu-smi info"
                % cause(error)
            )

    def wrap(self, optimizer):
        return distributed_optimizer(optimizer) if self.size > 1 else optimizer

    def average_gradients(self, gradients, also=()):
        """The gradients are means already. `also` stays this worker's own: the loss and EPE that are logged are of the leader's samples."""
        return [
            (gradient, variable) for gradient, variable in gradients if gradient is not None
        ], list(also)

    def mean(self, tensors):
        """Raises ValueError for several workers: gradients are averaged in the optimizer, nothing else is."""
        if self.size > 1:
            raise ValueError(
                "expected an engine that averages tensors, got hccl, which averages gradients alone; use average_gradients"
            )
        return super().mean(tensors)

    def broadcast(self, variables):
        """As documented, for floating trainable variables alone: step and optimizer state must be initialized, or restored, alike everywhere."""
        if self.size == 1:
            return tf.no_op()
        trainable = {variable.op.name for variable in tf.trainable_variables()}
        offered = [
            variable
            for variable in variables
            if variable.op.name in trainable and variable.dtype.base_dtype.is_floating
        ]
        return tf.group(
            *[
                tf.assign(variable, self._hccl_ops.broadcast(tensor=[variable], root_rank=0)[0])
                for variable in offered
            ]
        )

    def close(self):
        try:
            self._system.run(self._stop)
        except Exception as error:  # whatever ended the work is the one to tell of
            log.warning("could not shut HCCL down: %s", cause(error))
        finally:
            self._system.close()


def _check_environment(environ):
    """Raises ValueError or FileNotFoundError for what HCCL would wait on or fail at."""
    rank, size, table = (
        environ.get(name, "") for name in ("RANK_ID", "RANK_SIZE", "RANK_TABLE_FILE")
    )
    if not size.isdigit() or not rank.isdigit() or int(rank) >= int(size):
        raise ValueError(
            "expected RANK_ID to number one of RANK_SIZE workers, got %r of %r; %s"
            % (rank, size, LAUNCH)
        )
    if not os.path.isabs(table):
        raise ValueError(
            "expected the absolute path of a rank table in RANK_TABLE_FILE, got %r; %s"
            % (table, LAUNCH)
        )
    if not os.path.isfile(table):
        raise FileNotFoundError(
            "expected the rank table that RANK_TABLE_FILE names, found no %s; make one with scripts/make_rank_table.py"
            % table
        )
