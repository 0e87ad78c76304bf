"""Cases of `pwcnet benchmark --what quality`: a pair at each quality level, with its time."""

from __future__ import annotations

import functools
from argparse import Namespace
from typing import Any, Callable, Dict, Tuple

from pwcnet.runtime.choices import QUALITIES

Case = Tuple[Callable[[], None], Dict[str, Any]]


def predicted(settings: Namespace, folder: str, quality: str) -> Case:
    """One generated pair through a Predictor, frames of 8 bits in, flow out."""
    from pwcnet.data.synthetic.scenes import demo_scene
    from pwcnet.inference.predictor import Predictor
    from pwcnet.runtime.devices import session_config
    from pwcnet.weights.files import shipped_weights

    height, width = settings.size
    frame1, frame2 = demo_scene(0, height, width, 2, 20.0).frames
    predictor = Predictor(
        shipped_weights(settings.variant), session_config(settings.threads), quality=quality
    )

    def once() -> None:
        predictor.flow(frame1, frame2)

    return once, {}


CASES: dict[str, Callable[[Namespace, str], Case]] = {
    "quality-" + name: functools.partial(predicted, quality=name) for name in QUALITIES
}
