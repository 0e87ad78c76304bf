"""The training loop."""
import logging
import math
import time
from collections import namedtuple
from dataclasses import asdict

from tqdm import tqdm

from pwcnet.checkpoint import Checkpoint
from pwcnet.runtime import cause, tf
from pwcnet.runtime.sessions import session_config
from pwcnet.training.graph import training_graph

log = logging.getLogger(__name__)

Start = namedtuple("Start", "pretrained resume")          # path of a checkpoint or None; whether to go on from the latest in the run's folder


def train(data, config, options, keeper, start=Start(None, False), about=None):
    """Trains until options.steps; returns the prefix of the last checkpoint.

    data: pwcnet.data.pipeline.TrainingData. config: ModelConfig. options: TrainingOptions. keeper: pwcnet.training.keeper.Keeper of the run's folder.
    about: what options.json beside the checkpoints holds besides model and options. Whatever stops the loop, a KeyboardInterrupt too, finite weights are saved
    before it is raised. Raises ValueError when the loss is not finite (the step, the samples and the last good checkpoint are named), when a sample cannot be
    read or the folder already holds another run; OSError when it cannot be written.
    """
    resumed = keeper.latest()
    if resumed and not start.resume:
        raise ValueError("expected a new folder, got %s, which holds %s; continue it with --resume, or choose another --save_path" % (keeper.folder, resumed))
    first = Checkpoint(resumed).step if resumed else 0
    if first >= options.steps:
        log.info("%s is complete: nothing to do", resumed)
        return resumed
    about = dict(about or {}, model=asdict(config), training=asdict(options))
    with tf.Graph().as_default():
        tf.set_random_seed(options.seed)
        run = _Run(data, config, options, keeper, first)
        with tf.Session(config=session_config(options.threads)) as session:
            run.initialize(session, start.pretrained)
            for name, (then, now) in keeper.differences(about).items() if resumed else ():
                log.warning("resuming with %s %s, where the run so far had %s", name, now, then)
            keeper.write_options(about)         # after whatever may refuse to start
            return run.loop(session)


class _Run:
    """One session's training: the graph, and the loop over it."""

    def __init__(self, data, config, options, keeper, first):
        self.data, self.options, self.keeper, self.first = data, options, keeper, first
        self.batch, self.start_data = data.batches(options.batch_size, first, options.steps, options.workers)
        self.graph = training_graph(self.batch.pair, self.batch.truth, self.batch.valid, config, options)
        self.finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(variable)) for variable in tf.trainable_variables()])
        self.saver = tf.train.Saver(tf.global_variables(), max_to_keep=None)
        self.last_good = keeper.latest()

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
        session.run(self.start_data)            # apart from the variables' initializers, as the NPU wants it

    def loop(self, session):
        """Steps until the end. Whatever stops it, the weights are saved first where they are finite."""
        options = self.options
        try:
            with tqdm(total=options.steps, initial=self.first, unit="step", disable=None, dynamic_ncols=True) as bar:
                window = _Window(options.batch_size)
                for step in range(self.first + 1, options.steps + 1):
                    loss, epe, rate = self._step(session, step)
                    window.add(loss, epe)
                    bar.update()
                    if step % options.display == 0 or step == options.steps:
                        bar.write("", end="")               # the bar makes room for the line
                        log.info("%s", window.line(step, options.steps, rate))
                        window = _Window(options.batch_size)
                    if step % options.save_every == 0 or step == options.steps:
                        self._save(session, step)
        except KeyboardInterrupt:
            log.info("interrupted after step %d; continue with --resume", self._save_what_is_good(session))
            raise
        except _NotFinite:
            raise
        except Exception:
            try:
                self._save_what_is_good(session)
            except Exception as error:              # the first failure is the one to tell of
                log.warning("could not save before leaving: %s", error)
            raise
        return self.last_good

    def _save_what_is_good(self, session):
        """Saves the step that the weights are of, unless they are saved or spoiled already; returns it."""
        step = int(session.run(self.graph.global_step))
        if step > self.first and self.last_good != self.keeper.prefix(step) and session.run(self.finite):
            self._save(session, step)
        return step

    def _step(self, session, step):
        graph = self.graph
        try:
            loss, epe, rate, numbers, _ = session.run([graph.loss, graph.epe, graph.rate, self.batch.numbers, graph.train_op])
        except tf.errors.OpError as error:
            if self.data.failures:
                raise self.data.failures[-1]
            raise ValueError("step %d failed: %s" % (step, cause(error)))
        if not math.isfinite(loss):
            raise _NotFinite("expected a finite loss, got %s at step %d with samples %s; last good checkpoint: %s; try a lower learning rate" % (
                loss, step, ", ".join(self.data.sample(n).id for n in numbers), self.last_good or "none"))
        return loss, epe, rate

    def _save(self, session, step):
        if not session.run(self.finite):
            raise _NotFinite("expected finite weights, got others at step %d; last good checkpoint: %s; try a lower learning rate" % (
                step, self.last_good or "none"))
        self.last_good = self.keeper.save(session, self.saver, step)
        log.info("saved %s", self.last_good)


class _NotFinite(ValueError):
    """Loss or weights that are no numbers any more: nothing is worth saving."""


class _Window:
    """Means over the steps since the last line."""

    def __init__(self, batch_size):
        self.batch_size, self.losses, self.errors, self.began = batch_size, [], [], time.time()

    def add(self, loss, epe):
        self.losses.append(float(loss))
        self.errors.append(float(epe))

    def line(self, step, steps, rate):
        """What is logged: the means of loss and EPE, the learning rate and the speed."""
        count = len(self.losses)
        seconds = max(time.time() - self.began, 1e-9) / count
        return "step=%d/%d loss=%.6f epe=%.4f lr=%.4g samples/sec=%.3f sec/step=%.4f eta=%s" % (
            step, steps, sum(self.losses) / count, sum(self.errors) / count, rate, self.batch_size / seconds, seconds,
            tqdm.format_interval(seconds * (steps - step)))
