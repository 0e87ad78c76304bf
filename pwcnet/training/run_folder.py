"""Run folder: lock, options, checkpoint retention."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any, Callable, Iterator, Mapping

from pwcnet.io.atomic import write_text
from pwcnet.io.folder_lock import FolderLock
from pwcnet.io.partial_files import PARTIAL_PREFIX
from pwcnet.io.text_files import read_json_object
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.training.retention import Retention
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import (
    CHECKPOINT_NAME,
    LOCK_FILE,
    SCORES_FILE,
    list_checkpoints,
    plain_checkpoint,
    read_scores,
    remove_checkpoint,
)
from pwcnet.weights.saving import save_checkpoint

# What should be the same in options.json when a run is resumed.
_COMPARED = ("model", "training", "data", "mode", "masked")
# Training options by their names in run folders of version 0.1, and today's names of the same.
_RENAMED = {"start": "initializer", "workers": "readers"}
# Training options that run folders of version 0.1 do not have. By default they change nothing.
_ADDED = ("keep_range", "grow")


class RunFolder:
    """The folder of one training run, with its checkpoints `pwcnet.ckpt-<step>`.

    One run at a time uses a folder: a lock on it is held until `close`. Also a context manager.

    Args:
        path: The folder; it is created where it is missing.
        retention: Which checkpoints are kept; None for the defaults.
        leader: False for the workers that only read what the leader writes: they take no lock.
        on_save: Called with the prefix of each checkpoint that was written.

    Raises:
        OSError: The folder cannot be written, or another run is writing there.
    """

    def __init__(
        self,
        path: str,
        retention: Retention | None = None,
        leader: bool = True,
        on_save: Callable[[str], Any] | None = None,
    ) -> None:
        self.path = path
        self.best_folder = os.path.join(path, "best")  # apart: no later checkpoint removes these
        self.retention = retention or Retention()
        self._on_save = on_save
        self._lock: FolderLock | None = None
        if leader:
            self._lock = FolderLock(path, LOCK_FILE, "training run")
            self._remove_partial_files()

    def prefix(self, step: int) -> str:
        """Returns the prefix of the checkpoint of a step, whether it exists or not."""
        return os.path.join(self.path, "%s-%d" % (CHECKPOINT_NAME, step))

    def latest(self) -> str | None:
        """Returns the prefix of the checkpoint with the highest step, or None."""
        checkpoints = list_checkpoints(self.path)
        return checkpoints[max(checkpoints)] if checkpoints else None

    def latest_step(self) -> int:
        """Returns the step of the latest checkpoint, 0 where there is none.

        The checkpoint's global_step is lower where a dynamic loss scale skipped updates.
        """
        return max(list_checkpoints(self.path), default=0)

    def save(self, session: tf.Session, saver: tf.train.Saver, step: int) -> str:
        """Writes a checkpoint, then removes those that retention lets go.

        Returns:
            The prefix of the new checkpoint.
        """
        prefix = save_checkpoint(session, saver, self.path, step)
        if self._on_save:
            self._on_save(prefix)
        checkpoints = list_checkpoints(self.path)
        for old in self.retention.expired(checkpoints):
            if checkpoints[old] == self.prefix(old):  # checkpoints by other names are the user's
                remove_checkpoint(checkpoints[old])
        return prefix

    def validation_scores(self) -> dict[int, float]:
        """Returns the validation EPE of the run so far, in pixels, by step."""
        return read_scores(self.best_folder)

    def save_best(
        self, session: tf.Session, saver: tf.train.Saver, step: int, epe: float
    ) -> str | None:
        """Records a validation EPE; writes a checkpoint to best/ where it is among the best.

        Returns:
            The prefix of the checkpoint in best/, or None.
        """
        scores, saved = self.validation_scores(), list_checkpoints(self.best_folder)
        scores[step] = epe
        best = self.retention.best(
            {other: scores[other] for other in scores if other in saved or other == step}
        )
        prefix = save_checkpoint(session, saver, self.best_folder, step) if step in best else None
        os.makedirs(self.best_folder, exist_ok=True)
        write_text(self._scores_path, json.dumps(scores, indent=2) + "\n")
        for other, path in list_checkpoints(self.best_folder).items():
            if other not in best:
                remove_checkpoint(path)
        return prefix

    def restore(self, session: tf.Session, saver: tf.train.Saver) -> str:
        """Restores the latest checkpoint with its optimizer state and step.

        Returns:
            The prefix of the checkpoint.

        Raises:
            FileNotFoundError: There is no checkpoint.
            ValueError: The checkpoint does not fit the graph of this run.
        """
        prefix = self.latest()
        if prefix is None:
            raise FileNotFoundError("No checkpoint in the folder %s" % self.path)
        try:
            # This names the first variable that is wrong or unreadable; the saver does not.
            Checkpoint(prefix).restore(session, tf.trainable_variables())
            with plain_checkpoint(prefix) as plain:
                saver.restore(session, plain)
        except (tf.errors.OpError, ValueError) as error:
            raise ValueError(
                "%s does not fit the model and optimizer of this run (%s); resume with the options "
                "in %s" % (prefix, cause(error), self._options_path)
            )
        return prefix

    def write_options(self, options: Mapping[str, Any]) -> None:
        """Writes options.json beside the checkpoints."""
        write_text(self._options_path, json.dumps(options, indent=2, sort_keys=True) + "\n")

    def differences(self, options: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
        """Options that differ from the resumed run.

        Args:
            options: What `write_options` would write now.

        Returns:
            (value in options.json, value now) by dotted name, e.g. "training.loss"; empty where
            there is no options.json.

        Raises:
            ValueError: options.json is damaged.
        """
        if not os.path.exists(self._options_path):
            return {}
        saved = read_json_object(self._options_path)
        now = json.loads(json.dumps({name: options.get(name) for name in _COMPARED}))
        earlier = saved.get("training") or {}
        if not isinstance(earlier, dict):
            raise ValueError("%s does not hold the options of a run" % self._options_path)
        training = {_RENAMED.get(name, name): value for name, value in earlier.items()}
        for name in _ADDED:
            if name not in training and now["training"]:
                now["training"].pop(name, None)
        return dict(_differences(dict(saved, training=training), now))

    def close(self) -> None:
        """Lets other runs use the folder."""
        if self._lock:
            self._lock.release()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _options_path(self) -> str:
        return os.path.join(self.path, "options.json")

    @property
    def _scores_path(self) -> str:
        return os.path.join(self.best_folder, SCORES_FILE)

    def _remove_partial_files(self) -> None:
        """Removes what a killed run was writing; the lock says that no run is writing now."""
        for folder in (self.path, self.best_folder):
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                if name.startswith(PARTIAL_PREFIX):
                    path = os.path.join(folder, name)
                    shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def _differences(
    saved: Mapping[str, Any], now: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """(dotted name, (value in saved, value in now)) of the values that differ."""
    for name, value in now.items():
        before = saved.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            yield from _differences(before, value, prefix + name + ".")
        elif before != value:
            yield prefix + name, (before, value)
