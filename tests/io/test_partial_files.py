"""What killed programs were writing, and how it is told from what runs."""

import os
import subprocess
import sys
import time

import pytest

from pwcnet.io import partial_files
from pwcnet.io.atomic import write_text
from pwcnet.io.partial_files import is_partial, partial_prefix, remove_abandoned
from tests.helpers.commands import ROOT

PROGRAM = """
import os, signal, sys
from pwcnet.io.atomic import atomic_path
with atomic_path(sys.argv[1]):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def no_folder_is_cleared(monkeypatch):
    """Each test is as a process of its own."""
    monkeypatch.setattr("pwcnet.io.atomic._cleared", set())


@pytest.fixture
def prefix_of_the_dead():
    """The prefix of a process that ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return partial_prefix().replace("-%d-" % os.getpid(), "-%d-" % process.pid)


def test_the_next_file_removes_what_a_killed_program_wrote(tmp_path):
    environment = dict(os.environ, PYTHONPATH=ROOT)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "a.txt")]
    assert subprocess.run(command, env=environment).returncode == -9
    (left,) = os.listdir(str(tmp_path))
    assert is_partial(left) and left.endswith("-a.txt")
    write_text(str(tmp_path / "b.txt"), "b")
    assert os.listdir(str(tmp_path)) == ["b.txt"]


def test_files_and_folders_of_a_killed_program_alone(prefix_of_the_dead, tmp_path):
    running = partial_prefix()
    machine = running.split("-")[1]
    kept = [
        running + "1-a.flo",
        prefix_of_the_dead.replace(machine, "0" * 8) + "1-a.flo",  # of another machine
        ".partial-1a2b3c4d-a.flo",  # as earlier versions named them
        ".hidden",
        "a.flo",
    ]
    for name in kept + [prefix_of_the_dead + "1-a.flo"]:
        (tmp_path / name).write_text("half")
    (tmp_path / (prefix_of_the_dead + "folder")).mkdir()
    (tmp_path / (prefix_of_the_dead + "folder") / "0.flo").write_text("half")
    remove_abandoned(str(tmp_path))
    assert sorted(os.listdir(str(tmp_path))) == sorted(kept)
    remove_abandoned(str(tmp_path / "missing"))


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="it is not told elsewhere")
def test_a_killed_program_whose_parent_has_not_noticed(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    process.stdout.read()  # it ends; until `wait` its number is taken
    name = partial_prefix().replace("-%d-" % os.getpid(), "-%d-" % process.pid) + "a.flo"
    (tmp_path / name).write_text("half")
    until = time.time() + 10
    while os.listdir(str(tmp_path)) and time.time() < until:
        remove_abandoned(str(tmp_path))
    process.stdout.close()
    process.wait()
    assert not os.listdir(str(tmp_path))


def test_a_process_of_another_user_runs(prefix_of_the_dead, tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError

    monkeypatch.setattr(os, "kill", refused)
    (tmp_path / (prefix_of_the_dead + "a")).write_text("half")
    remove_abandoned(str(tmp_path))
    assert os.listdir(str(tmp_path)) == [prefix_of_the_dead + "a"]


def test_where_nothing_tells_machines_apart(prefix_of_the_dead, tmp_path, monkeypatch):
    monkeypatch.setattr(partial_files, "BOOT_FILE", str(tmp_path / "none"))
    partial_files._machine.cache_clear()
    try:
        write_text(str(tmp_path / (prefix_of_the_dead + "a")), "half")
        write_text(str(tmp_path / "b"), "b")
    finally:
        partial_files._machine.cache_clear()
    assert sorted(os.listdir(str(tmp_path))) == [prefix_of_the_dead + "a", "b"]
