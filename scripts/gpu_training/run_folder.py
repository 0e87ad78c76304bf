"""The files of a run: weights, log, and the state that a later call goes on from."""

from __future__ import annotations

import glob
import os
import re
from contextlib import contextmanager
from typing import Iterator

import torch

from pwcnet.io.atomic import atomic_path, check_output_file, check_output_folder
from pwcnet.io.damage import damage_as_value_error
from scripts.gpu_training.network import PWCNet
from scripts.gpu_training.options import TrainingOptions
from scripts.gpu_training.weights import write_weights

MEGABYTE = 1e6
WEIGHTS = re.compile(r"weights(-\d+)?\.npz$")
# What the file of a state holds.
STATE = {"network", "average", "optimizer", "pool", "bank", "step", "used", "options"}


class StateError(ValueError):
    """A file holds no state that the run could go on from."""


class RunFolder:
    """Where a run writes.

    Args:
        options: of the run.
        continues: whether it goes on from a state; its weights may be replaced then.

    Raises:
        FileExistsError: the folder holds weights already.
        OSError: it cannot be written.
    """

    def __init__(self, options: TrainingOptions, continues: bool):
        self._path, self._part_bytes = options.output, options.part_size * MEGABYTE
        found = self._found()
        if found and not continues and not options.overwrite:
            raise FileExistsError("%s exists already" % found[0])
        check_output_folder(self._path)

    def log(self, text: str) -> None:
        """Prints a line, and appends it to log.txt; the first one makes the folder."""
        print(text, flush=True)
        os.makedirs(self._path, exist_ok=True)
        with open(os.path.join(self._path, "log.txt"), "a") as stream:
            stream.write(text + "\n")

    def write(self, network: PWCNet, step: int) -> list[str]:
        """Writes weights, which replace those in the folder; returns their paths."""
        paths = write_weights(network, self._path, step, self._part_bytes)
        for path in set(self._found()) - set(paths):  # parts of other sizes
            os.remove(path)
        return paths

    def _found(self):
        """Paths of weights in the folder, sorted."""
        paths = glob.glob(os.path.join(glob.escape(self._path), "weights*.npz"))
        return sorted(path for path in paths if WEIGHTS.match(os.path.basename(path)))


def read_state(options: TrainingOptions) -> dict | None:
    """The state that the run goes on from; None where there is none yet.

    Raises:
        StateError: the file is damaged, or of a run with other options.
        OSError: it cannot be read or written.
    """
    path = options.state
    if not path:
        return None
    check_output_file(path)
    if not os.path.exists(path):
        return None
    try:
        with damage_as_value_error():
            state = torch.load(path, map_location="cpu", weights_only=True)
    except ValueError as error:
        raise StateError("%s is no state of a run (%s)" % (path, error)) from error
    if not isinstance(state, dict) or STATE - set(state):
        raise StateError("%s is no state of a run" % path)
    with state_errors(options):
        options.check_continued(state["options"])
    return state


@contextmanager
def state_errors(options: TrainingOptions) -> Iterator[None]:
    """Whatever the block raises is a StateError that names the file."""
    try:
        with damage_as_value_error():
            yield
    except ValueError as error:
        raise StateError("%s is no state of this run: %s" % (options.state, error)) from error


def write_state(options: TrainingOptions, state: dict) -> None:
    """Writes the state of a run with these options, completely or not at all."""
    with atomic_path(options.state) as temporary:
        torch.save(dict(state, options=options.continued()), temporary)
