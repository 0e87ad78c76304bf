"""The session of a training run: graph, initial values, steps, checkpoints."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from pwcnet.ascend.session import loop_on_device, steps_per_run
from pwcnet.distributed.workers import Workers
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.training.initial_weights import RANDOM_START, FlatStartWatch, load_weights
from pwcnet.training.initializers import coarse_to_fine
from pwcnet.training.options import TrainingOptions
from pwcnet.training.run_folder import RunFolder
from pwcnet.training.step import averages_saver, start_of_averages, training_graph
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import ranked_steps

if TYPE_CHECKING:
    from pwcnet.data.input_pipeline import TrainingData
    from pwcnet.model.config import ModelConfig

log = logging.getLogger(__name__)


class NotFiniteError(ValueError):
    """The loss or the weights are not finite: there is nothing worth saving."""


class TrainingSession:
    """A TensorFlow session on the graph of a training run. A context manager that closes it.

    Builds the input pipeline, the network and its update in the current graph.

    Args:
        data: The samples.
        config: The network.
        options: The run's options.
        run_folder: Where checkpoints are, and where the run goes on from its latest.
        workers: The processes that train together.

    Attributes:
        session: The tf.Session.
        graph: The TrainingGraph.
        first_step: The step of the checkpoint that the run goes on from, 0 for a new run.
        last_step: The last step that was completed.
        last_checkpoint: The prefix of the last checkpoint that was written, or None.
        steps_per_run: Training steps of one run of the session: more than one on an NPU that loops.

    Raises:
        ValueError: The numbers of steps in options are no multiples of steps_per_run.
    """

    _watch: FlatStartWatch | None = None  # of a start from random weights, while it is watched

    def __init__(
        self,
        data: TrainingData,
        config: ModelConfig,
        options: TrainingOptions,
        run_folder: RunFolder,
        workers: Workers,
    ) -> None:
        self.config, self.options, self.run_folder, self.workers = (
            config,
            options,
            run_folder,
            workers,
        )
        self.first_step = self.last_step = run_folder.latest_step()
        self.last_checkpoint = run_folder.latest()
        self.steps_per_run = steps_per_run(workers.config)
        check_step_counts(options, self.steps_per_run, self.first_step)
        self._data, self._shard = data, (workers.rank, workers.size)
        self._build()
        self.session = workers.session()

    def _build(self) -> None:
        """Builds the graph. The order of its ops counts: TensorFlow's seeds follow from it."""
        options, workers = self.options, self.workers
        self._batch, self._start_data = self._data.batches(
            options.batch_size,
            self.first_step,
            options.steps,
            options.readers,
            self._shard,
        )
        self.graph = training_graph(
            self._batch.pair,
            self._batch.flow,
            self._batch.valid,
            self.config,
            options,
            workers=workers,
        )
        self._train_op = self.graph.train_op
        variables = tf.trainable_variables()
        self._finite = tf.reduce_all(
            [tf.reduce_all(tf.math.is_finite(variable)) for variable in variables]
        )
        self._saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
        self._best_saver = averages_saver(self.graph) if self.graph.average else self._saver
        self._initializer = (
            coarse_to_fine(variables) if options.initializer == "coarse_to_fine" else None
        )
        self._start_averages = start_of_averages(self.graph) if self.graph.average else ()
        self._synchronize = self.workers.broadcast(tf.global_variables())

    def initialize(self, pretrained: str | None) -> None:
        """Gives all variables their values, the same on every worker.

        They are those of the run's latest checkpoint where there is one. Otherwise the weights are
        the pretrained ones or random, and step and optimizer start from scratch.

        Args:
            pretrained: A checkpoint as pwcnet.weights.checkpoint.Checkpoint takes it, or None.
        """
        session = self.session
        session.run(tf.global_variables_initializer())
        if self.first_step:
            log.info("resuming from %s", self.run_folder.restore(session, self._saver))
        elif pretrained:
            load_weights(session, Checkpoint(pretrained), self.options.grow)
        else:
            self._start_from_random()
        if not self.first_step:
            session.run(self._start_averages)
        # Not together with the variables' initializers: on an NPU the variables would become zero.
        session.run(self._start_data)
        session.run(self._synchronize)
        self._train_op = loop_on_device(session, self.graph.train_op, self.steps_per_run)

    def _start_from_random(self) -> None:
        log.info("no pretrained weights: training from scratch")
        if self._initializer is not None:
            self.session.run(self._initializer)
        if self._initializer is None or not self.options.matching:
            log.info(
                "from random weights, training may stay at zero flow for tens of thousands of "
                "steps; the start that works here is %s",
                RANDOM_START,
            )
        self._watch = FlatStartWatch()

    def steps(self) -> range:
        """Returns the number of the last step of each run of the session that is to come."""
        first = self.first_step + self.steps_per_run
        return range(first, self.options.steps + 1, self.steps_per_run)

    def step(self, number: int, detailed: bool = False) -> dict[str, float]:
        """Runs the training step of this number; with a loop on the device, all up to it.

        Args:
            number: One of `steps`, in their order.
            detailed: Whether the losses of the levels and the norm of the gradients are wanted too.

        Returns:
            Value by TensorBoard tag: loss, epe, learning_rate; detailed also loss/level6 ...
            loss/level2 and gradient_norm.

        Raises:
            NotFiniteError: The loss is not finite.
            ValueError: The step failed, or a sample cannot be read, which is named.
        """
        graph = self.graph
        wanted = {"loss": graph.loss, "epe": graph.epe, "learning_rate": graph.rate}
        if self._watch:
            wanted["zero_epe"] = graph.zero_epe
        if detailed:
            wanted.update(
                {"loss/level%d" % level: loss for level, loss in graph.level_losses.items()},
                gradient_norm=graph.gradient_norm,
            )
        try:
            values, sample_numbers, _ = self.session.run(
                [wanted, self._batch.numbers, self._train_op]
            )
        except tf.errors.OpError as error:
            raise self._data.failure(
                number - self.steps_per_run + 1, number, self.options.batch_size, self._shard
            ) or ValueError("Step %d failed: %s" % (number, cause(error)))
        if not math.isfinite(values["loss"]):
            samples = ", ".join(self._data.sample(n).id for n in sample_numbers)
            self._raise_not_finite(
                "The loss is %s at step %d with samples %s" % (values["loss"], number, samples)
            )
        self.last_step = number
        if self._watch:
            self._watch.add(number, float(values["epe"]), float(values.pop("zero_epe")))
            self._watch = None if self._watch.done else self._watch
        return {tag: float(value) for tag, value in values.items()}

    def skipped_updates(self) -> int:
        """Returns how many steps so far left the weights as they were, by a dynamic loss scale."""
        return self.last_step - int(self.session.run(self.graph.global_step))

    def save(self, step: int) -> None:
        """Writes the checkpoint of a step.

        Raises:
            NotFiniteError: The weights are not finite; nothing is written.
        """
        if not self.weights_are_finite():
            self._raise_not_finite("The weights are not finite at step %d" % step)
        self.last_checkpoint = self.run_folder.save(self.session, self._saver, step)
        log.info("saved %s", self.last_checkpoint)

    def save_best(self, step: int, epe: float) -> None:
        """Records a validation EPE and keeps the weights where they are among the best so far."""
        best = self.weights_are_finite() and self.run_folder.save_best(
            self.session, self._best_saver, step, epe
        )
        if best:
            rank = 1 + ranked_steps(self.run_folder.validation_scores()).index(step)
            rank_text = "the best so far" if rank == 1 else "number %d of the best so far" % rank
            log.info("saved %s, %s", best, rank_text)

    def save_unsaved(self) -> int:
        """Saves the weights of the last step, unless they are saved already or not finite.

        Returns:
            That step.
        """
        # global_step counts a step that was interrupted late, but none that was skipped.
        step = max(self.last_step, int(self.session.run(self.graph.global_step)))
        unsaved = step > self.first_step and self.last_checkpoint != self.run_folder.prefix(step)
        if unsaved and self.weights_are_finite():
            self.save(step)
        return step

    def weights_are_finite(self) -> bool:
        """Returns whether no weight is NaN or infinite."""
        return bool(self.session.run(self._finite))

    def close(self) -> None:
        """Closes the session: on an NPU this releases the device."""
        self.session.close()

    def __enter__(self) -> TrainingSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _raise_not_finite(self, text: str) -> None:
        raise NotFiniteError(
            "%s; last good checkpoint: %s; try a lower learning rate"
            % (text, self.last_checkpoint or "none")
        )


def check_step_counts(options: TrainingOptions, steps_per_run: int, first_step: int = 0) -> None:
    """Checks that every event falls on the end of a run of the session.

    Args:
        options: The run's options.
        steps_per_run: Training steps of one run of the session.
        first_step: The step that the run goes on from.

    Raises:
        ValueError: A number of steps is no multiple of steps_per_run, and which.
    """
    counts = [("steps", options.steps - first_step)] + [
        (name, getattr(options, name)) for name in ("display", "save_every", "validate_every")
    ]
    for name, count in counts:
        if count % steps_per_run:
            raise ValueError(
                "expected %s in multiples of iterations_per_loop, %d, got %d"
                % (name, steps_per_run, count)
            )
