"""The training loop."""

import logging
import math
import resource
import time
from collections import namedtuple
from dataclasses import asdict

from tqdm import tqdm

from pwcnet.ascend.session import looped, steps_of_a_run
from pwcnet.distributed.workers import Workers
from pwcnet.runtime.devices import session_config, target_of
from pwcnet.runtime.tensorflow import cause, tf
from pwcnet.training.initializers import coarse_to_fine
from pwcnet.training.step import training_graph
from pwcnet.training.tensorboard import Summaries
from pwcnet.weights.checkpoint import Checkpoint

log = logging.getLogger(__name__)

Start = namedtuple(
    "Start", "pretrained resume"
)  # path of a checkpoint or None; whether to go on from the latest in the run's folder


def train(
    data,
    config,
    options,
    keeper,
    start=Start(None, False),
    about=None,
    validation=None,
    workers=None,
):
    """Trains until options.steps; returns the prefix of the last checkpoint.

    data: pwcnet.data.input_pipeline.TrainingData. config: ModelConfig. options: TrainingOptions. keeper: pwcnet.training.run_folder.Keeper of the run's folder.
    about: what options.json beside the checkpoints holds besides model and options. validation: pwcnet.training.validation.Validation for every
    options.validate_every steps, or None. workers: pwcnet.distributed.engines.Workers, None for this process alone; their leader logs, validates and writes.
    Whatever stops the loop, a KeyboardInterrupt too, finite weights are saved before it is raised. Raises ValueError when the loss is not finite (the step, the
    samples and the last good checkpoint are named), when a sample cannot be read or the folder already holds another run; OSError when it cannot be written.
    """
    workers = workers or Workers(session_config(options.threads))
    resumed = keeper.latest()
    if resumed and not start.resume:
        raise ValueError(
            "expected a new folder, got %s, which holds %s; continue it with --resume, or choose another --save_path"
            % (keeper.folder, resumed)
        )
    first = keeper.latest_step()
    missed = (
        resumed and validation and _validates(options, first) and first not in keeper.validated()
    )  # it was stopped before it was validated
    if first >= options.steps and not missed:
        log.info("%s is complete: nothing to do", resumed)
        return resumed
    about = dict(about or {}, model=asdict(config), training=asdict(options), workers=workers.size)
    with tf.Graph().as_default():
        tf.set_random_seed(options.seed)
        run = _Run(data, config, options, keeper, first, validation, workers, missed)
        with workers.session() as session:
            run.initialize(session, start.pretrained)
            if not workers.leader:
                return run.follow(session)
            for name, (then, now) in keeper.differences(about).items() if resumed else ():
                log.warning("resuming with %s %s, where the run so far had %s", name, now, then)
            keeper.write_options(about)  # after whatever may refuse to start
            with Summaries(keeper.folder, first) as summaries:
                return run.lead(session, summaries)


