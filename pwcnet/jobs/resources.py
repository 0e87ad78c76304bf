"""What a worker computes with: threads and GPUs."""

from __future__ import annotations

from dataclasses import dataclass

from pwcnet._checks import require
from pwcnet.runtime.machine import VISIBLE_GPUS, core_count, gpu_of_worker, visible_gpus

# Read by OpenMP, OpenBLAS, MKL, TensorFlow (operations of sessions that name no number) and OpenCV
# when they are loaded, so they have to be there before a worker imports anything.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


@dataclass(frozen=True)
class Resources:
    """What one worker computes with.

    Args:
        threads: CPU threads; 0 for an equal share of the cores that this process may use, which
            for a single worker leaves the choice to the libraries.
        gpus: GPUs; None for those that are there, 0 for none. On this machine each worker takes
            one in turn; Ray takes parts of a GPU too, such as 0.5.

    Raises:
        ValueError: A number is below 0.
    """

    threads: int = 0
    gpus: float | None = None

    def __post_init__(self) -> None:
        require(self.threads >= 0, "0 or more threads", self.threads)
        require(self.gpus is None or self.gpus >= 0, "0 or more GPUs", self.gpus)

    def threads_of(self, workers: int) -> int:
        """Returns the threads of each worker of this machine; 0 for the libraries' choice."""
        if self.threads or workers == 1:
            return self.threads
        return max(1, core_count() // workers)

    def environments(self, workers: int) -> list[dict[str, str]]:
        """Returns the environment variables to set for each of the workers of this machine."""
        shared = thread_variables(self.threads_of(workers))
        if self.gpus == 0:
            return [{**shared, VISIBLE_GPUS: ""}] * workers
        gpus = visible_gpus() if workers > 1 else []
        return [{**shared, **gpu_of_worker(number, gpus)} for number in range(workers)]


def thread_variables(threads: int) -> dict[str, str]:
    """Returns the environment variables that give libraries a number of threads; 0 for none."""
    return dict.fromkeys(THREADS, str(threads)) if threads else {}
