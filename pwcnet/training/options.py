"""What a training run is told: one frozen object, checked where it is made, written beside the checkpoints."""
from dataclasses import dataclass, field
from typing import Optional, Tuple

from pwcnet.data.augment import AugmentOptions
from pwcnet.training.losses import LOSSES
from pwcnet.training.optimizers import DEFAULTS, OPTIMIZERS
from pwcnet.training.schedules import SCHEDULES


@dataclass(frozen=True)
class TrainingOptions:
    """steps, display, save_every, keep_every count steps; crop is (height, width) in pixels.

    optimizer: None takes the loss's own. keep: how many of the latest checkpoints stay; those at multiples of keep_every stay for good (0: none).
    augment: None trains on plain crops. threads: CPU threads for TensorFlow, 0 for all cores. workers: parallel readers of samples, 0 for one a core.
    """
    steps: int
    batch_size: int = 4
    crop: Tuple[int, int] = (384, 768)
    loss: str = "robust"
    optimizer: Optional[str] = None
    schedule: str = "multisteps"
    learning_rate: Optional[float] = None
    augment: Optional[AugmentOptions] = field(default_factory=AugmentOptions)
    seed: int = 1969
    display: int = 1000
    save_every: int = 1000
    keep: int = 5
    keep_every: int = 8000
    threads: int = 0
    workers: int = 0

    def __post_init__(self):
        for name in ("steps", "batch_size", "display", "save_every", "keep"):
            _check(getattr(self, name) >= 1, "%s of at least 1" % name, getattr(self, name))
        for name in ("keep_every", "threads", "workers", "seed"):
            _check(getattr(self, name) >= 0, "%s of at least 0" % name, getattr(self, name))
        _check(self.seed < 2 ** 32, "a seed below 2^32", self.seed)
        _check(len(self.crop) == 2 and min(self.crop) >= 64 and not self.crop[0] % 64 and not self.crop[1] % 64,
               "a crop of height and width in multiples of 64", self.crop)
        _check(self.loss in LOSSES, "a loss of %s" % ", ".join(sorted(LOSSES)), self.loss)
        _check(self.optimizer is None or self.optimizer in OPTIMIZERS, "an optimizer of %s" % ", ".join(sorted(OPTIMIZERS)), self.optimizer)
        _check(self.schedule in SCHEDULES, "a schedule of %s" % ", ".join(SCHEDULES), self.schedule)
        _check(self.schedule != "constant" or self.learning_rate, "a learning rate for the constant schedule", self.learning_rate)

    @property
    def optimizer_name(self):
        return self.optimizer or DEFAULTS[self.loss]


def _check(condition, expected, got):
    if not condition:
        raise ValueError("expected %s, got %r" % (expected, got))
