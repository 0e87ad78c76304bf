"""The options of a training run, and its schedule."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.model.config import LEVELS

WARM_UP = 200  # steps
LAST_RATE = 0.005  # share of the learning rate at the end
LARGEST_SEED = 2**32 - 1
MATCHING_END = 0.5  # share of the schedule at which the matching loss has faded out
# The options that a run that goes on must share with its beginning.
CONTINUED = ("large", "size", "textures", "pool", "render", "echo", "seed", "steps", "levels")


@dataclass(frozen=True)
class TrainingOptions:
    """What `train.py run` is asked for; its --help explains each.

    Raises:
        ValueError: for values that do not go together.
    """

    output: str
    start: tuple[str, ...] = ()
    large: bool = False
    photos: str | None = None
    validate: str | None = None
    held_back: int = 32
    state: str | None = None
    overwrite: bool = False
    part_size: float = math.inf  # MB
    budget: float = 720.0  # seconds; without effect where there are steps
    steps: int = 0
    stop_after: float = math.inf
    size: tuple[int, int] = (320, 576)
    median_motion: float = 8.0
    largest_motion: float = 200.0
    textures: int = 512
    exchange: int = 8
    pool: int = 1024
    render: int = 16
    echo: float = 3.0
    batch_size: int = 16
    learning_rate: float = 3e-4
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    average_decay: float = 0.999
    robust_after: float = 0.75
    matching: float = 0.0
    matching_levels: tuple[int, ...] = (2, 3, 4)
    levels: tuple[int, ...] = ()
    channel_multiple: tuple[int, ...] = ()
    costs: tuple[str, ...] = ()
    dilated: tuple[str, ...] = ()
    eager: bool = False
    profile: bool = False
    log_every: float = 60.0
    threads: int = 0
    seed: int = 0

    def __post_init__(self):
        for level in (*self.matching_levels, *self.levels):
            if level not in LEVELS:
                raise ValueError("expected levels of 2 to 6, got %d" % level)
        if self.matching and not self.matching_levels:
            raise ValueError("expected levels for the matching loss, got none")
        if self.stop_after < math.inf and not self.state:
            raise ValueError("a run that stops early needs a file of its state to go on from")
        if self.render > self.pool:
            raise ValueError(
                "expected a pool of at least %d pairs, which are rendered at once, got %d"
                % (self.render, self.pool)
            )
        if self.seed > LARGEST_SEED:
            raise ValueError("expected a seed of at most %d, got %d" % (LARGEST_SEED, self.seed))
        self.scenes()

    def scenes(self) -> SceneOptions:
        """The options of the scenes to train on."""
        return SceneOptions(
            height=self.size[0],
            width=self.size[1],
            median_motion=self.median_motion,
            largest_motion=self.largest_motion,
        )

    def continued(self) -> dict:
        """What the file of a state holds of them."""
        return {name: asdict(self)[name] for name in CONTINUED}

    def check_continued(self, stored: dict) -> None:
        """Raises ValueError for what the state of a run with other options holds of them."""
        for name, value in self.continued().items():
            found = stored.get(name, getattr(TrainingOptions, name))
            if found != value:
                raise ValueError(
                    "it began with %s %s, not %s" % (name.replace("_", " "), found, value)
                )

    def ways(self) -> dict[str, tuple]:
        """{attribute of PWCNet: the values asked for}, of ways to compute the same."""
        return {name: getattr(self, name) for name in ("channel_multiple", "costs", "dilated")}

    def share(self, step: int, used: float) -> float:
        """How much of the schedule is over, 0..1, after `step` steps in `used` seconds."""
        return step / self.steps if self.steps else used / self.budget

    def rate(self, step: int, share: float) -> float:
        """The learning rate of a step: it rises for 200 steps and falls by a cosine."""
        cosine = 0.5 * (1 + math.cos(math.pi * share))
        warm = min(1.0, (step + 1) / WARM_UP)
        return self.learning_rate * warm * (LAST_RATE + (1 - LAST_RATE) * cosine)

    def matching_weight(self, share: float) -> float:
        """The weight of the matching loss, which fades out by half of the schedule."""
        return self.matching * max(0.0, 1 - share / MATCHING_END)
