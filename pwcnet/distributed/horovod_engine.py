"""Workers joined by Horovod: Gloo between CPUs, NCCL between GPUs. For TensorFlow 1.15."""

from __future__ import annotations

import sys

from pwcnet.distributed.engines import horovod_install_command
from pwcnet.distributed.workers import Workers
from pwcnet.runtime.tensorflow import tf


class HorovodWorkers(Workers):
    """Workers that `pwcnet launch`, horovodrun or mpirun started.

    Args:
        config: The ConfigProto of the sessions.

    Raises:
        ValueError: Horovod is missing.
    """

    def __init__(self, config: tf.ConfigProto) -> None:
        try:
            import horovod.tensorflow as horovod
        except ImportError as error:
            raise ValueError(
                "Horovod for TensorFlow cannot be imported (%s); install it with: %s; or take the "
                "engine collective" % (error, horovod_install_command(sys.executable))
            )
        super().__init__(config)
        self._horovod = horovod
        horovod.init()
        self.rank, self.size = horovod.rank(), horovod.size()

    def close(self) -> None:
        """Shuts Horovod down."""
        self._horovod.shutdown()

    def _sum(self, flat: tf.Tensor) -> tf.Tensor:
        return self._horovod.allreduce(flat, op=self._horovod.Sum)
