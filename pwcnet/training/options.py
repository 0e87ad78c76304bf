"""What a training run is told: one frozen object, checked where it is made, written beside the checkpoints."""

from dataclasses import dataclass, field
from typing import Optional, Tuple, Union

from pwcnet._checks import require
from pwcnet.data.augment.affine import AffineOptions
from pwcnet.data.augment.augmentation import AugmentOptions
from pwcnet.data.augment.eraser import EraserOptions
from pwcnet.data.augment.photometric import PhotometricOptions
from pwcnet.runtime.choices import PRECISIONS
from pwcnet.training.choices import (
    DEFAULT_OPTIMIZERS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    WEIGHT_DECAY,
)


@dataclass(frozen=True)
class TrainingOptions:
    """steps, display, save_every, keep_every, validate_every count steps; crop is (height, width) in pixels; batch_size is that of one process.

    optimizer: None takes the loss's own. keep: how many of the latest checkpoints stay; those at multiples of keep_every stay for good (0: none).
    validate_every: 0 is never. keep_best: how many of the best by validation EPE stay, apart from the latest.
    augment: None trains on plain crops. clip_norm: largest norm of all gradients together, None is any. weight_decay: gamma; its biases: whether it pulls them
    too. precision: the type that features are computed in (pwcnet.runtime.devices); variables stay float32. loss_scale: the factor by which the loss is
    enlarged for the gradients alone, "dynamic" to look for the largest that works, None for none. threads: CPU threads for TensorFlow, 0 for all cores.
    workers: parallel readers of samples, 0 for one a core.
    start: of pwcnet.training.initializers.INITIALIZERS, for runs without pretrained weights. matching: the factor of pwcnet.training.matching_loss's loss at the first step, from
    which it falls to zero at half of all steps; 0 is none. average_decay: of the moving average of the weights, which validation and best checkpoints then use;
    0 is none.
    """

    steps: int
    batch_size: int = 4
    crop: Tuple[int, int] = (384, 768)
    loss: str = "robust"
    optimizer: Optional[str] = None
    schedule: str = "multisteps"
    learning_rate: Optional[float] = None
    clip_norm: Optional[float] = None
    weight_decay: float = WEIGHT_DECAY
    weight_decay_biases: bool = True
    start: str = "published"
    matching: float = 0.0
    average_decay: float = 0.0
    precision: str = "float32"
    loss_scale: Union[None, float, str] = None
    augment: Optional[AugmentOptions] = field(default_factory=AugmentOptions)
    seed: int = 1969
    display: int = 1000
    save_every: int = 1000
    keep: int = 5
    keep_every: int = 8000
    validate_every: int = 0
    keep_best: int = 1
    threads: int = 0
    workers: int = 0

    def __post_init__(self):
        for name in ("steps", "batch_size", "display", "save_every", "keep", "keep_best"):
            require(getattr(self, name) >= 1, "%s of at least 1" % name, getattr(self, name))
        for name in (
            "keep_every",
            "validate_every",
            "threads",
            "workers",
            "seed",
            "weight_decay",
            "matching",
        ):
            require(getattr(self, name) >= 0, "%s of at least 0" % name, getattr(self, name))
        require(self.seed < 2**32, "a seed below 2^32", self.seed)
        require(
            len(self.crop) == 2
            and min(self.crop) >= 64
            and not self.crop[0] % 64
            and not self.crop[1] % 64,
            "a crop of height and width in multiples of 64",
            self.crop,
        )
        require(self.loss in LOSSES, "a loss of %s" % ", ".join(sorted(LOSSES)), self.loss)
        require(
            self.optimizer is None or self.optimizer in OPTIMIZERS,
            "an optimizer of %s" % ", ".join(sorted(OPTIMIZERS)),
            self.optimizer,
        )
        require(
            self.schedule in SCHEDULES, "a schedule of %s" % ", ".join(SCHEDULES), self.schedule
        )
        require(self.start in INITIALIZERS, "a start of %s" % ", ".join(INITIALIZERS), self.start)
        require(
            0 <= self.average_decay < 1,
            "an average_decay of at least 0 and below 1",
            self.average_decay,
        )
        require(self.clip_norm is None or self.clip_norm > 0, "a clip_norm above 0", self.clip_norm)
        require(
            self.precision in PRECISIONS,
            "a precision of %s" % ", ".join(PRECISIONS),
            self.precision,
        )
        require(
            self.loss_scale in (None, "dynamic")
            or (not isinstance(self.loss_scale, str) and self.loss_scale > 0),
            "a loss_scale above 0, or dynamic",
            self.loss_scale,
        )
        require(
            self.schedule not in ("constant", "cosine") or self.learning_rate,
            "a learning rate for the %s schedule" % self.schedule,
            self.learning_rate,
        )

    @property
    def optimizer_name(self):
        name = self.optimizer or DEFAULT_OPTIMIZERS[self.loss]
        return "adam-float16" if name == "adam" and self.precision == "float16" else name


def training_options(values):
    """TrainingOptions of values as JSON has them: crop a list, augment a dict of AugmentOptions' values or None, and so its parts; {} is one with the defaults.

    Takes back what `dataclasses.asdict` and JSON made of TrainingOptions. Raises ValueError as TrainingOptions does, TypeError for unknown names.
    """
    values = dict(values)
    if "crop" in values:
        values["crop"] = tuple(values["crop"])
    if values.get("augment") is not None:
        parts = {
            "affine": AffineOptions,
            "photometric": PhotometricOptions,
            "eraser": EraserOptions,
        }
        values["augment"] = AugmentOptions(
            **{
                name: parts[name](**value) if name in parts and value is not None else value
                for name, value in values["augment"].items()
            }
        )
    return TrainingOptions(**values)
