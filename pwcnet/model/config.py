"""Which PWC-Net: the two published variants and their crosses."""

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
TARGETS = ("host", "ascend")  # machines whose ops a graph may be written in
WARP_SCALE = 20.0  # up_flow * WARP_SCALE / 2^level is in pixels of the level


@dataclass(frozen=True)
class ModelConfig:
    """The choices that differ between published checkpoints; everything else is fixed by the constants above.

    dense: each estimator layer sees the outputs of all before it (large), or only of the last (small).
    context_everywhere: the context network refines every level (large), or level 2 only (small).
    """

    dense: bool = True
    context_everywhere: bool = True

    def __post_init__(self):
        for field in fields(self):
            if field.type in (bool, "bool") and not isinstance(getattr(self, field.name), bool):
                raise ValueError(
                    "expected True or False for %s, got %r"
                    % (field.name, getattr(self, field.name))
                )

    @classmethod
    def large(cls):
        """`lg-6-2`: 14,079,050 parameters in 182 variables."""
        return cls(dense=True, context_everywhere=True)

    @classmethod
    def small(cls):
        """`sm-6-2`: 4,705,064 parameters in 126 variables."""
        return cls(dense=False, context_everywhere=False)

    @property
    def name(self):
        """The field's short name: lg-6-2, sm-6-2, or which half of lg-6-2 a cross has."""
        return {
            (True, True): "lg-6-2",
            (False, False): "sm-6-2",
            (True, False): "dense-6-2",
            (False, True): "context-6-2",
        }[self.dense, self.context_everywhere]

    @classmethod
    def from_name(cls, name):
        """The inverse of `name`; "large" and "small", "lg" and "sm" are understood too."""
        known = {
            "lg-6-2": cls.large(),
            "sm-6-2": cls.small(),
            "dense-6-2": cls(True, False),
            "context-6-2": cls(False, True),
        }
        known.update(
            {"large": cls.large(), "lg": cls.large(), "small": cls.small(), "sm": cls.small()}
        )
        if name not in known:
            raise ValueError("expected a variant of %s, got %r" % (", ".join(sorted(known)), name))
        return known[name]

    def has_context(self, level):
        """Whether the context network refines this level's flow."""
        return self.context_everywhere or level == FLOW_LEVEL

    def to_json(self):
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text):
        """Raises ValueError for text that is no JSON object of this class's fields."""
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError("expected the fields of a ModelConfig, got %s (%s)" % (text, error))
