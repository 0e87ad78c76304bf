"""PWC-Net optical flow on the TensorFlow 1 graph API, for TensorFlow 1.15 and TensorFlow 2.

The public names are imported when they are first used, so `import pwcnet` itself needs neither
TensorFlow nor NumPy nor OpenCV:

    import pwcnet

    with pwcnet.Predictor() as predictor:
        flow = predictor.flow(frame1, frame2)  # arrays; pwcnet.FlowModel takes tensors
"""

import importlib
from typing import TYPE_CHECKING, Any, List

from pwcnet import _moved
from pwcnet._version import __version__

if TYPE_CHECKING:
    from pwcnet.archive.reader import open_flow
    from pwcnet.flow.colors import flow_to_color
    from pwcnet.inference.flow_model import FlowModel
    from pwcnet.inference.predictor import Predictor
    from pwcnet.io.flow_files import read_flow, write_flow
    from pwcnet.model.config import ModelConfig
    from pwcnet.model.network import pwc_net

_MODULES = {
    "FlowModel": "pwcnet.inference.flow_model",
    "ModelConfig": "pwcnet.model.config",
    "Predictor": "pwcnet.inference.predictor",
    "flow_to_color": "pwcnet.flow.colors",
    "open_flow": "pwcnet.archive.reader",
    "pwc_net": "pwcnet.model.network",
    "read_flow": "pwcnet.io.flow_files",
    "write_flow": "pwcnet.io.flow_files",
}

__all__ = [
    "FlowModel",
    "ModelConfig",
    "Predictor",
    "__version__",
    "flow_to_color",
    "open_flow",
    "pwc_net",
    "read_flow",
    "write_flow",
]

_moved.install()


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted(set(globals()) | set(__all__))
