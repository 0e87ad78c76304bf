"""Data-parallel training by several processes, joined by one of several engines.

Each process computes gradients on samples of its own, and all apply the mean. Every process builds
the same graph and runs the same steps. Between `compute_gradients` and `apply_gradients` the mean
over the workers is taken of everything at once, in one flat tensor: an update is applied whole or
not at all, so weights are good to save after a step that failed because another worker died.

The mean of the workers' gradients is the gradient of the joint batch where the loss is a mean over
samples: loss_multiscale and loss_robust_per_pixel, with weight decay, for workers with batches of
one size. loss_robust is a power of a mean over the batch: there the mean is not exactly the joint
batch's.

Environment, as `pwcnet launch` sets it for each worker:
    PWCNET_ENGINE: horovod, collective or hccl. Without it: horovod below horovodrun or mpirun, hccl
        with RANK_TABLE_FILE or RANK_ID and a RANK_SIZE above 1, otherwise single.
    PWCNET_RANK: For collective: this worker's number, 0 for the leader.
    PWCNET_ADDRESSES: For collective: host:port of all workers in the order of their ranks,
        separated by commas; the same everywhere.
    PWCNET_SECRET: For collective: a text that only the workers know, the same everywhere; without
        it, the key that connections are checked by is the leader's alone.
    PWCNET_JOIN_SECONDS: For collective: how long the workers wait for each other at the start.
    RANK_TABLE_FILE, RANK_ID, RANK_SIZE, JOB_ID, ASCEND_DEVICE_ID: For hccl, as Ascend's platforms
        set them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable, Mapping

if TYPE_CHECKING:
    from pwcnet.distributed.workers import Workers
    from pwcnet.runtime.tensorflow import tf

ENGINES = ("single", "horovod", "collective", "hccl")

_registered: dict[str, Callable[[tf.ConfigProto], Workers]] = {}


def register_engine(name: str, open_engine: Callable[[tf.ConfigProto], Workers]) -> None:
    """Registers an engine that another package implements.

    Args:
        name: A name in ENGINES.
        open_engine: Function of the ConfigProto of the sessions that joins the workers.

    Raises:
        ValueError: The name is not in ENGINES.
    """
    if name not in ENGINES:
        raise ValueError("expected an engine of %s, got %r" % (", ".join(ENGINES), name))
    _registered[name] = open_engine


def open_workers(config: tf.ConfigProto, engine: str = "auto") -> Workers:
    """Joins this process with the other workers; waits for them where there are any.

    Args:
        config: Configuration of the sessions to come.
        engine: A name in ENGINES, or "auto" for what the environment says.

    Returns:
        The workers, a context manager that leaves them at its end.

    Raises:
        ValueError: The engine is unknown, not installed or not registered, or the environment does
            not fit.
    """
    name = engine_name(engine, os.environ)
    if name in _registered:
        return _registered[name](config)
    if name == "hccl":
        raise ValueError(
            "The engine hccl is not registered; call "
            'register_engine("hccl", pwcnet.ascend.hccl.HcclWorkers) first'
        )
    if name == "horovod":
        from pwcnet.distributed.horovod_engine import HorovodWorkers

        return HorovodWorkers(config)
    if name == "collective":
        from pwcnet.distributed.collective import CollectiveWorkers

        return CollectiveWorkers(config)
    from pwcnet.distributed.workers import Workers

    return Workers(config)


def engine_name(engine: str, environ: Mapping[str, str]) -> str:
    """Returns the name of the engine to use.

    Args:
        engine: A name in ENGINES, or "auto" for what the environment says.
        environ: The environment variables.

    Raises:
        ValueError: There is no such engine.
    """
    if engine == "auto":
        engine = environ.get("PWCNET_ENGINE") or _engine_of_launcher(environ)
    if engine not in ENGINES:
        raise ValueError("expected an engine of %s, got %r" % (", ".join(ENGINES), engine))
    return engine


def _engine_of_launcher(environ: Mapping[str, str]) -> str:
    """The engine that the variables of other launchers stand for."""
    if "HOROVOD_RANK" in environ or "OMPI_COMM_WORLD_RANK" in environ:
        return "horovod"
    ranked = environ.get("RANK_TABLE_FILE") or environ.get("RANK_ID")
    if ranked and environ.get("RANK_SIZE", "1") not in ("", "0", "1"):
        return "hccl"
    return "single"


def horovod_install_command(python: str) -> str:
    """Returns the command that installs Horovod for an interpreter.

    Horovod is built when it is installed, with the flags for TensorFlow alone.

    Args:
        python: The interpreter.
    """
    flags = (
        "WITH_GLOO=1",
        "WITH_TENSORFLOW=1",
        "WITHOUT_MPI=1",
        "WITHOUT_PYTORCH=1",
        "WITHOUT_MXNET=1",
    )
    environment = " ".join("HOROVOD_" + flag for flag in flags)
    return "%s %s -m pip install --no-build-isolation horovod==0.28.1" % (environment, python)
