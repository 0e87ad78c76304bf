"""Training on scenes that are rendered on the device, within a budget of seconds or steps."""

from __future__ import annotations

import copy
import math
import time

import torch

from scripts.gpu_training.bank import AHEAD, Bank
from scripts.gpu_training.gradients import Gradients, choose_way, profile, seconds
from scripts.gpu_training.layers import Layers
from scripts.gpu_training.options import TrainingOptions
from scripts.gpu_training.pool import Pool
from scripts.gpu_training.run_folder import RunFolder, read_state, state_errors, write_state
from scripts.gpu_training.validation import held_back_scenes, real_pairs, validate
from scripts.gpu_training.variables import level_of
from scripts.gpu_training.weights import start_network
from scripts.gpu_training.worlds import Worlds

SOURCES = Worlds, Layers  # rendered in turn
SCENE_SEED, POOL_SEED = 17, 1  # added to the run's seed
AVERAGE_START = 20.0  # steps after which the average begins to lag behind
FIRST_LOGGED = 20  # step


class Trainer:
    """One call of a run: prepares everything, then trains.

    Args:
        options: of the run.

    Raises:
        ValueError: for files and options that do not go together.
        FileNotFoundError: a file of weights, photographs or real pairs is missing.
        OSError: the output folder cannot be written.
    """

    def __init__(self, options: TrainingOptions):
        self.options, self._began = options, time.time()
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if options.threads:
            torch.set_num_threads(options.threads)
        torch.manual_seed(options.seed)
        # Homographies are matrix products, which lose pixels in TF32.
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True
        torch.backends.cudnn.benchmark = True
        state = read_state(options)
        self._folder = RunFolder(options, continues=state is not None)
        self._log = self._folder.log
        self._step, self._used = 0, 0.0
        self._make_network(state)
        self._held = real_pairs(options.validate, self._device) if options.validate else {}
        self._bank = Bank(
            self._device,
            options.textures,
            options.seed,
            options.photos,
            begin=state and state["bank"],
            ahead=AHEAD if options.exchange else 0,
        )
        try:
            self._prepare(state)
        except BaseException:
            self._bank.close()
            raise

    def run(self) -> list[str]:
        """Trains to the end of the schedule, or until it is to stop; the weights' paths.

        Ctrl-C saves first.

        Raises:
            ValueError: the loss is not finite.
            OSError: a file cannot be written.
        """
        try:
            self._train()
        except KeyboardInterrupt:
            self._save()
            raise
        finally:
            self._bank.close()
        self._log("end: step %d, %.0f s used | %s" % (self._step, self._used, self._errors()))
        return self._save()

    def _make_network(self, state):
        options = self.options
        network = start_network(options.large, options.start).to(self._device)
        if self._device.type == "cuda":
            network = network.to(memory_format=torch.channels_last)
        self._network, self._average = network, copy.deepcopy(network)
        if state:
            with state_errors(options):
                network.load_state_dict(state["network"])
                self._average.load_state_dict(state["average"])
                self._step, self._used = int(state["step"]), float(state["used"])
        for name, value in network.weights.items():
            value.requires_grad_(not options.levels or level_of(name) in options.levels)
        self._trained = [value for value in network.parameters() if value.requires_grad]

    def _prepare(self, state):
        """Held-back pairs, the way to compute a step, the optimizer, the pool."""
        options = self.options
        self._log(
            "%s; %d photographs, %d textures after %.0f s"
            % (self._device_name(), self._bank.photographs, options.textures, self._elapsed())
        )
        self._held = dict(held_back_scenes(self._bank, options.held_back), **self._held)
        self._log("start: " + self._errors())
        sources = self._sources()
        self._gradients = self._fastest_gradients()
        if options.profile:
            self._profile(sources)
        self._optimizer = torch.optim.AdamW(
            self._trained,
            lr=options.learning_rate,
            weight_decay=options.weight_decay,
            fused=self._device.type == "cuda",
        )
        self._pool = Pool(
            sources,
            options.pool,
            options.render,
            options.echo,
            self._bank,
            options.exchange,
            options.seed + POOL_SEED,
        )
        if state:
            with state_errors(options):
                self._optimizer.load_state_dict(state["optimizer"])
                self._pool.load_state(state["pool"])
        self._pool.fill()
        self._log("%d pairs in the pool after %.0f s" % (options.pool, self._elapsed()))

    def _sources(self):
        options = self.options
        return [
            kind(options.scenes(), self._bank, options.seed + SCENE_SEED + index)
            for index, kind in enumerate(SOURCES)
        ]

    def _fastest_gradients(self):
        options, on_gpu = self.options, self._device.type == "cuda"

        def make():
            return Gradients(
                self._network,
                options.batch_size,
                options.size,
                options.matching_levels if options.matching else (),
                on_gpu and not options.eager,
            )

        choose_way(self._network, options.ways(), on_gpu, make, self._log)
        return make()

    def _profile(self, sources):
        for source in sources:
            took = seconds(lambda source=source: source.batch(self.options.render), 3)
            name = type(source).__name__
            self._log("%s: %.0f ms for %d" % (name, 1000 * took, self.options.render))
        profile(self._gradients, self._log)
        profile(lambda: [source.batch(self.options.render) for source in sources], self._log)

    def _train(self):
        begin = time.time() - self._used
        began_at, shown, shown_step = self._step, time.time(), self._step
        while True:
            self._used = time.time() - begin
            if self._ends(self._step - began_at):
                return
            loss = self._take_step()
            if time.time() - shown > self.options.log_every or self._step == FIRST_LOGGED:
                pairs = (self._step - shown_step) * self.options.batch_size
                self._report(loss.item(), pairs / (time.time() - shown))
                self._folder.write(self._average, self._step)
                shown, shown_step = time.time(), self._step

    def _ends(self, steps):
        """Whether the schedule is over, or this call is to stop after `steps` of its steps."""
        options = self.options
        passed = steps if options.steps else self._elapsed()
        return options.share(self._step, self._used) >= 1 or passed >= options.stop_after

    def _take_step(self):
        options, gradients = self.options, self._gradients
        share = options.share(self._step, self._used)
        for group in self._optimizer.param_groups:
            group["lr"] = options.rate(self._step, share)
        gradients.robust.fill_(float(share > options.robust_after))
        gradients.matching.fill_(options.matching_weight(share))
        self._pool.draw(gradients.pairs, gradients.flow)
        loss = gradients()
        torch.nn.utils.clip_grad_norm_(self._trained, options.clip_norm, foreach=True)
        self._optimizer.step()
        decay = min(options.average_decay, self._step / (self._step + AVERAGE_START))
        with torch.no_grad():
            averages, values = self._average.parameters(), self._network.parameters()
            torch._foreach_lerp_(list(averages), list(values), 1 - decay)
        self._step += 1
        return loss

    def _report(self, loss, speed):
        rate = self._optimizer.param_groups[0]["lr"]
        counts = self._step, self._used, speed, self._pool.rendered, self._bank.exchanged
        self._log(
            "step %d, %.0f s used, %.0f pairs/s, %d rendered, %d textures and outlines exchanged, "
            "lr %.1e, loss %.3f | %s" % (*counts, rate, loss, self._errors())
        )
        if not math.isfinite(loss):
            raise ValueError("The loss is not finite at step %d" % self._step)

    def _errors(self):
        return "EPE " + validate(self._average, self._held)

    def _elapsed(self):
        """Seconds of this call."""
        return time.time() - self._began

    def _device_name(self):
        return torch.cuda.get_device_name() if self._device.type == "cuda" else "CPU"

    def _save(self):
        paths = self._folder.write(self._average, self._step)
        if self.options.state:
            state = {
                "network": self._network.state_dict(),
                "average": self._average.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "pool": self._pool.state(),
                "bank": self._bank.state(),
                "step": self._step,
                "used": self._used,
            }
            write_state(self.options, state)
        return paths
