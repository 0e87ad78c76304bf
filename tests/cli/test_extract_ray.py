"""`pwcnet extract --engine ray`: the results of local workers, whatever dies."""

import json
import os
import signal
import sys

import pytest

from tests.helpers.archives import contents, write_archive, write_folder
from tests.helpers.commands import ROOT, run_python
from tests.helpers.extraction_workers import DEADLY, GO, HELD, NOTES, STRETCH, OpenTried, notes
from tests.helpers.frames import moving_frames
from tests.helpers.job_programs import PATIENCE, is_running, start_program, wait_until
from tests.helpers.subcommands import call, only_line
from tests.helpers.videos import write_video

ITEMS = ["s%02d" % number for number in range(8)]
DRIVER = """
import sys
from pwcnet.archive import job
from pwcnet.cli import extract, extract_worker
from tests.helpers.extraction_workers import OpenTried
extract_worker.OpenExtractor = OpenTried
job.stretch_length = lambda *_: 4
sys.exit(extract.main(sys.argv[1:], "pwcnet extract"))
"""
WITHOUT_RAY = """
import sys

class NoRay:
    def find_spec(self, name, path=None, target=None):
        if name == "ray":
            raise ModuleNotFoundError("No module named 'ray'", name="ray")

sys.meta_path.insert(0, NoRay())
from pwcnet.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Eight folders of 5 frames, s00 to s07, and a video of 14, t, that is cut into stretches."""
    folder = tmp_path_factory.mktemp("folders")
    for number, name in enumerate(ITEMS):
        write_folder(folder / name, 5, seed=number)
    write_video(folder / "t.avi", moving_frames(14, 48, 64, seed=9))
    return str(folder)


@pytest.fixture(scope="module")
def whole(folders, tmp_path_factory):
    """What one local worker makes of them."""
    output = tmp_path_factory.mktemp("whole")
    call("extract", folders, "--classical", "dis", "--save", "npz,flo", "--output", output)
    return contents(output)


@pytest.fixture
def tried(monkeypatch, tmp_path):
    """Lets workers note their tasks, here and in programs; returns the file of notes."""
    monkeypatch.setattr("pwcnet.cli.extract_worker.OpenExtractor", OpenTried)
    monkeypatch.setattr("pwcnet.archive.job.stretch_length", lambda *_: 4)
    monkeypatch.setenv(STRETCH, "4")
    monkeypatch.setenv(NOTES, str(tmp_path / "notes"))
    monkeypatch.setenv(GO, str(tmp_path / "go"))
    return tmp_path / "notes"


def records(folder, kind):
    """The records of a kind in the manifest."""
    path = os.path.join(str(folder), "manifest.jsonl")
    if not os.path.exists(path):
        return []
    with open(path) as stream:
        lines = [json.loads(line) for line in stream if line.endswith("\n")]
    return [record for record in lines if record["kind"] == kind]


def begun(path, *names):
    """The processes that have begun these tasks, once all have."""
    wait_until(lambda: set(names) <= set(dict(notes(path))), "%s do not run" % (names,))
    return [process for name, process in notes(path) if name in names]


def command(folders, output, cluster):
    places = ("--output", output, "--engine", "ray", "--address", cluster.address)
    return (folders, "--classical", "dis", "--save", "npz,flo", *places)


