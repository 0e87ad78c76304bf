"""What the programs here need beside the project's own requirements."""

from __future__ import annotations

REQUIREMENTS = "pip install -r scripts/gpu_training/requirements.txt"


def require_pytorch() -> None:
    """Raises ValueError, with what to install, where PyTorch is missing."""
    try:
        import torch  # noqa: F401
    except ImportError:
        raise ValueError("PyTorch is missing; %s" % REQUIREMENTS) from None
