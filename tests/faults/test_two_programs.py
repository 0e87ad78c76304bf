"""Two programs that write to one folder at once.

Either both end right, or the second is refused with a line that names the folder. The first is
stopped before its first file gets its name, the second runs to its end, then the first goes on.
"""

import os
import signal
import subprocess
import sys

import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.partial_files import PARTIAL_PREFIX
from tests.helpers.commands import ROOT
from tests.helpers.frames import moving_frames, write_images
from tests.helpers.full_disks import contents, fill, same
from tests.helpers.subcommands import call, run

pytestmark = pytest.mark.whole_on("tf2")


# Runs `pwcnet`, which stops itself where its first file would get its name.
STOPPING = """
import os, signal
replace = os.replace
def stop(*arguments):
    os.replace = replace
    os.kill(os.getpid(), signal.SIGSTOP)
    replace(*arguments)
os.replace = stop
from pwcnet.cli.main import main
main()
"""


def run_both(first, second):
    """Runs the second (command, *arguments) while the first is writing.

    Returns:
        The CompletedProcess of the second.
    """
    words = [sys.executable, "-c", STOPPING, *first[0].split(), *map(str, first[1:])]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    environment = dict(os.environ, PYTHONPATH=ROOT)
    running = subprocess.Popen(words, cwd=ROOT, env=environment, **pipes)
    _, status = os.waitpid(running.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), running.stderr.read()
    try:
        done = run(second[0], *second[1:])
    finally:
        os.kill(running.pid, signal.SIGCONT)
    _, errors = running.communicate()
    assert running.returncode == 0, errors
    return done


def refused(done, folder):
    """Whether a program was refused, with one line that names the folder; it is right otherwise."""
    if done.returncode == 0:
        return False
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1 and str(folder) in done.stderr, done.stderr
    assert "is writing to" in done.stderr
    return True


def check_both_end(output, first, second, changing=()):
    """Both programs write the same files: they end right, and the files are whole."""
    run(first[0], *first[1:])
    whole = contents(output)
    fill(output, {})
    assert run_both(first, second).returncode == 0
    assert same(contents(output), changing) == same(whole, changing)


def check_one_is_refused(output, first, second, kept=(), changing=()):
    """The second is refused, and the first ends as if it had been alone.

    Args:
        output: The folder.
        first: (command, *arguments).
        second: The same.
        kept: Ends of names of files that stay, whatever they hold.
        changing: Ends of names of files that differ from run to run.
    """
    assert run(first[0], *first[1:]).returncode == 0
    whole = contents(output)
    fill(output, {})
    assert refused(run_both(first, second), output)
    now = contents(output)
    assert not [path for path in now if PARTIAL_PREFIX in path]
    assert same(without(now, kept), changing) == same(without(whole, kept), changing)


def without(files, kept):
    return {
        path: data
        for path, data in files.items()
        if not path.endswith(tuple(kept)) and "tfevents" not in path
    }


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A folder in Sintel's layout: training and test scenes of 64x128."""
    folder = tmp_path_factory.mktemp("scenes")
    training, test = demo_scene(0, 64, 128, 40, 4.0), demo_scene(1, 64, 128, 3, 4.0)
    write_sintel(str(folder), [("one", training)], [("two", test)])
    return folder


def test_convert(scenes, tmp_path):
    flows = scenes / "MPI-Sintel-complete" / "training" / "flow"
    command = ("convert", flows, "--output", tmp_path, "--to", "png,flo")
    check_both_end(tmp_path, command, command)


def test_scenes(tmp_path):
    options = ("--output", tmp_path, "--size", "64x64", "--scenes", 3, "--frames", 3)
    other = ("--output", tmp_path, "--size", "32x32", "--style", "training", "--pairs", 1)
    check_one_is_refused(tmp_path, ("scenes", *options), ("scenes", *other))


def test_ascend_prepare(scenes, tmp_path):
    options = ("--size", "64x128", "--output", tmp_path)
    first, second = (
        ("ascend prepare", "--data", "%s=%s" % (name, scenes), *options)
        for name in ("sintel-clean", "sintel-final")
    )
    check_one_is_refused(tmp_path, first, second)


def test_ascend_score(scenes, tmp_path):
    raw, output = tmp_path / "raw", tmp_path / "out"
    data = ("--data", "sintel-clean=%s" % scenes, "--size", "64x128")
    call("ascend prepare", *data, "--output", raw)
    predictions = {
        path.replace(".bin", "_output_0.bin"): data for path, data in contents(raw / "gt").items()
    }
    fill(tmp_path / "predictions", predictions)
    options = ("--ground-truth", raw / "gt", "--predictions", tmp_path / "predictions")
    sizes = ("--size", "64x128", "--frame-size", "60x120", "--csv", output / "epe.csv")
    command = ("ascend score", *options, *sizes)
    check_one_is_refused(output, command, command)


@pytest.mark.full
def test_evaluate(scenes, tmp_path):
    options = ("--save-flow", "--save-pictures", "--output", tmp_path)
    first, second = (
        ("evaluate", "--data", "%s=%s" % (name, scenes), "--classical", "dis", *options)
        for name in ("sintel-clean", "sintel-final")
    )
    check_one_is_refused(tmp_path, first, second)


@pytest.mark.full
def test_predict(small_checkpoint, tmp_path):
    names = ["%d.png" % number for number in range(9)]
    frames = write_images(tmp_path / "frames", names, moving_frames(9, 64, 128))
    output = tmp_path / "out"
    options = ("--weights", small_checkpoint, "--save", "flo,png,video")
    command = ("predict", frames, *options, "--output", output)
    check_both_end(output, command, command)


@pytest.mark.full
def test_submit(scenes, small_checkpoint, tmp_path):
    data = ("--data", "sintel=%s" % scenes, "--allow-incomplete")
    command = ("submit", *data, "--weights", small_checkpoint, "--output", tmp_path)
    check_one_is_refused(tmp_path, command, command)


@pytest.mark.full
def test_export(small_checkpoint, tmp_path):
    check_one_is_refused(
        tmp_path,
        ("export", "--weights", small_checkpoint, "--output", tmp_path),
        ("export", "--output", tmp_path, "--format", "checkpoint"),
    )


@pytest.mark.full
def test_train(scenes, tmp_path):
    options = "--steps 2 --crop 64x64 --batch-size 1 --variant small --threads 1".split()
    command = ("train", "--data", "sintel-clean=%s" % scenes, *options, "--output", tmp_path)
    kept = [".lock", "train.log", "options.json"]
    check_one_is_refused(tmp_path, command, command, kept)
