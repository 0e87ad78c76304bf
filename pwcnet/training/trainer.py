"""The training loop."""

from __future__ import annotations

import logging
import resource
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Mapping

from tqdm import tqdm

from pwcnet.distributed.workers import Workers
from pwcnet.runtime.devices import session_config, target_of
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.options import TrainingOptions
from pwcnet.training.run_folder import RunFolder
from pwcnet.training.session import NotFiniteError, TrainingSession
from pwcnet.training.tensorboard import EventWriter
from pwcnet.training.validation import Validation

if TYPE_CHECKING:
    from pwcnet.data.input_pipeline import TrainingData
    from pwcnet.model.config import ModelConfig

log = logging.getLogger(__name__)


def train(
    data: TrainingData,
    config: ModelConfig,
    options: TrainingOptions,
    run_folder: RunFolder,
    pretrained: str | None = None,
    resume: bool = False,
    metadata: Mapping[str, Any] | None = None,
    validation: Validation | None = None,
    workers: Workers | None = None,
) -> str | None:
    """Trains until options.steps.

    Whatever stops the loop, a KeyboardInterrupt too, finite weights are saved before it is raised.

    Args:
        data: The samples to train on.
        config: The network.
        options: The run's options.
        run_folder: Where options, checkpoints and events are written.
        pretrained: A checkpoint to take the weights from, for a new run; None for random weights.
        resume: Whether to go on from the latest checkpoint in the folder, where there is one.
        metadata: What options.json holds besides model and options.
        validation: Runs every options.validate_every steps and after the last; None for none.
        workers: The processes that train together, None for this one alone. Their leader logs,
            validates and writes.

    Returns:
        The prefix of the last checkpoint; None for workers other than the leader.

    Raises:
        ValueError: The loss is not finite (step, samples and last good checkpoint are named), a
            sample cannot be read, or the folder holds a run already and resume is False.
        OSError: The folder cannot be written.
    """
    workers = workers or Workers(session_config(options.threads))
    latest, first_step = run_folder.latest(), run_folder.latest_step()
    if latest and not resume:
        raise ValueError(
            "%s holds a training run already, whose latest checkpoint is %s"
            % (run_folder.path, latest)
        )
    # The run may have been stopped after a checkpoint and before its validation.
    overdue = bool(
        validation
        and _validates(options, first_step)
        and first_step not in run_folder.validation_scores()
    )
    if first_step >= options.steps and not overdue:
        log.info("%s is complete: nothing to do", latest)
        return latest
    with tf.Graph().as_default():
        tf.set_random_seed(options.seed)
        with TrainingSession(data, config, options, run_folder, workers) as session:
            session.initialize(pretrained)
            if not workers.leader:
                for step in session.steps():
                    session.step(step)
                return None
            _write_options(session, metadata)
            with EventWriter(run_folder.path, first_step) as events:
                return _Loop(session, validation, events).run(overdue)


def _write_options(session: TrainingSession, metadata: Mapping[str, Any] | None) -> None:
    """Writes options.json, after whatever may refuse to start, and logs what differs from it."""
    written = dict(
        metadata or {},
        model=asdict(session.config),
        training=asdict(session.options),
        workers=session.workers.size,
    )
    if session.first_step:
        for name, (before, now) in session.run_folder.differences(written).items():
            log.warning("resuming with %s %s, where the run so far had %s", name, now, before)
    session.run_folder.write_options(written)


def _validates(options: TrainingOptions, step: int) -> bool:
    every = options.validate_every
    return bool(step and every and (step % every == 0 or step == options.steps))


