"""Tasks over worker processes: a map that outlives the death of its workers.

    engine = open_engine("local", start, workers=4, resources=Resources(threads=2))
    with engine:
        for outcome in engine.map(tasks):
            print(outcome.task, outcome.value, outcome.error)

The caller gives a picklable function without arguments, `start`. Each worker calls it once; it
opens what tasks need, such as a network, and returns the function of a task. Both have to be
defined in modules that workers can import, not in the main program.

What happens:
- Tasks are taken from their iterator when a worker is free, so the iterator can decide late. At
  most one task for each worker that is being started waits besides. There are never more workers
  than tasks.
- Outcomes come in the order in which tasks end. An exception of a task is an outcome with an
  error; the task is not tried again. A defect's traceback appears on stderr besides.
- The task of a worker that dies (killed, crashed, its machine lost) is run once more, by another
  worker; if that dies too, it is an outcome with an error. The other workers go on, and dead ones
  are replaced. Where one cannot be, the job goes on with fewer.
- An exception of `start` ends the job: `map` raises it.
- `stop` and `kill` end the job early. Workers do not see a terminal's Ctrl-C; they end when the
  driver ends, however it does.

What workers print goes to the driver's stderr.
"""

from __future__ import annotations

from typing import Any, Callable

from pwcnet.jobs.dispatch import Engine
from pwcnet.jobs.resources import Resources

ENGINES = ("local", "ray")


def open_engine(
    name: str,
    start: Callable[[], Callable[[Any], Any]],
    workers: int | None = None,
    resources: Resources = Resources(),  # noqa: B008  frozen
    address: str | None = None,
) -> Engine[Any]:
    """Opens an engine.

    Args:
        name: One of ENGINES.
        start: Picklable; called once in each worker, returns the function of a task.
        workers: Their number; None for one locally, and for as many as the cluster has room for
            with Ray.
        resources: What each worker computes with.
        address: For Ray alone: of the cluster to join, "auto" for the one of this machine; None
            to start Ray on this machine.

    Returns:
        The engine, a context manager that ends its workers.

    Raises:
        ValueError: The engine is unknown or not installed, an argument does not fit, or `start`
            cannot be pickled.
        ConnectionError: There is no Ray cluster at the address.
    """
    if name not in ENGINES:
        raise ValueError("expected an engine of %s, got %r" % (", ".join(ENGINES), name))
    if name == "local":
        from pwcnet.jobs.local_engine import LocalEngine

        if address is not None:
            raise ValueError("an address is for Ray; the engine is local, the address %r" % address)
        return LocalEngine(start, 1 if workers is None else workers, resources)
    from pwcnet.jobs.ray_engine import RayEngine

    return RayEngine(start, workers, resources, address)