class _Run:
    """One session's training: the graph, and the loop over it."""

    def __init__(self, data, config, options, keeper, first, validation, workers, missed=False):
        self.data, self.config, self.options, self.keeper, self.first, self.validation = (
            data,
            config,
            options,
            keeper,
            first,
            validation,
        )
        self.workers, self.joint_batch, self.missed, self.done = (
            workers,
            options.batch_size * workers.size,
            missed,
            first,
        )
        self.batch, self.start_data = data.batches(
            options.batch_size, first, options.steps, options.workers, (workers.rank, workers.size)
        )
        self.graph = training_graph(
            self.batch.pair, self.batch.truth, self.batch.valid, config, options, workers=workers
        )
        self.finite = tf.reduce_all(
            [tf.reduce_all(tf.math.is_finite(variable)) for variable in tf.trainable_variables()]
        )
        self.saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
        self.best_saver = self.saver if self.graph.average is None else averages_saver(self.graph)
        self.start = (
            coarse_to_fine(tf.trainable_variables()) if options.start == "coarse_to_fine" else None
        )
        self.start_averages = start_of_averages(self.graph) if self.graph.average else ()
        self.synchronize = workers.broadcast(tf.global_variables())
        self.last_good = keeper.latest()
        self.train_op, self.at_once = self.graph.train_op, steps_of_a_run(workers.config)
        check_loop(options, self.at_once, self.first)

    def _runs(self):
        """The number of the last step of each run of the session."""
        return range(self.first + self.at_once, self.options.steps + 1, self.at_once)

    def initialize(self, session, pretrained):
        """Initial values, the run's latest checkpoint, or the pretrained weights (step and optimizer then start afresh)."""
        session.run(tf.global_variables_initializer())
        if self.first:
            log.info("resuming from %s", self.keeper.restore(session, self.saver))
        elif pretrained:
            Checkpoint(pretrained).restore(session, tf.trainable_variables())
            log.info("weights from %s", pretrained)
        else:
            log.info("no pretrained weights: starting from random ones")
            if self.start:
                session.run(self.start)
        if not self.first:
            session.run(self.start_averages)
        session.run(self.start_data)  # apart from the variables' initializers, as the NPU wants it
        session.run(self.synchronize)
        self.train_op = looped(session, self.graph.train_op, self.at_once)

    def follow(self, session):
        """Steps until the end, beside the leader's; returns None."""
        for step in self._runs():
            self._step(session, step)

    def lead(self, session, summaries):
        """Steps until the end. Whatever stops it, the weights are saved first where they are finite."""
        options = self.options
        try:
            if self.missed:
                self._validate(session, self.first, summaries)
            with tqdm(
                total=options.steps,
                initial=self.first,
                unit="step",
                disable=None,
                dynamic_ncols=True,
            ) as bar:
                window = _Window(self.joint_batch, self.at_once)
                for step in self._runs():
                    last = step == options.steps
                    shown = step % options.display == 0 or last
                    window.add(self._step(session, step, shown))
                    self.done = step
                    bar.update(self.at_once)
                    if shown:
                        bar.write("", end="")  # the bar makes room for the line
                        skipped = step - int(session.run(self.graph.global_step))
                        log.info(
                            "%s%s",
                            window.line(step, options.steps),
                            " skipped=%d" % skipped if skipped else "",
                        )
                        summaries.scalars(step, window.scalars())
                        summaries.flush()
                        window = _Window(self.joint_batch, self.at_once)
                    if step % options.save_every == 0 or last:
                        self._save(session, step)
                    if self.validation and _validates(options, step):
                        self._validate(session, step, summaries)
                        window.began = time.time()
        except KeyboardInterrupt:
            log.info(
                "interrupted after step %d; continue with --resume",
                self._save_what_is_good(session),
            )
            raise
        except _NotFinite:
            raise
        except Exception:
            try:
                self._save_what_is_good(session)
            except Exception as error:  # the first failure is the one to tell of
                log.warning("could not save before leaving: %s", error)
            raise
        return self.last_good

    def _save_what_is_good(self, session):
        """Saves the step that the weights are of, unless they are saved or spoiled already; returns it."""
        step = max(
            self.done, int(session.run(self.graph.global_step))
        )  # the latter counts a step that was interrupted late, but none that was skipped
        if (
            step > self.first
            and self.last_good != self.keeper.prefix(step)
            and session.run(self.finite)
        ):
            self._save(session, step)
        return step

    def _step(self, session, step, detailed=False):
        """{tag: value} of the step; `detailed`: with the losses of the levels and the norm of the gradients."""
        graph = self.graph
        wanted = {"loss": graph.loss, "epe": graph.epe, "learning_rate": graph.rate}
        if detailed:
            wanted.update(
                {"loss/level%d" % level: loss for level, loss in graph.level_losses.items()},
                gradient_norm=graph.gradient_norm,
            )
        try:
            values, numbers, _ = session.run([wanted, self.batch.numbers, self.train_op])
        except tf.errors.OpError as error:
            if self.data.failures:
                raise self.data.failures[-1]
            raise ValueError("step %d failed: %s" % (step, cause(error)))
        if not math.isfinite(values["loss"]):
            raise _NotFinite(
                "expected a finite loss, got %s at step %d with samples %s; last good checkpoint: %s; try a lower learning rate"
                % (
                    values["loss"],
                    step,
                    ", ".join(self.data.sample(n).id for n in numbers),
                    self.last_good or "none",
                )
            )
        return {tag: float(value) for tag, value in values.items()}

    def _save(self, session, step):
        if not session.run(self.finite):
            raise _NotFinite(
                "expected finite weights, got others at step %d; last good checkpoint: %s; try a lower learning rate"
                % (step, self.last_good or "none")
            )
        self.last_good = self.keeper.save(session, self.saver, step)
        log.info("saved %s", self.last_good)

    def _validate(self, session, step, summaries):
        """Logs the validation EPE of the step and keeps its weights apart where they are the best so far."""
        began = time.time()
        validated = self.validation.run(
            session,
            self.config,
            self.options.precision,
            target_of(self.workers.config),
            self.graph.average,
        )
        summaries.scalars(step, {"validation/epe": validated.epe})
        summaries.pictures(
            step, {"validation/" + what: image for what, image in validated.pictures.items()}
        )
        log.info(
            "validation: step=%d epe=%.4f pairs=%d seconds=%.1f",
            step,
            validated.epe,
            len(validated.pairs),
            time.time() - began,
        )
        best = session.run(self.finite) and self.keeper.save_best(
            session, self.best_saver, step, validated.epe
        )
        if best:
            log.info("saved %s, the best so far" % best)