class _Loop:
    """The leader's loop over the steps."""

    def __init__(
        self, session: TrainingSession, validation: Validation | None, events: EventWriter
    ) -> None:
        self.session, self.validation, self.events = session, validation, events
        self.options = session.options
        self.window = self._new_window()

    def run(self, validate_first: bool) -> str | None:
        """Trains until the end; returns the last checkpoint.

        Whatever stops it, the weights are saved first where they are finite.
        """
        try:
            if validate_first and self.validation:
                self._validate(self.session.first_step, self.validation)
            self._train()
        except KeyboardInterrupt:
            log.info("interrupted after step %d", self.session.save_unsaved())
            raise
        except NotFiniteError:
            raise
        except Exception:
            try:
                self.session.save_unsaved()
            except Exception as error:  # the first failure is the one to raise
                log.warning("could not save before leaving: %s", error)
            raise
        return self.session.last_checkpoint

    def _train(self) -> None:
        options, session = self.options, self.session
        with tqdm(
            total=options.steps,
            initial=session.first_step,
            unit="step",
            disable=None,
            dynamic_ncols=True,
        ) as bar:
            self.window = self._new_window()
            for step in session.steps():
                last = step == options.steps
                displayed = step % options.display == 0 or last
                self.window.add(session.step(step, displayed))
                bar.update(session.steps_per_run)
                if displayed:
                    bar.write("", end="")  # the bar makes room for the line
                    self._display(step)
                if step % options.save_every == 0 or last:
                    session.save(step)
                if self.validation and _validates(options, step):
                    self._validate(step, self.validation)
                    self.window.restart_clock()

    def _display(self, step: int) -> None:
        skipped = self.session.skipped_updates()
        line = self.window.line(step, self.options.steps)
        log.info("%s%s", line, " skipped=%d" % skipped if skipped else "")
        self.events.scalars(step, self.window.scalars())
        self.events.flush()
        self.window = self._new_window()

    def _validate(self, step: int, validation: Validation) -> None:
        """Logs the validation EPE of the step; keeps its weights where they are among the best."""
        session, started = self.session, time.time()
        result = validation.run(
            session.session,
            session.config,
            self.options.precision,
            target_of(session.workers.config),
            session.graph.average,
        )
        self.events.scalars(step, {"validation/epe": result.epe})
        self.events.images(
            step, {"validation/" + name: image for name, image in result.images.items()}
        )
        log.info(
            "validation: step=%d epe=%.4f pairs=%d seconds=%.1f",
            step,
            result.epe,
            len(result.pairs),
            time.time() - started,
        )
        session.save_best(step, result.epe)

    def _new_window(self) -> _Window:
        workers = self.session.workers.size
        return _Window(self.options.batch_size * workers, self.session.steps_per_run)


class _Window:
    """Means over the steps since the last line, and the values of the last step."""

    def __init__(self, batch_size: int, steps_per_run: int = 1) -> None:
        self.batch_size, self.steps_per_run = batch_size, steps_per_run
        self.losses: list[float] = []
        self.errors: list[float] = []
        self.last: Mapping[str, float] = {}
        self.restart_clock()

    def restart_clock(self) -> None:
        """Leaves the time so far, of a validation, out of the speed."""
        self.started = time.time()

    def add(self, values: Mapping[str, float]) -> None:
        """Adds what TrainingSession.step returned."""
        self.losses.append(values["loss"])
        self.errors.append(values["epe"])
        self.last = values

    def scalars(self) -> dict[str, float]:
        """Value by tag for the event file."""
        return dict(
            self.last,
            loss=sum(self.losses) / len(self.losses),
            epe=sum(self.errors) / len(self.errors),
            samples_per_second=self.batch_size / self._seconds(),
            memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )

    def line(self, step: int, steps: int) -> str:
        """The line of the log: means of loss and EPE, learning rate, speed, time that is left."""
        values, seconds = self.scalars(), self._seconds()
        return "step=%d/%d loss=%.6f epe=%.4f lr=%.4g samples/sec=%.3f sec/step=%.4f eta=%s" % (
            step,
            steps,
            values["loss"],
            values["epe"],
            values["learning_rate"],
            self.batch_size / seconds,
            seconds,
            tqdm.format_interval(seconds * (steps - step)),
        )

    def _seconds(self) -> float:
        """Seconds per step."""
        return max(time.time() - self.started, 1e-9) / (len(self.losses) * self.steps_per_run)
