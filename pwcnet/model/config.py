"""Which PWC-Net: the two published variants and the combinations of their halves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

PYRAMID_CHANNELS = (16, 32, 64, 96, 128, 196)  # levels 1 to 6
LEVELS = (6, 5, 4, 3, 2)  # coarse to fine; flow is predicted at each of them
TOP_LEVEL, FLOW_LEVEL = LEVELS[0], LEVELS[-1]
SEARCH_RANGE = 4  # displacements -4..4 on each axis, 81 costs
ESTIMATOR_CHANNELS = (128, 128, 96, 64, 32)
CONTEXT_LAYERS = (
    (128, 1),
    (128, 2),
    (128, 4),
    (96, 8),
    (64, 16),
    (32, 1),
    (2, 1),
)  # (channels, dilation)
LEAKY_SLOPE = 0.1
SIZE_MULTIPLE = 2**TOP_LEVEL  # height and width of the network's input are multiples of 64
TARGETS = ("host", "ascend")  # machines whose operations a graph may be written in
WARP_SCALE = 20.0  # up_flow * WARP_SCALE / 2^level is in pixels of the level

_NAMES = {
    (True, True): "lg-6-2",
    (False, False): "sm-6-2",
    (True, False): "dense-6-2",
    (False, True): "context-6-2",
}
_ALIASES = {"large": "lg-6-2", "lg": "lg-6-2", "small": "sm-6-2", "sm": "sm-6-2"}


@dataclass(frozen=True)
class ModelConfig:
    """The choices that differ between published checkpoints.

    Everything else is fixed by the constants above.

    Attributes:
        dense: Each estimator layer sees the outputs of all before it (large), or only the last
            one's (small).
        context_everywhere: The context network refines every level (large), or level 2 only
            (small).

    Raises:
        ValueError: A choice is neither True nor False.
    """

    dense: bool = True
    context_everywhere: bool = True

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, bool):
                raise ValueError("%s is True or False, not %r" % (field.name, value))

    @classmethod
    def large(cls) -> ModelConfig:
        """`lg-6-2`: 14,079,050 parameters in 182 variables."""
        return cls(dense=True, context_everywhere=True)

    @classmethod
    def small(cls) -> ModelConfig:
        """`sm-6-2`: 4,705,064 parameters in 126 variables."""
        return cls(dense=False, context_everywhere=False)

    @property
    def name(self) -> str:
        """The variant's short name.

        tfoptflow's lg-6-2 or sm-6-2 (6 pyramid levels, flow predicted down to level 2); dense-6-2
        and context-6-2 have one half of lg-6-2.
        """
        return _NAMES[self.dense, self.context_everywhere]

    @classmethod
    def from_name(cls, name: str) -> ModelConfig:
        """Returns the variant of a name; "large" and "small", "lg" and "sm" are understood too.

        Raises:
            ValueError: The name is unknown.
        """
        choices = {known: config for config, known in _NAMES.items()}
        full_name = _ALIASES.get(name, name)
        if full_name not in choices:
            raise ValueError(
                "Unknown variant %r; the variants are %s"
                % (name, ", ".join(sorted([*choices, *_ALIASES])))
            )
        return cls(*choices[full_name])

    def has_context(self, level: int) -> bool:
        """Whether the context network refines this level's flow."""
        return self.context_everywhere or level == FLOW_LEVEL

    def to_json(self) -> str:
        """Returns the choices as a JSON object."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """Returns the variant that `to_json` wrote.

        Raises:
            ValueError: The text is no JSON object of these choices.
        """
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError("Not the choices of a ModelConfig: %s (%s)" % (text, error))
