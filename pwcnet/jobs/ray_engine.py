"""Workers as actors of a Ray cluster, or of a Ray that is started on this machine.

The machines of a cluster need the same environment, and files at the same paths, as the driver's.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import sysconfig
import time
from contextlib import ExitStack, suppress
from typing import Any, Callable

from pwcnet._checks import require
from pwcnet.jobs.dispatch import DIED, DONE, FAILED, READY, Engine, Event, Worker
from pwcnet.jobs.ray_session import import_ray, ray_session
from pwcnet.jobs.resources import Resources, thread_variables
from pwcnet.jobs.worker import TaskFunction
from pwcnet.runtime.machine import VISIBLE_GPUS

PASSED_ON = ("PWCNET_", "TF_", "OPENCV_")  # beginnings of the driver's variables that workers get
LOOK = 5.0  # seconds between looks at the machines of the cluster
PATIENCE = 300.0  # seconds without a worker until a warning

log = logging.getLogger(__name__)


class RayTaskFunction(TaskFunction):
    """The actor."""

    def __init__(self) -> None:
        os.dup2(2, 1)  # the driver's stdout is for its results
        super().__init__()


class RayWorker(Worker):
    """An actor as the driver sees it.

    Args:
        number: Its number.
        ray: The module.
        actor: Of RayTaskFunction.
        start: Pickled.
    """

    def __init__(self, number: int, ray: Any, actor: Any, start: bytes) -> None:
        super().__init__(number)
        self._ray, self._actor = ray, actor
        self.answer = actor.open.remote(start)

    def send(self, task: bytes) -> None:
        """Hands over a pickled task."""
        self.answer = self._actor.run.remote(task)

    def kill(self) -> None:
        """Leaves it to `wait`: signal handlers may interrupt Ray where it cannot be called."""

    def wait(self, seconds: float) -> None:
        """Ends the actor; Ray does not say when it has ended."""
        with suppress(self._ray.exceptions.RayError):
            self._ray.kill(self._actor)

    def receive(self) -> Event:
        """Returns the answer that is there, or how the actor died."""
        try:
            content = self._ray.get(self.answer)
        except self._ray.exceptions.RayError as error:
            self.wait(0)  # where it is only out of reach
            return Event(self, DIED, _how_it_died(error))
        self.answer = None
        if self.ready:
            return Event(self, DONE, content)
        return Event(self, FAILED, pickle.loads(content)) if content else Event(self, READY)


class RayEngine(Engine[RayWorker]):
    """Actors of Ray.

    Args:
        start: Picklable; called once in each worker, returns the function of a task.
        workers: Their number, for which Ray waits; None for as many as the machines of the cluster
            have room for, those included that join later.
        resources: What each takes; without a number of threads, one CPU; without a number of GPUs,
            one if any machine has some.
        address: Of the cluster to join, "auto" for the one of this machine; None to start Ray on
            this machine until the engine is closed.

    Raises:
        ValueError: Ray is not installed, the number of workers is below 1, `start` cannot be
            pickled, or the cluster has other versions of Ray or Python.
        ConnectionError: There is no cluster at the address.
        OSError: Ray does not start on this machine.
    """

    def __init__(
        self,
        start: Callable[[], Callable[[Any], Any]],
        workers: int | None = None,
        resources: Resources = Resources(),  # noqa: B008  frozen
        address: str | None = None,
    ) -> None:
        super().__init__(start)
        require(workers is None or workers >= 1, "1 or more workers", workers)
        self._ray = import_ray()
        self._count, self._threads = workers, resources.threads or 1
        self._session = ExitStack()
        if not self._ray.is_initialized():
            cpus = self._count and self._count * self._threads
            self._session.enter_context(ray_session(self._ray, address, cpus))
        self._gpus = resources.gpus
        if self._gpus is None:
            self._gpus = min(1, sum(node.get("GPU", 0) for node in self._nodes()))
        self._room, self._seen = 0, -LOOK
        self._served, self._warned = time.monotonic(), False

    def close(self) -> None:
        """Ends all workers, and leaves the cluster or ends the Ray that was started."""
        for worker in self._workers:
            worker.wait(0)
        self._workers = []
        self._session.close()

    def _nodes(self) -> list[dict[str, float]]:
        """What each machine of the cluster has."""
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]

    def _capacity(self) -> int:
        if self._count is not None:
            return self._count
        if time.monotonic() - self._seen > LOOK:
            self._room = sum(map(self._room_of, self._nodes()))
            self._seen = time.monotonic()
        return self._room

    def _room_of(self, node: dict[str, float]) -> int:
        """The number of workers that a machine has room for."""
        room = node.get("CPU", 0) // self._threads
        return int(min(room, node.get("GPU", 0) // self._gpus) if self._gpus else room)

    def _launch(self, number: int) -> RayWorker:
        variables = {
            **{name: os.environ[name] for name in os.environ if name.startswith(PASSED_ON)},
            **thread_variables(self._threads),
            "PYTHONPATH": os.pathsep.join(_search_path(self._ray)),
        }
        if not self._gpus:
            variables[VISIBLE_GPUS] = ""
        actor_class = self._ray.remote(RayTaskFunction).options(
            num_cpus=self._threads,
            num_gpus=self._gpus,
            max_restarts=0,
            runtime_env={"env_vars": variables},
            scheduling_strategy="SPREAD",
        )
        return RayWorker(number, self._ray, actor_class.remote(), self._start)

    def _events(self, seconds: float) -> list[Event]:
        self._warn_of_idleness()
        busy = [worker for worker in self._workers if worker.answer is not None]
        if not busy:
            time.sleep(seconds)
            return []
        answers = [worker.answer for worker in busy]
        if not self._ray.wait(answers, timeout=seconds)[0]:
            return []
        ready, _ = self._ray.wait(answers, num_returns=len(answers), timeout=0)
        return [worker.receive() for worker in busy if worker.answer in ready]

    def _warn_of_idleness(self) -> None:
        if any(worker.ready for worker in self._workers):
            self._served, self._warned = time.monotonic(), False
        elif not self._warned and time.monotonic() - self._served > PATIENCE:
            self._warned = True
            log.warning(
                "no worker could run for %d minutes: the Ray cluster has no room for one that "
                "takes %d CPUs and %g GPUs; still waiting",
                PATIENCE // 60,
                self._threads,
                self._gpus or 0,
            )


def _search_path(ray: Any) -> list[str]:
    """The folders of the driver's sys.path, without those that any Python and Ray add."""
    paths = sysconfig.get_paths()
    usual = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    usual |= {os.path.join(paths["platstdlib"], "lib-dynload")}
    usual |= {os.path.join(os.path.dirname(ray.__file__), "thirdparty_files")}
    folders = [os.path.abspath(path) for path in sys.path if isinstance(path, str)]
    return [path for path in folders if path not in usual and os.path.isdir(path)]


def _how_it_died(error: Exception) -> str:
    """The end of an actor in words, by what Ray says in many."""
    text = str(error)
    if "low on memory" in text:
        return "was ended by Ray, because its machine ran out of memory"
    if "node has died" in text:
        return "was lost with its machine"
    if "worker process has died" in text:
        return "died; its machine may have run out of memory"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "died: %s" % (lines[-1] if lines else type(error).__name__)
