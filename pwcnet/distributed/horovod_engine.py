"""Workers joined by Horovod: Gloo between CPUs, NCCL between GPUs where it was built with it. For TensorFlow 1.15."""

import sys

from pwcnet.distributed.engines import horovod_install_command
from pwcnet.distributed.workers import Workers


class HorovodWorkers(Workers):
    """Started by scripts/launch.py, horovodrun or mpirun."""

    def __init__(self, config):
        try:
            import horovod.tensorflow as horovod
        except ImportError as error:
            raise ValueError(
                "expected Horovod for TensorFlow, got %r; install it with: %s; or take the engine collective"
                % (str(error), horovod_install_command(sys.executable))
            )
        super().__init__(config)
        self._horovod = horovod
        horovod.init()
        self.rank, self.size = horovod.rank(), horovod.size()

    def _sum(self, flat):
        return self._horovod.allreduce(flat, op=self._horovod.Sum)

    def close(self):
        self._horovod.shutdown()