def _validates(options, step):
    return bool(
        step
        and options.validate_every
        and (step % options.validate_every == 0 or step == options.steps)
    )


def start_of_averages(graph):
    """The op that starts the averages at the weights as they are, in the place of the random ones of the variables' initializers."""
    return tf.group(
        *[tf.assign(graph.average.average(variable), variable) for _, variable in graph.gradients]
    )


def averages_saver(graph):
    """A Saver of the averaged weights under the names of the network's own, so that any reader takes them. graph: a TrainingGraph with an average."""
    named = {variable.op.name: graph.average.average(variable) for _, variable in graph.gradients}
    return tf.train.Saver(dict(named, global_step=graph.global_step), max_to_keep=None)


class _NotFinite(ValueError):
    """Loss or weights that are no numbers any more: nothing is worth saving."""


class _Window:
    """Means over the steps since the last line, and what is as of the last step."""

    def __init__(self, batch_size, at_once=1):
        self.batch_size, self.at_once, self.steps, self.last, self.began = (
            batch_size,
            at_once,
            [],
            {},
            time.time(),
        )

    def add(self, values):
        self.steps.append((values["loss"], values["epe"]))
        self.last = values

    def scalars(self):
        """{tag: value} for the event file."""
        loss, epe = (sum(values) / len(self.steps) for values in zip(*self.steps))
        return dict(
            self.last,
            loss=loss,
            epe=epe,
            samples_per_second=self.batch_size / self._seconds(),
            memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )

    def line(self, step, steps):
        """What is logged: the means of loss and EPE, the learning rate and the speed."""
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

    def _seconds(self):
        return max(time.time() - self.began, 1e-9) / (len(self.steps) * self.at_once)


def check_loop(options, at_once, first=0):
    """Raises ValueError where steps, from the number `first` on, or the steps between two events, are no multiple of those of one run of the session."""
    counts = [("steps", options.steps - first)] + [
        (name, getattr(options, name)) for name in ("display", "save_every", "validate_every")
    ]
    for name, count in counts:
        if count % at_once:
            raise ValueError(
                "expected %s in multiples of iterations_per_loop, %d, got %d; try another count"
                % (name, at_once, count)
            )
