"""Cores and GPUs of this machine that this process may use; TensorFlow is not asked."""

from __future__ import annotations

import os
import shutil
import subprocess

VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"


def core_count() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Returns the GPUs of CUDA_VISIBLE_DEVICES or, where that is not set, of nvidia-smi."""
    named = os.environ.get(VISIBLE_GPUS)
    if named is None and shutil.which("nvidia-smi"):
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            stdout=subprocess.PIPE,
            text=True,
        )
        named = ",".join(listed.stdout.split()) if listed.returncode == 0 else None
    return [device.strip() for device in (named or "").split(",") if device.strip()]


def gpu_of_worker(number: int, gpus: list[str]) -> dict[str, str]:
    """Returns the environment variable that gives a worker one of the GPUs, in turn.

    Args:
        number: Of the worker, from 0.
        gpus: Names that CUDA_VISIBLE_DEVICES takes.

    Returns:
        {name of the variable: GPU}; empty without GPUs.
    """
    return {VISIBLE_GPUS: gpus[number % len(gpus)]} if gpus else {}
