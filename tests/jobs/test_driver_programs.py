"""Main programs that engines are used from: none is run again in a worker."""

import pytest

from tests.helpers.commands import ROOT, run_command
from tests.helpers.job_programs import PATIENCE, start_program

UNGUARDED = """
import sys
from pwcnet.jobs.local_engine import LocalEngine
from tests.helpers import job_tasks

print("once")
with LocalEngine(job_tasks.start, 2) as engine:
    print(sorted(outcome.value for outcome in engine.map(("square", n) for n in range(4))))
"""
OWN_START = """
from pwcnet.jobs.local_engine import LocalEngine

def start():
    return abs

with LocalEngine(start) as engine:
    print(list(engine.map([1])))
"""
PRINTING = """
from pwcnet.jobs.local_engine import LocalEngine
from tests.helpers import job_tasks

with LocalEngine(job_tasks.start) as engine:
    print([outcome.error for outcome in engine.map([("print", "words")])])
"""


@pytest.mark.parametrize("kind", ["script", "stdin", "module"])
def test_programs_without_a_guard(tmp_path, kind):
    """The script lies elsewhere; the project is found by the variable PYTHONPATH."""
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    if kind == "stdin":
        output, errors = start_program(UNGUARDED).communicate(timeout=PATIENCE)
    else:
        paths = {"PYTHONPATH": "%s:%s" % (ROOT, tmp_path), "PATH": ""}
        arguments = [script] if kind == "script" else ["-m", "unguarded"]
        done = run_command(*arguments, cwd=str(tmp_path), env=paths)
        output, errors = done.stdout, done.stderr
    assert output.splitlines() == ["once", "[0, 1, 4, 9]"], errors


def test_start_has_to_be_in_a_module_that_workers_import():
    _, errors = start_program(OWN_START).communicate(timeout=PATIENCE)
    assert "ValueError" in errors.splitlines()[-1] and "start" in errors.splitlines()[-1]


def test_what_workers_print_goes_to_stderr():
    output, errors = start_program(PRINTING).communicate(timeout=PATIENCE)
    assert output.count("ended with exit code 5") == 1
    for line in ("out words", "err words", "python words"):
        assert errors.splitlines().count(line) == 2  # the task was run twice
