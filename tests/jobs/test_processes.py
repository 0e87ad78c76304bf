"""Processes of workers: what depends on the system, and their end in words."""

import ctypes
import os
import signal

import pytest

from pwcnet.jobs import processes


def test_only_linux_has_prctl(monkeypatch):
    """What fails in a worker before its program ends the launcher with a traceback."""

    def no_library(name):
        raise AttributeError("prctl")

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    monkeypatch.setattr(processes.sys, "platform", "darwin")
    processes.end_with(os.getppid(), signal.SIGTERM)
    monkeypatch.setattr(processes.sys, "platform", "linux")
    with pytest.raises(AttributeError):
        processes.end_with(os.getppid(), signal.SIGTERM)


@pytest.mark.parametrize("code, named", [(3, "3"), (-11, "SIGSEGV"), (-40, "40")])
def test_end_of_a_process(code, named):
    """Real-time signals have numbers alone."""
    assert named in processes.how_it_ended(code)
