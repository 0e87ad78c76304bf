"""`pwcnet evaluate --workers`: the numbers of one process, whatever stops it."""

import json
import os
import shutil
import signal
import threading
from argparse import Namespace

import pytest

from pwcnet.cli.evaluate import parser
from pwcnet.cli.evaluation_worker import OpenScorer
from pwcnet.cli.options import device_config, session_text
from pwcnet.data.datasets.sintel import FOLDER, sintel_samples
from pwcnet.evaluation.results import read_evaluation
from pwcnet.evaluation.sample_tasks import SampleTask
from tests.helpers.evaluation_workers import DEADLY, GO, HELD, OpenTried
from tests.helpers.evaluations import content
from tests.helpers.job_programs import start_program, wait_until
from tests.helpers.subcommands import call, run

IDS = ["scene_%02d/frames_%04d_%04d" % (scene, n, n + 1) for scene in (1, 2) for n in (1, 2)]
JOURNAL = "evaluation.partial.jsonl"
# TensorFlow, of which an evaluation by OpenCV only notes the version, takes seconds to import.
DRIVER = """
import sys, types
sys.modules["pwcnet.runtime.tensorflow"] = types.SimpleNamespace(TF_RELEASE="none")
from pwcnet.cli import evaluate, evaluation_worker
from tests.helpers.evaluation_workers import OpenTried
evaluation_worker.OpenScorer = OpenTried
evaluate.main(sys.argv[1:], "pwcnet evaluate")
"""


def evaluate_by_opencv(data, *arguments):
    data = "sintel-final=%s" % data
    return call("evaluate", "--data", data, "--classical", "dis", *arguments)


def journal(folder):
    """The lines of the pairs in the journal."""
    if not (folder / JOURNAL).exists():
        return []
    return [json.loads(line) for line in (folder / JOURNAL).read_text().splitlines()[1:]]


def numbers(folder):
    """The content of a complete evaluation but for what differs by the driver of the tests."""
    found = content(folder)
    del found["evaluation.json"]["versions"]
    return found


