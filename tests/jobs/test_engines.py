"""Engines by their names."""

import sys

import pytest

from pwcnet.jobs.engines import open_engine
from tests.helpers import job_tasks


@pytest.mark.parametrize(
    "name, options, named",
    [
        ("mpi", {}, "mpi"),
        ("local", {"workers": 0}, "0"),
        ("local", {"address": "head:6379"}, "head:6379"),
        ("ray", {"workers": 0}, "0"),
    ],
)
def test_arguments_are_checked(name, options, named):
    with pytest.raises(ValueError, match=named):
        open_engine(name, job_tasks.start, **options)


def test_ray_may_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match="scale"):
        open_engine("ray", job_tasks.start)
