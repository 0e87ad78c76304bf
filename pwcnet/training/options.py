"""Options of a training run, checked where they are created and written beside the checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

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
from pwcnet.training.retention import Retention


@dataclass(frozen=True)
class TrainingOptions:
    """Options of a training run.

    Attributes:
        steps: Optimizer steps of the whole run.
        batch_size: Samples per step of one process.
        crop: (height, width) of the training crops in pixels, multiples of 64.
        loss: A name in choices.LOSSES.
        optimizer: A name in choices.OPTIMIZERS; None for the loss's default.
        schedule: A name in choices.SCHEDULES, of the learning rate.
        learning_rate: The rate of the schedule "constant", the highest of "cosine".
        clip_norm: The largest norm of all gradients together; None for no clipping.
        weight_decay: The factor gamma of the regularizer.
        weight_decay_biases: Whether the regularizer covers biases too.
        initializer: A name in choices.INITIALIZERS, for runs without pretrained weights.
        grow: Whether pretrained weights of a smaller variant grow into the run's network, which
            begins by computing the same.
        matching: The factor of the matching loss at the first step; it falls to zero at half of
            all steps. 0 for no matching loss.
        average_decay: The decay of the moving average of the weights, which validation and best
            checkpoints then use; 0 for no average.
        precision: A name in pwcnet.runtime.choices.PRECISIONS, of the features; variables stay
            float32.
        loss_scale: The factor by which the loss is enlarged for the gradients alone; "dynamic" for
            the largest that works, None for none.
        augment: None to train on random crops alone.
        seed: Seed of initial weights, order of the samples and augmentation.
        display: Steps between log lines.
        save_every: Steps between checkpoints.
        keep: See pwcnet.training.retention.Retention, as for keep_every, keep_range and keep_best.
        validate_every: Steps between validations; 0 for none.
        threads: CPU threads of TensorFlow; 0 for all cores.
        readers: Threads that read and augment samples; 0 for one per core.

    Raises:
        ValueError: A value does not fit.
    """

    steps: int
    batch_size: int = 4
    crop: tuple[int, int] = (384, 768)
    loss: str = "robust"
    optimizer: str | None = None
    schedule: str = "multisteps"
    learning_rate: float | None = None
    clip_norm: float | None = None
    weight_decay: float = WEIGHT_DECAY
    weight_decay_biases: bool = True
    initializer: str = "published"
    grow: bool = False
    matching: float = 0.0
    average_decay: float = 0.0
    precision: str = "float32"
    loss_scale: float | str | None = None
    augment: AugmentOptions | None = field(default_factory=AugmentOptions)
    seed: int = 1969
    display: int = 1000
    save_every: int = 1000
    keep: int = Retention.keep
    keep_every: int = Retention.keep_every
    keep_range: tuple[int, int, int] | None = None
    validate_every: int = 0
    keep_best: int = Retention.keep_best
    threads: int = 0
    readers: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "display", "save_every"):
            require(getattr(self, name) >= 1, "%s of at least 1" % name, getattr(self, name))
        for name in ("validate_every", "threads", "readers", "seed", "weight_decay", "matching"):
            require(getattr(self, name) >= 0, "%s of at least 0" % name, getattr(self, name))
        for name, choices in (
            ("loss", LOSSES),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("initializer", INITIALIZERS),
            ("precision", PRECISIONS),
        ):
            value = getattr(self, name)
            allowed = value in choices or (name == "optimizer" and value is None)
            require(allowed, "%s of %s" % (name, ", ".join(choices)), value)
        self._check_numbers()
        Retention(self.keep, self.keep_every, self.keep_range, self.keep_best)  # checks them

    def _check_numbers(self) -> None:
        require(self.seed < 2**32, "a seed below 2^32", self.seed)
        require(
            len(self.crop) == 2 and min(self.crop) >= 64 and not any(n % 64 for n in self.crop),
            "a crop of height and width in multiples of 64",
            self.crop,
        )
        require(
            0 <= self.average_decay < 1,
            "an average_decay of at least 0 and below 1",
            self.average_decay,
        )
        require(self.clip_norm is None or self.clip_norm > 0, "a clip_norm above 0", self.clip_norm)
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
    def optimizer_name(self) -> str:
        """The name in choices.OPTIMIZERS of the optimizer that the run uses."""
        name = self.optimizer or DEFAULT_OPTIMIZERS[self.loss]
        return "adam-float16" if name == "adam" and self.precision == "float16" else name

    @property
    def retention(self) -> Retention:
        """Which checkpoints of the run are kept."""
        return Retention(self.keep, self.keep_every, self.keep_range, self.keep_best)


def training_options(values: Mapping[str, Any]) -> TrainingOptions:
    """Returns the TrainingOptions of values as JSON has them.

    Args:
        values: By name; those that are absent have the defaults. crop and keep_range may be lists;
            augment is a dict of the values of AugmentOptions, or None. What `dataclasses.asdict`
            and JSON make of TrainingOptions comes back equal.

    Raises:
        ValueError: A value does not fit.
        TypeError: There is no option of a name.
    """
    values = dict(values)
    for name in ("crop", "keep_range"):
        if values.get(name) is not None:
            values[name] = tuple(values[name])
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
