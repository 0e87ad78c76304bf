"""What a run starts from: pretrained weights, those that grow from them, or random ones."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pwcnet.runtime.tensorflow import tf
from pwcnet.weights.growing import grown_weights
from pwcnet.weights.variables import assign, stored_name

if TYPE_CHECKING:
    from pwcnet.weights.checkpoint import Checkpoint

FIRST_STEP = 2000  # a good start has learned to match by then
WINDOW = 500  # steps over which errors are compared
FLAT = 0.97  # of the error of zero flow
RANDOM_START = "--initializer coarse_to_fine --matching 20"

log = logging.getLogger(__name__)


def load_weights(session: tf.Session, checkpoint: Checkpoint, grow: bool) -> None:
    """Gives the network's variables, in the current graph, the weights of a checkpoint.

    Args:
        session: The session that the variables are changed in.
        checkpoint: An open checkpoint or archive.
        grow: Whether it is of a smaller variant, whose weights grow.

    Raises:
        ValueError: A weight is missing, not readable or of another shape.
    """
    variables = tf.trainable_variables()
    if not grow:
        checkpoint.restore(session, variables)
        log.info("weights from %s", checkpoint.path)
        return
    shapes = {stored_name(v.op.name): v.shape.as_list() for v in variables}
    assign(session, variables, list(grown_weights(checkpoint.weights(), shapes).values()))
    log.info("weights from %s, grown from %s", checkpoint.path, checkpoint.config.name)


class FlatStartWatch:
    """Recognizes training from random weights that never leaves zero flow.

    The errors are compared with those of zero flow on the same samples. One warning is logged where
    they stay equal; the watch ends with it, or when they fall.
    """

    def __init__(self) -> None:
        self.done = False
        self._first = 0  # step of the window
        self._restart()

    def add(self, step: int, epe: float, zero_epe: float) -> None:
        """Adds a step.

        Args:
            step: Its number.
            epe: End-point error of the flow in pixels.
            zero_epe: That of zero flow.
        """
        self._first = self._first or step
        self._epes.append(epe)
        self._zero_epes.append(zero_epe)
        if step - self._first < WINDOW:
            return
        flat = sum(self._epes) > FLAT * sum(self._zero_epes)
        if flat and step >= FIRST_STEP:
            count = len(self._epes)
            log.warning(
                "after %d steps the flow is no better than zero flow (EPE %.2f of late, zero flow "
                "%.2f): from random weights, training often stays there; start again with %s, or "
                "from --weights small or large",
                step,
                sum(self._epes) / count,
                sum(self._zero_epes) / count,
                RANDOM_START,
            )
        self.done = not flat or step >= FIRST_STEP
        self._restart()

    def _restart(self) -> None:
        self._first = 0
        self._epes: list[float] = []
        self._zero_epes: list[float] = []
