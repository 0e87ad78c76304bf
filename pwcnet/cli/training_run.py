"""A training run from the command line: places, checks before anything is written, log, signals."""

from __future__ import annotations

import logging
import os
import platform
import signal
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from pwcnet.cli.common import remedy, start_messages
from pwcnet.cli.log_file import log_file
from pwcnet.cli.options import device_config, note_shipped_name, npu_options, open_checkpoint
from pwcnet.io.atomic import check_output_folder
from pwcnet.training.options import TrainingOptions

if TYPE_CHECKING:
    from pwcnet.ascend.remote_run import RemoteRun
    from pwcnet.data.input_pipeline import TrainingData
    from pwcnet.distributed.workers import Workers
    from pwcnet.model.config import ModelConfig
    from pwcnet.training.run_folder import RunFolder
    from pwcnet.training.validation import Validation

WORKERS_REMEDY = "`pwcnet launch` starts workers, `pwcnet ascend rank-table` writes rank tables"
START_REMEDY = (
    "pass a checkpoint's prefix (run/pwcnet.ckpt-1000) or its folder, or an .npz; --pretrained "
    "large starts from the shipped weights"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Places:
    """Where a run reads and writes on this machine.

    Attributes:
        output: The run folder.
        dataset: Folder of the data, if the command was given one.
        weights: Checkpoint to start from; None for random weights.
        resume: Whether to continue from the latest checkpoint in the run folder.
        results: Copies checkpoints to --train-url; None without it.
    """

    output: str
    dataset: str | None = None
    weights: str | None = None
    resume: bool = False
    results: RemoteRun | None = None


@dataclass(frozen=True)
class Job:
    """What a command trains.

    Attributes:
        data: The samples.
        config: The network.
        options: The run's options.
        validation: None for none.
        notes: Lines for the beginning of the log.
        metadata: What options.json holds besides command, versions, model and options.
    """

    data: TrainingData
    config: ModelConfig
    options: TrainingOptions
    validation: Validation | None = None
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


def run_training(
    args: Namespace, output: str, make_job: Callable[[Places, int], Job], command: Sequence[str]
) -> int:
    """Trains to the end, in this process or as one of several workers.

    SIGTERM, with which platforms stop a job, saves as Ctrl-C does.

    Args:
        args: Parsed options of pwcnet.cli.training_options, and `dataset`.
        output: The run folder.
        make_job: Function of the places and the number of workers. What it raises is raised before
            anything is written.
        command: The command line, for options.json.

    Returns:
        The exit code 0.
    """
    check_output_folder(output)
    handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    from pwcnet.ascend.hccl import HcclWorkers
    from pwcnet.distributed.engines import open_workers, register_engine
    from pwcnet.training.run_folder import RunFolder

    register_engine("hccl", HcclWorkers)
    with ExitStack() as stack:
        stack.callback(signal.signal, signal.SIGTERM, handler)
        config = device_config(args)
        with remedy(WORKERS_REMEDY):
            workers = open_workers(config)
        stack.enter_context(workers)
        places = _resolve_places(args, output)
        job = make_job(places, workers.size)
        _check(args, places, job.options, workers)
        results, retention = places.results, job.options.retention
        run_folder = stack.enter_context(
            RunFolder(
                places.output,
                retention,
                workers.leader,
                results.upload_checkpoints if results else None,
            )
        )
        if results and workers.leader:
            stack.callback(results.upload_everything)  # whatever ends the run
        if workers.leader:
            stack.enter_context(log_file(os.path.join(places.output, "train.log")))
        _log_start(job, workers)
        _train(job, places, run_folder, workers, command)
    return 0


def _resolve_places(args: Namespace, output: str) -> Places:
    """Copies data, weights and results at URLs of ModelArts to this machine."""
    from pwcnet.ascend.modelarts import fetch_data, fetch_weights
    from pwcnet.ascend.remote_run import RemoteRun

    dataset, resume, results = args.dataset, args.resume, None
    if args.data_url or args.train_url:
        start_messages()
    if args.data_url:
        dataset = fetch_data(args.data_url, os.path.join(args.cache, "data"))
    note_shipped_name(args.weights)
    weights = fetch_weights(args.weights, os.path.join(args.cache, "pretrained"))
    if args.train_url:
        results = RemoteRun(args.train_url, output)
        # A job that the platform starts again continues.
        resume = bool(results.download()) or resume
    return Places(output, dataset, weights, resume, results)


def _check(args: Namespace, places: Places, options: TrainingOptions, workers: Workers) -> None:
    """Raises ValueError for what does not fit this machine or the folder; writes nothing."""
    from pwcnet.ascend.options import NpuOptions
    from pwcnet.ascend.session import steps_per_run
    from pwcnet.runtime.devices import checked_precision, on_npu
    from pwcnet.training.session import check_step_counts
    from pwcnet.weights.files import list_checkpoints

    checked_precision(options.precision)
    if not places.resume:
        check_step_counts(options, steps_per_run(workers.config))
        if list_checkpoints(places.output):
            raise ValueError(
                "%s holds a training run already; continue it with --resume, or choose another "
                "folder" % places.output
            )
    npu = npu_options(args) or NpuOptions(graph_run_mode="train")
    # The 910 saturates where other devices give infinity, so that nothing else would notice.
    if on_npu(workers.config) and npu.may_reduce_precision and options.loss_scale is None:
        log.warning(
            "operations may compute in float16 on this NPU, and there is no --loss-scale: small "
            "gradients vanish and overflows go unnoticed"
        )


def _log_start(job: Job, workers: Workers) -> None:
    start_messages()
    options = job.options
    several = " on each of %d workers" % workers.size if workers.size > 1 else ""
    log.info(
        "%s, %d pairs, %d steps of batch size %d%s, %s loss, %s",
        job.config.name,
        len(job.data),
        options.steps,
        options.batch_size,
        several,
        options.loss,
        options.optimizer_name,
    )
    for note in job.notes:
        log.info("%s", note)


def _train(
    job: Job, places: Places, run_folder: RunFolder, workers: Workers, command: Sequence[str]
) -> None:
    from pwcnet.training.trainer import train

    try:
        last = train(
            job.data,
            job.config,
            job.options,
            run_folder,
            places.weights,
            places.resume,
            dict(job.metadata, command=list(command), versions=_versions()),
            job.validation,
            workers,
        )
    except KeyboardInterrupt:
        log.info("continue with --resume")
        raise
    skipped = len(job.data.skipped)
    if skipped:
        log.warning("%d samples that cannot be read were skipped", skipped)
    log.info("done: %s", last)


def _versions() -> dict[str, str]:
    import numpy

    from pwcnet import __version__
    from pwcnet.runtime.tensorflow import TF_RELEASE

    return {
        "pwcnet": __version__,
        "python": platform.python_version(),
        "tensorflow": TF_RELEASE,
        "numpy": numpy.__version__,
    }


def choose_config(
    places: Places, variant: str | None, default: str, grow: bool = False
) -> ModelConfig:
    """Returns the network of the run to resume, else of the weights, else by name.

    Args:
        places: Of the run.
        variant: "large" or "small", as given by the user; None for none.
        default: The same for random weights without `variant`.
        grow: Whether the weights are those of a smaller variant, which grows into `variant`.

    Raises:
        ValueError: The weights are of another variant, or there are none to grow.
        FileNotFoundError: There are no such weights.
    """
    from pwcnet.model.config import ModelConfig
    from pwcnet.weights.files import list_checkpoints
    from pwcnet.weights.growing import check_grown, check_growth

    resumes = places.resume and list_checkpoints(places.output)
    source = places.output if resumes else places.weights
    if not source:
        if grow:
            raise ValueError("--grow needs --weights of a small network, for example small")
        return ModelConfig.from_name(variant or default)
    checkpoint = open_checkpoint(source, hint=START_REMEDY)
    checkpoint.check_readable()
    if grow:
        larger = ModelConfig.from_name(variant or "large")
        with remedy("leave --grow out"):
            if resumes:
                check_grown(checkpoint, larger)
            else:
                check_growth(checkpoint, larger)
        return larger
    if variant and ModelConfig.from_name(variant).name != checkpoint.config.name:
        raise ValueError(
            "%s holds weights of %s, not of --variant %s; leave --variant out, or start from "
            "random weights" % (checkpoint.path, checkpoint.config.name, variant)
        )
    return checkpoint.config


def validation_steps(given: int | None, save_every: int, validation: Validation | None) -> int:
    """Returns the steps between validations.

    Args:
        given: The option's value, None where it was not given.
        save_every: Steps between checkpoints, the default.
        validation: None where there are no pairs to validate on.

    Raises:
        ValueError: Steps were given, and there are no pairs.
    """
    if given and not validation:
        raise ValueError(
            "--validate-every %d needs pairs to validate on; pass --mode train_with_val" % given
        )
    if given is not None:
        return given
    return save_every if validation else 0
