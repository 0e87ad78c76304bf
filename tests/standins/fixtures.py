"""Fixtures with stand-ins for Ascend's Python packages, which note how they were called."""

import os
import sys

import pytest

STANDINS = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ("npu_bridge", "hccl", "moxing")


def forget():
    for name in [name for name in sys.modules if name.split(".")[0] in PACKAGES]:
        del sys.modules[name]


@pytest.fixture
def standins(monkeypatch):
    """Makes the stand-ins importable in this process, fresh for each test."""
    monkeypatch.syspath_prepend(STANDINS)
    for name in ("RANK_ID", "RANK_SIZE", "RANK_TABLE_FILE", "PWCNET_ENGINE"):
        monkeypatch.delenv(name, raising=False)
    forget()
    yield
    forget()


def environment(**settings):
    """For a fresh process that finds the stand-ins."""
    return dict(
        os.environ, PYTHONPATH=STANDINS, **{name: str(value) for name, value in settings.items()}
    )


def without(monkeypatch, name):
    """Makes importing that module fail."""
    forget()
    monkeypatch.setitem(sys.modules, name, None)
