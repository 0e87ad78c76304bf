"""Worker processes: what depends on the system."""

import ctypes
import os

import pytest

from pwcnet.cli import worker_processes


def test_only_linux_has_prctl(monkeypatch):
    """What fails in a worker before its program ends the launcher with a traceback."""

    def no_library(name):
        raise AttributeError("prctl")

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    monkeypatch.setattr(worker_processes.sys, "platform", "darwin")
    worker_processes._end_with(os.getppid())
    monkeypatch.setattr(worker_processes.sys, "platform", "linux")
    with pytest.raises(AttributeError):
        worker_processes._end_with(os.getppid())
