"""The workers of `pwcnet extract`, and the engine that runs them."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from pwcnet.archive.options import ExtractOptions
from pwcnet.jobs.engines import open_engine
from pwcnet.jobs.resources import Resources
from pwcnet.runtime.memory import SHARE, free_memory


@dataclass(frozen=True)
class OpenExtractor:
    """Opens the network in a worker.

    Attributes:
        args: Of the command.
        options: What is computed.
        memory: GB that a prediction may take; None for the worker's own share.
    """

    args: Namespace
    options: ExtractOptions
    memory: float | None

    def __call__(self) -> Any:
        """The `Extractor`; imports TensorFlow unless the method is a classical one."""
        from pwcnet.archive.extractor import Extractor
        from pwcnet.cli.prediction_options import open_predictor
        from pwcnet.flow.classical import ClassicalFlow

        args = Namespace(**dict(vars(self.args), memory=self.memory))
        predictor: Any = (
            ClassicalFlow(self.options.classical)
            if self.options.classical
            else open_predictor(args, self.options.weights or "")
        )
        return Extractor(args.output or os.curdir, self.options, predictor, args.batch_size)


def open_engine_for(args: Namespace, options: ExtractOptions) -> Any:
    """The engine of --engine, --workers and --threads.

    Raises:
        ValueError: It is not installed, or does not run here.
    """
    local, workers = args.engine == "local", args.workers or 1
    resources = Resources(threads=args.threads)
    threads, memory = args.threads, args.memory
    if local:
        threads = resources.threads_of(workers)
    if local and workers > 1 and memory is None and not options.classical:
        free = free_memory()
        memory = None if free is None else SHARE * free / workers / 1e9
    output = os.path.abspath(args.output or os.curdir)
    absolute = Namespace(**dict(vars(args), output=output, threads=threads))
    start = OpenExtractor(absolute, options, memory)
    if local:
        return open_engine(args.engine, start, workers, resources)
    return open_engine(args.engine, start, args.workers, resources, address=args.address)