@pytest.fixture(scope="module")
def whole(tiny_sintel, tmp_path_factory):
    """The folder of an evaluation in one process."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    evaluate_by_opencv(tiny_sintel, "--output", folder, "--save-flow", "--save-pictures")
    return folder


@pytest.fixture
def held(monkeypatch, tmp_path):
    """Lets workers wait at the third pair; the file that lets them go on."""
    monkeypatch.setattr("pwcnet.cli.evaluation_worker.OpenScorer", OpenTried)
    monkeypatch.setenv(HELD, IDS[2])
    monkeypatch.setenv(GO, str(tmp_path / "go"))
    return tmp_path / "go"


@pytest.mark.whole_on("tf2")
def test_two_workers_find_the_numbers_of_one_process(whole, tiny_sintel, tmp_path, capfd):
    arguments = ("--output", "out", "--save-flow", "--save-pictures", "--workers", 2)
    data = os.path.relpath(tiny_sintel, str(tmp_path))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        evaluate_by_opencv(data, *arguments)
    assert content(tmp_path / "out") == content(whole)
    assert not [name for name in os.listdir(str(tmp_path / "out")) if name.startswith(".")]
    table = capfd.readouterr().out.splitlines()[1:-1]
    evaluate_by_opencv(tiny_sintel, "--workers", 1)
    assert capfd.readouterr().out.splitlines()[1:-1] == table


@pytest.mark.full
def test_ray_finds_the_numbers_of_one_process(whole, tiny_sintel, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    arguments = ("--save-flow", "--save-pictures", "--workers", 2, "--engine", "ray")
    data = os.path.relpath(tiny_sintel, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    evaluate_by_opencv(data, "--output", "out", *arguments)
    assert content(tmp_path / "out") == content(whole)


@pytest.mark.full
def test_workers_with_the_network(tiny_sintel, small_checkpoint, tmp_path):
    """In fresh processes: the threads of TensorFlow are those of the first session of a process."""
    arguments = ("--data", "sintel-final=" + tiny_sintel, "--weights", small_checkpoint)
    arguments += ("--device", "cpu", "--threads", 1, "--save-flow", "--output")
    for name, workers in (("one", []), ("two", ["--workers", 2])):
        done = run("evaluate", *arguments, tmp_path / name, *workers)
        assert done.returncode == 0, done.stderr
        assert "quality" in done.stderr and "WARNING" not in done.stderr
    assert content(tmp_path / "two") == content(tmp_path / "one")


@pytest.mark.whole_on("tf2")
def test_what_a_worker_opens(tiny_sintel, small_checkpoint):
    """The network, in this process."""
    arguments = ["--data", "sintel-final=" + tiny_sintel, "--weights", small_checkpoint]
    args = parser("pwcnet evaluate").parse_args([*arguments, "--device", "cpu", "--workers", "1"])
    (sample,) = sintel_samples(tiny_sintel, "final", "val")
    session = session_text(device_config(args))
    scorer = OpenScorer(args, small_checkpoint, session, masked=False, folder=os.getcwd())()
    result = scorer(SampleTask(0, sample, (None, None)))
    assert result.id == sample.id and result.scores["EPE"].count == 60 * 120 and result.first


def test_without_workers_there_is_no_other_process(tiny_sintel, monkeypatch):
    monkeypatch.setattr("pwcnet.cli.evaluation_worker.open_engine_for", None)
    evaluate_by_opencv(tiny_sintel)


@pytest.mark.whole_on("tf2")
def test_a_killed_driver(whole, tiny_sintel, held, tmp_path):
    arguments = ("--output", tmp_path / "out", "--save-flow", "--save-pictures", "--workers", 2)
    program = start_program(
        DRIVER, "--data", "sintel-final=" + tiny_sintel, "--classical", "dis", *arguments
    )
    wait_until(lambda: len(journal(tmp_path / "out")) == 2, "two pairs")
    program.kill()
    program.communicate(timeout=60)
    done = journal(tmp_path / "out")
    assert [pair["id"] for pair in done] == IDS[:2]
    held.write_text("")
    evaluate_by_opencv(tiny_sintel, *arguments)
    assert numbers(tmp_path / "out") == numbers(whole)
    times = [seconds for _, _, seconds in read_evaluation(str(tmp_path / "out")).pairs]
    assert times[:2] == pytest.approx([pair["seconds"] for pair in done], abs=1e-6)


@pytest.mark.whole_on("tf2")
@pytest.mark.parametrize(
    "number, expected", [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_keeps_what_is_done(number, expected, whole, tiny_sintel, held, tmp_path):
    folder = tmp_path / "out"

    def stop():
        wait_until(lambda: len(journal(folder)) == 2, "two pairs")
        os.kill(os.getpid(), number)
        held.write_text("")

    arguments = ("--output", folder, "--save-flow", "--save-pictures")
    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(expected) as caught:
        evaluate_by_opencv(tiny_sintel, *arguments, "--workers", 1)
    stopper.join()
    assert expected is KeyboardInterrupt or caught.value.code == 143
    assert [pair["id"] for pair in journal(folder)] == IDS[:3]
    evaluate_by_opencv(tiny_sintel, *arguments)
    assert content(folder) == content(whole)


def test_damaged_ground_truth_is_the_error_of_one_process(tiny_sintel, tmp_path):
    shutil.copytree(os.path.join(tiny_sintel, FOLDER), str(tmp_path / FOLDER))
    for pair in (IDS[1], IDS[3]):
        scene, frame = pair.split("/")
        path = tmp_path / FOLDER / "training" / "flow" / scene / ("frame_%s.flo" % frame[7:11])
        path.write_bytes(path.read_bytes()[:-7])
    errors = []
    for workers in ([], ["--workers", 2]):
        folder = tmp_path / ("out%d" % len(workers))
        with pytest.raises(ValueError, match="frame_0002.flo") as caught:
            evaluate_by_opencv(tmp_path, "--output", folder, *workers)
        errors.append((type(caught.value), str(caught.value)))
        assert [pair["id"] for pair in journal(folder)] == IDS[:1]
    assert errors[0] == errors[1]


@pytest.mark.full
def test_a_pair_that_ends_its_workers_is_named(tiny_sintel, monkeypatch, tmp_path):
    monkeypatch.setattr("pwcnet.cli.evaluation_worker.OpenScorer", OpenTried)
    monkeypatch.setenv(DEADLY, IDS[1])
    with pytest.raises(OSError, match=IDS[1]):
        evaluate_by_opencv(tiny_sintel, "--workers", 2, "--output", tmp_path / "out")
    assert [pair["id"] for pair in journal(tmp_path / "out")] == IDS[:1]


def test_another_device_is_refused():
    start = OpenScorer(Namespace(classical="dis"), "", "device_count { GPU }", False, os.getcwd())
    with pytest.raises(ValueError, match="device"):
        start()


def test_an_address_is_for_ray(tiny_sintel, capsys):
    with pytest.raises(SystemExit):
        evaluate_by_opencv(tiny_sintel, "--workers", 2, "--address", "10.0.0.1")
    assert "--engine ray" in capsys.readouterr().err
