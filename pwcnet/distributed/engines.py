"""Data-parallel training by several processes: each computes gradients on its own samples, all apply their mean.

Every process builds the same graph and runs the same steps. Between `compute_gradients` and `apply_gradients` the mean over the workers is taken of everything
at once, in one flat tensor: an update is applied whole or not at all, so weights are good to save after a step that failed because another worker died.

The mean of the workers' gradients is the gradient of the joint batch where the loss is a mean over samples: loss_multiscale and loss_robust_per_pixel, with
weight decay, for workers with batches of one size. loss_robust is a power of a mean over the batch, so there the mean is not exactly the joint batch's.

Environment, set by `pwcnet launch` for each worker:
    PWCNET_ENGINE       horovod, collective or hccl; without it: horovod below horovodrun or mpirun, hccl with RANK_TABLE_FILE or RANK_ID and a
                        RANK_SIZE above 1, otherwise single
    PWCNET_RANK         collective: this worker's number, 0 for the leader
    PWCNET_ADDRESSES    collective: host:port of all workers in the order of their ranks, separated by commas; the same everywhere
    RANK_TABLE_FILE, RANK_ID, RANK_SIZE, JOB_ID, ASCEND_DEVICE_ID       hccl: as Ascend's platforms set them
"""

import os

ENGINES = ("single", "horovod", "collective", "hccl")

_registered = {}


def register_engine(name, open_engine):
    """Makes an engine of a higher room known. open_engine: function of a tf.ConfigProto that returns Workers. Raises ValueError for a name not in ENGINES."""
    if name not in ENGINES:
        raise ValueError("expected an engine of %s, got %r" % (", ".join(ENGINES), name))
    _registered[name] = open_engine


def open_workers(config, engine="auto"):
    """Joins this process with the other workers; returns Workers, a context manager that leaves them at its end.

    config: tf.ConfigProto of the session to come. engine: a name in ENGINES, or "auto" for what the environment says. Waits for the other workers where there
    are any. Raises ValueError for an engine that is unknown, not installed or not registered, and for an environment that does not fit.
    """
    name = engine_of(engine, os.environ)
    if name in _registered:
        return _registered[name](config)
    if name == "hccl":
        raise ValueError(
            'expected the engine hccl to be registered; call register_engine("hccl", pwcnet.ascend.hccl.HcclWorkers) first'
        )
    if name == "horovod":
        from pwcnet.distributed.horovod_engine import HorovodWorkers

        return HorovodWorkers(config)
    if name == "collective":
        from pwcnet.distributed.collective import CollectiveWorkers

        return CollectiveWorkers(config)
    from pwcnet.distributed.workers import Workers

    return Workers(config)


def engine_of(engine, environ):
    """The engine's name, with "auto" looked up in the environment. Raises ValueError for an unknown one."""
    if engine == "auto":
        below_horovod = "HOROVOD_RANK" in environ or "OMPI_COMM_WORLD_RANK" in environ
        below_hccl = (environ.get("RANK_TABLE_FILE") or environ.get("RANK_ID")) and environ.get(
            "RANK_SIZE", "1"
        ) not in ("", "0", "1")
        engine = environ.get("PWCNET_ENGINE") or (
            "horovod" if below_horovod else "hccl" if below_hccl else "single"
        )
    if engine not in ENGINES:
        raise ValueError(
            "expected an engine of %s, got %r; see PWCNET_ENGINE" % (", ".join(ENGINES), engine)
        )
    return engine


def horovod_install_command(python):
    """The command that installs Horovod for this interpreter: it is built, with the flags for TensorFlow alone."""
    flags = " ".join(
        "HOROVOD_" + flag
        for flag in (
            "WITH_GLOO=1",
            "WITH_TENSORFLOW=1",
            "WITHOUT_MPI=1",
            "WITHOUT_PYTORCH=1",
            "WITHOUT_MXNET=1",
        )
    )
    return "%s %s -m pip install --no-build-isolation horovod==0.28.1" % (flags, python)
