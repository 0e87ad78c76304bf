"""Modules that have moved since version 0.1: importing one by its old name tells the new name."""

from __future__ import annotations

import sys
from typing import Any

MOVED_MODULES = {
    "pwcnet.atomic": "pwcnet.io.atomic",
    "pwcnet.checkpoint": "pwcnet.weights.checkpoint",
    "pwcnet.config": "pwcnet.model.config",
    "pwcnet.context": "pwcnet.model.context",
    "pwcnet.cost_volume": "pwcnet.model.cost_volume",
    "pwcnet.estimator": "pwcnet.model.estimator",
    "pwcnet.layers": "pwcnet.model.layers",
    "pwcnet.lean": "pwcnet.model.ops",
    "pwcnet.network": "pwcnet.model.network",
    "pwcnet.offline": "pwcnet.ascend",
    "pwcnet.overlap": "pwcnet.io.prefetch",
    "pwcnet.predictor": "pwcnet.inference.predictor",
    "pwcnet.pretrained": "pwcnet.weights.files",
    "pwcnet.pyramid": "pwcnet.model.pyramid",
    "pwcnet.warp": "pwcnet.model.warp",
}


class MovedModuleFinder:
    """The last finder of `sys.meta_path`, asked only for modules that no other finder knows."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Finds nothing; for a module that has moved, raises an error that tells where it is.

        Raises:
            ModuleNotFoundError: The module has moved.
        """
        if name in MOVED_MODULES:
            # Without its name, so that `from pwcnet import predictor` shows this message too.
            raise ModuleNotFoundError("%s has moved to %s" % (name, MOVED_MODULES[name]))


def install() -> None:
    """Adds the finder to `sys.meta_path`, once."""
    if MovedModuleFinder not in sys.meta_path:
        sys.meta_path.append(MovedModuleFinder)
