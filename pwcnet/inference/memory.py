"""The memory that predictions take on a CPU, estimated before they begin."""

from __future__ import annotations

from typing import Callable

from pwcnet.flow.padding import padded_size
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.devices import on_cpu
from pwcnet.runtime.memory import MemoryBoundError, memory_limit
from pwcnet.runtime.tensorflow import tf

# Peak bytes a pixel of one pair, measured from 832x1536 to 2160x3840 (large network and TensorFlow
# 1.15: 1088x1920), rounded up: small and large network. Pyramids that pairs share and flow in both
# directions take more.
PASS_BYTES = {False: 350, True: 1100}
TWO_WAY = 1.5
GRAPH_BYTES = {False: 80e6, True: 240e6}  # an open graph, with its weights
ARRAY_BYTES = 60  # a pixel of the frames, at levels other than plain: frames, flows and weights


def pass_bytes(
    config: ModelConfig, size: tuple[int, int], pairs: int = 1, directions: int = 1
) -> int:
    """The bytes of one pass over pairs of (height, width).

    Args:
        config: The variant of the network.
        size: (height, width) of the frames, pixels.
        pairs: Pairs in one run.
        directions: 2 for the flow there and back.
    """
    height, width = padded_size(*size)
    return int(PASS_BYTES[config.dense] * height * width * pairs * (1, TWO_WAY)[directions - 1])


def frame_bytes(size: tuple[int, int]) -> int:
    """The bytes of frames and flows of (height, width) at a level other than plain."""
    return ARRAY_BYTES * size[0] * size[1]


class MemoryBounds:
    """What predictions may take.

    Args:
        config: The variant of the network; None where it is not known, as in a frozen graph.
        session_config: A GPU's or NPU's memory is its own affair.
        gigabytes: What the user allows; None for three quarters of what is free.

    Raises:
        ValueError: The number is not above 0.
    """

    def __init__(
        self, config: ModelConfig | None, session_config: tf.ConfigProto, gigabytes: float | None
    ):
        # Measured once, so that the passes of one job do not change with what else runs.
        self._limit = memory_limit(gigabytes)
        self._config = config if on_cpu(session_config) else None

    def fits(self, frames: tuple[int, int], graphs: int) -> Callable[[tuple[int, int]], bool]:
        """Returns whether a pass at a size fits beside frames and open graphs, as a function.

        Args:
            frames: (height, width) of the frames.
            graphs: The number of graphs that the level keeps open.
        """
        config, limit = self._config, self._limit
        if config is None or limit is None:
            return lambda size: True
        left = limit - frame_bytes(frames) - graphs * GRAPH_BYTES[config.dense]
        return lambda size: pass_bytes(config, size) <= left

    def check(self, size: tuple[int, int], pairs: int, directions: int = 1) -> None:
        """Checks that one pass over pairs of (height, width) fits.

        Raises:
            ValueError: It would not; the message names the level that does.
        """
        limit = self._limit
        if self._config is None or limit is None:
            return
        needed = GRAPH_BYTES[self._config.dense]
        needed += pass_bytes(self._config, size, pairs, directions)
        if needed > limit:
            raise MemoryBoundError(
                "One pass over %d pair%s of %dx%d pixels (height x width) takes some %.3g GB, and "
                '%.3g GB may be taken; the level "balanced" needs less'
                % (pairs, "s" * (pairs > 1), *size, needed / 1e9, limit / 1e9)
            )
