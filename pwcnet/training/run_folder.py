"""The folder of a training run: its lock, its options, its checkpoints and which of them stay."""

import fcntl
import json
import math
import os
import shutil

from pwcnet.io.atomic import PARTIAL_PREFIX, write_text
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.weights.checkpoint import (
    NAME,
    Checkpoint,
    find_checkpoint,
    list_checkpoints,
    remove_checkpoint,
    save_checkpoint,
)

COMPARED = (
    "model.",
    "training.",
    "data",
    "mode",
    "masked",
)  # of what is in options.json, what should be the same when a run is resumed


class Keeper:
    """Saves `pwcnet.ckpt-<step>` into a folder that no other run uses at the same time.

    keep: how many of the latest stay. keep_every: those at its multiples stay for good; 0 for none. keep_best: how many of the best by validation EPE stay, in
    the folder `best` inside. leader: False for the workers that only read what the leader's keeper writes.
    on_save: called with the prefix of each checkpoint that was written.
    Raises OSError when the folder cannot be written, or another run holds it.
    """

    def __init__(self, folder, keep, keep_every, keep_best=1, leader=True, on_save=None):
        self.folder, self.keep, self.keep_every, self.keep_best, self._lock, self._on_save = (
            folder,
            keep,
            keep_every,
            keep_best,
            None,
            on_save,
        )
        if leader:
            self._take()

    def _take(self):
        """Locks the folder and cleans it."""
        folder = self.folder
        os.makedirs(folder, exist_ok=True)
        self._lock = open(os.path.join(folder, ".lock"), "w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise OSError(
                "expected %s to be free, but another training run is writing there; choose another --save_path or stop that run"
                % folder
            )

        for place in (folder, self.best_folder):
            for name in (
                os.listdir(place) if os.path.isdir(place) else ()
            ):  # what a killed run was writing; the lock says that nobody is now
                if name.startswith(PARTIAL_PREFIX):
                    path = os.path.join(place, name)
                    shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def prefix(self, step):
        """What the checkpoint of a step is called."""
        return os.path.join(self.folder, "%s-%d" % (NAME, step))

    def latest(self):
        """Prefix of the checkpoint with the highest step, or None."""
        return find_checkpoint(self.folder) if list_checkpoints(self.folder) else None

    def latest_step(self):
        """The step of the latest checkpoint, 0 where there is none. Its global_step is lower where a dynamic loss scale skipped updates."""
        return max(list_checkpoints(self.folder), default=0)

    def save(self, session, saver, step):
        """Writes a checkpoint, then removes those that need not stay. Returns its prefix."""
        prefix = save_checkpoint(session, saver, self.folder, step)
        if self._on_save:
            self._on_save(prefix)
        steps = sorted(list_checkpoints(self.folder).items())
        for old, path in steps[: -self.keep]:
            if path == self.prefix(old) and not (
                self.keep_every and old % self.keep_every == 0
            ):  # others' checkpoints are not ours to remove
                remove_checkpoint(path)
        return prefix

    @property
    def best_folder(self):
        """Where the best checkpoints are, so that no latest one removes them."""
        return os.path.join(self.folder, "best")

    def validated(self):
        """{step: validation EPE} of the run so far."""
        if not os.path.exists(self._best_path):
            return {}
        with open(self._best_path) as stream:
            return {int(step): epe for step, epe in json.load(stream).items()}

    def save_best(self, session, saver, step, epe):
        """Notes the EPE, and saves the weights of the step where they are among the best; returns the prefix, or None where they are not."""
        validated, there = self.validated(), list_checkpoints(self.best_folder)
        validated[step] = epe
        best = {
            other: value for other, value in validated.items() if other in there or other == step
        }
        kept = sorted(
            best, key=lambda other: (math.inf if math.isnan(best[other]) else best[other], other)
        )[: self.keep_best]
        prefix = save_checkpoint(session, saver, self.best_folder, step) if step in kept else None
        os.makedirs(self.best_folder, exist_ok=True)
        write_text(self._best_path, json.dumps(validated, indent=2) + "\n")
        for other, path in list_checkpoints(self.best_folder).items():
            if other not in kept:
                remove_checkpoint(path)
        return prefix

    @property
    def _best_path(self):
        return os.path.join(self.best_folder, "best.json")

    def restore(self, session, saver):
        """Restores the latest checkpoint with its optimizer state and step. Raises ValueError where it does not fit this run's graph."""
        prefix = self.latest()
        try:
            Checkpoint(prefix).restore(
                session, tf.trainable_variables()
            )  # names the first variable that is wrong or unreadable
            saver.restore(session, prefix)
        except (tf.errors.OpError, ValueError) as error:
            raise ValueError(
                "expected to resume from %s, but it does not fit (%s); resume with the options in options.json, or start from it with --pretrained"
                % (prefix, cause(error))
            )
        return prefix

    @property
    def _options_path(self):
        return os.path.join(self.folder, "options.json")

    def write_options(self, options):
        """Writes options.json beside the checkpoints."""
        write_text(self._options_path, json.dumps(options, indent=2, sort_keys=True) + "\n")

    def differences(self, options):
        """What the run so far was told that is not in these options: {name: (then, now)}; empty where there is no options.json."""
        if not os.path.exists(self._options_path):
            return {}
        with open(self._options_path) as stream:
            then, now = (
                _flat(each) for each in (json.load(stream), json.loads(json.dumps(options)))
            )
        return {
            name: (then.get(name), value)
            for name, value in now.items()
            if name.startswith(COMPARED) and then.get(name) != value
        }

    def close(self):
        """Lets other runs use the folder."""
        if self._lock:
            self._lock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _flat(options, prefix=""):
    """{"training.loss": …} of nested dicts."""
    flat = {}
    for name, value in options.items():
        flat.update(
            _flat(value, prefix + name + ".") if isinstance(value, dict) else {prefix + name: value}
        )
    return flat
