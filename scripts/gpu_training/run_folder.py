"""The files of a run: weights, log, and the state that a later call goes on from."""

from __future__ import annotations

import glob
import os

import torch

from pwcnet.io.atomic import atomic_path, check_output_folder
from pwcnet.io.damage import damage_as_value_error
from scripts.gpu_training.network import PWCNet
from scripts.gpu_training.options import TrainingOptions
from scripts.gpu_training.weights import write_weights

MEGABYTE = 1e6


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
        found = glob.glob(os.path.join(glob.escape(self._path), "weights*.npz"))
        if found and not continues and not options.overwrite:
            raise FileExistsError("%s exists already" % sorted(found)[0])
        check_output_folder(self._path)
        os.makedirs(self._path, exist_ok=True)

    def log(self, text: str) -> None:
        """Prints a line, and appends it to log.txt."""
        print(text, flush=True)
        with open(os.path.join(self._path, "log.txt"), "a") as stream:
            stream.write(text + "\n")

    def write(self, network: PWCNet, step: int) -> list[str]:
        """Writes weights; returns their paths."""
        return write_weights(network, self._path, step, self._part_bytes)


def read_state(options: TrainingOptions) -> dict | None:
    """The state that the run goes on from; None where there is none yet.

    Raises:
        ValueError: the file is damaged, or of a run with other options.
    """
    path = options.state
    if not path or not os.path.exists(path):
        return None
    try:
        with damage_as_value_error():
            state = torch.load(path, map_location="cpu", weights_only=True)
    except ValueError as error:
        raise ValueError("%s is no state of a run (%s)" % (path, error)) from error
    options.check_continued(state["options"], path)
    return state


def write_state(options: TrainingOptions, state: dict) -> None:
    """Writes the state of a run with these options, completely or not at all."""
    with atomic_path(options.state) as temporary:
        torch.save(dict(state, options=options.continued()), temporary)
