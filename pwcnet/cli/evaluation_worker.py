"""The workers of `pwcnet evaluate --workers`, and the results that they give."""

from __future__ import annotations

import os
import signal
from argparse import Namespace
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Iterable, Iterator, Sequence

from pwcnet.cli.engine import open_engine_for, stopping
from pwcnet.cli.evaluation_options import evaluate_pairs, pair_bar, save_result
from pwcnet.cli.options import device_config, session_text
from pwcnet.cli.prediction_options import open_method
from pwcnet.evaluation.results import Settings
from pwcnet.evaluation.sample_tasks import Paths, SampleScorer, SampleTask, evaluate_tasks
from pwcnet.evaluation.scoring import Result


def uses_workers(args: Namespace) -> bool:
    """Whether the pairs are evaluated by other processes."""
    return args.workers is not None or args.engine != "local"


@dataclass(frozen=True)
class OpenScorer:
    """Opens the network, or a method of OpenCV, in a worker.

    Attributes:
        args: Of the command, with the threads and the memory of one worker.
        weights: Their path; "" with --classical.
        session: `session_text` of the driver, which the evaluation records.
        masked: Leave out the pixels that the data set marks invalid.
        folder: In which relative paths are meant.
    """

    args: Namespace
    weights: str
    session: str
    masked: bool
    folder: str

    def __call__(self) -> SampleScorer:
        """The function of tasks; imports TensorFlow unless the method is a classical one.

        Raises:
            ValueError: This machine has another device than the driver.
        """
        with suppress(OSError):  # absent on another machine, where absolute paths may do
            os.chdir(self.folder)
        config = None if self.args.classical else device_config(self.args)
        if session_text(config) != self.session:
            raise ValueError(
                "a worker on %s computes on another device than this machine; --device cpu "
                "computes on the CPU everywhere" % os.uname().nodename
            )
        predictor = open_method(self.args, self.weights, config)
        return SampleScorer(predictor, self.masked, save_result)


@contextmanager
def open_results(
    args: Namespace,
    settings: Settings,
    samples: Sequence[Any],
    masked: bool,
    predictor: Any,
    done: int = 0,
    paths: Sequence[Paths] = (),
) -> Iterator[Iterable[Result]]:
    """The results of the samples, in their order, with a progress bar; by workers or here.

    Workers write the files of the flow themselves; their results are without it.

    Args:
        args: The options.
        settings: The settings of the evaluation.
        samples: Of pwcnet.data.sample.Sample.
        masked: Leave out the pixels that the data set marks invalid.
        predictor: Has `flow(frame1, frame2)`; workers open their own.
        done: Number of pairs that were evaluated before, for the bar.
        paths: Of the files of each sample's flow and colors, None for what is not saved; without
            any, no file is written.

    Raises:
        KeyboardInterrupt: Ctrl-C has ended the results of workers early.
        SystemExit: SIGTERM has.
    """
    if not samples or not uses_workers(args):
        yield evaluate_pairs(predictor, samples, masked, done)
        return
    tasks = [
        SampleTask(number, sample, paths[number] if paths else (None, None))
        for number, sample in enumerate(samples)
    ]
    start_with = partial(
        OpenScorer,
        weights="" if args.classical else str(settings.weights["path"]),
        session=settings.session,
        masked=masked,
        folder=os.getcwd(),
    )
    with open_engine_for(args, start_with) as engine, stopping(engine, "pairs") as signals:
        yield pair_bar(evaluate_tasks(engine.map, tasks), len(samples), done)
    if signals:
        raise KeyboardInterrupt if signals[0] == signal.SIGINT else SystemExit(128 + signals[0])
