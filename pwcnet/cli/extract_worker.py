"""The workers of `pwcnet extract`, and the engine that runs them."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from pwcnet.archive.options import ExtractOptions
from pwcnet.cli.engine import open_engine_for
from pwcnet.cli.prediction_options import open_method


@dataclass(frozen=True)
class OpenExtractor:
    """Opens the network in a worker.

    Attributes:
        args: Of the command, with the threads and the memory of one worker.
        options: What is computed.
    """

    args: Namespace
    options: ExtractOptions

    def __call__(self) -> Any:
        """The `Extractor`; imports TensorFlow unless the method is a classical one."""
        from pwcnet.archive.extractor import Extractor

        # What is recorded, wherever the worker runs.
        args = Namespace(**dict(vars(self.args), quality=self.options.quality))
        predictor = open_method(args, self.options.weights or "")
        return Extractor(args.output or os.curdir, self.options, predictor, args.batch_size)


def open_extractors(args: Namespace, options: ExtractOptions) -> Any:
    """The engine of --engine, --workers and --threads, whose workers are `Extractor`s.

    Raises:
        ValueError: It is not installed, or does not run here.
    """
    output = os.path.abspath(args.output or os.curdir)
    absolute = Namespace(**dict(vars(args), output=output))
    return open_engine_for(absolute, lambda shared: OpenExtractor(shared, options))