@pytest.mark.full
def test_the_results_of_local_workers(tmp_path, monkeypatch, capfd):
    pytest.importorskip("ray")
    write_archive(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    arguments = ("in", "--classical", "dis", "--workers", 2, "--save", "npz,flo,motion")
    assert call("extract", *arguments, "--output", "local") == 0
    capfd.readouterr()
    assert call("extract", *arguments, "--output", "ray", "--engine", "ray") == 0
    shown = capfd.readouterr().out
    assert shown == "3 of 3 items are complete in ray (0 were before)\n"
    assert contents("ray") == contents("local") != {}


@pytest.mark.full
def test_a_machine_that_dies(folders, whole, tried, cluster, monkeypatch, tmp_path):
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    monkeypatch.setenv(HELD, "s04-0 s05-0")
    program = start_program(DRIVER, *command(folders, tmp_path / "out", cluster))
    workers = begun(tried, "s04-0", "s05-0")
    assert len(workers) == 2
    cluster.remove_node(node, allow_graceful=False)
    wait_until(lambda: sum(map(is_running, workers)) == 1, "both workers run")
    (tmp_path / "go").touch()
    output, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, errors
    assert output.startswith("9 of 9 items") and output.count("\n") == 1
    assert errors.count("its task is run once more") == 1
    assert contents(tmp_path / "out") == whole
    assert len(records(tmp_path / "out", "item")) == 9
    assert not records(tmp_path / "out", "error")
    assert len(notes(tried)) == len(set(dict(notes(tried)))) + 1


@pytest.mark.full
def test_a_killed_driver(folders, whole, tried, cluster, monkeypatch, tmp_path, capfd):
    cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    held = {"s04-0", "t-2"}
    monkeypatch.setenv(HELD, " ".join(held))
    arguments = command(folders, tmp_path / "out", cluster)
    program = start_program(DRIVER, *arguments)
    begun(tried, *held)
    wait_until(lambda: len(records(tmp_path / "out", "item")) == 4, "four items")
    program.kill()
    program.communicate(timeout=PATIENCE)
    kept = set(dict(notes(tried))) - held - {"t-survey"}
    assert {"t-0", "t-1"} < kept
    os.remove(str(tried))
    (tmp_path / "go").touch()
    capfd.readouterr()
    assert call("extract", *arguments) == 0
    shown = capfd.readouterr().out
    assert shown == "9 of 9 items are complete in %s (4 were before)\n" % (tmp_path / "out")
    tasks = {name + "-0" for name in ITEMS} | {"t-%d" % part for part in range(4)}
    expected = (tasks | {"t-join", "t-survey"}) - kept
    assert sorted(name for name, _ in notes(tried)) == sorted(expected)
    assert contents(tmp_path / "out") == whole
    assert len(records(tmp_path / "out", "item")) == 9


@pytest.mark.full
def test_an_item_that_ends_its_workers(
    folders, whole, tried, cluster, monkeypatch, tmp_path, capfd
):
    cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    monkeypatch.setenv(DEADLY, "s03-0")
    assert call("extract", *command(folders, tmp_path / "out", cluster)) == 1
    complete, failed = capfd.readouterr().out.splitlines()
    assert complete.startswith("8 of 9 items") and failed.startswith("failed: s03: ")
    assert contents(tmp_path / "out") == {
        name: content for name, content in whole.items() if not name.startswith("s03/")
    }


@pytest.mark.full
def test_sigterm_ends_in_order(folders, whole, tried, monkeypatch, tmp_path):
    """Ray, which is started here, would end the driver at once."""
    pytest.importorskip("ray")
    monkeypatch.setenv(HELD, "s04-0 s05-0")
    arguments = (folders, "--classical", "dis", "--save", "npz,flo", "--output", tmp_path / "out")
    program = start_program(DRIVER, *arguments, "--engine", "ray", "--workers", 2)
    begun(tried, "s04-0", "s05-0")
    program.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()
    output, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == 143, errors
    done = [record["name"] for record in records(tmp_path / "out", "item")]
    assert {"s04", "s05"} <= set(done) and len(done) < 9
    assert output.startswith("%d of 9 items" % len(done))
    assert call("extract", *arguments) == 0
    assert contents(tmp_path / "out") == whole


@pytest.mark.full
def test_without_ray(tmp_path):
    """One line; the folder does not hold the next job to the options of this one."""
    arguments = (write_folder(tmp_path / "in", 3), "--output", tmp_path / "out")
    arguments += ("--classical", "dis", "--engine")
    program = (sys.executable, "-c", WITHOUT_RAY, "extract")
    environment = dict(os.environ, PYTHONPATH=ROOT)
    refused = run_python(*program, *arguments, "ray", env=environment)
    assert "scale" in only_line(refused)
    assert call("extract", *arguments, "local", "--save", "flo") == 0


@pytest.mark.full
def test_no_cluster_at_the_address(tmp_path):
    pytest.importorskip("ray")
    arguments = (write_folder(tmp_path / "in", 3), "--output", tmp_path / "out")
    address = "127.0.0.1:1"
    with pytest.raises(ConnectionError, match=address):
        call("extract", *arguments, "--engine", "ray", "--address", address, "--classical", "dis")
    assert not records(tmp_path / "out", "job")
