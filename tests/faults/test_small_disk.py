"""Programs on file systems that are too small or read-only, and with a limit on files."""

import errno
import resource
import socket

import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from tests.helpers.frames import moving_frames, write_images
from tests.helpers.full_disks import PAGE, check_files, check_line, contents, fill, same, small_disk
from tests.helpers.subcommands import run

pytestmark = pytest.mark.whole_on("tf2")
AMPLE = "size=64m"
SHARES = (0.01, 0.5, 0.99)  # of what the output needs
# The last one is the end of names of event files.
RUN_FILES = ".lock", "train.log", "options.json", "checkpoint", socket.gethostname()


def check_refused(done, place, code):
    """A program ended with exit code 2; its last line is the error."""
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    line = done.stderr.splitlines()[-1]
    assert ": error: " in line, done.stderr
    check_line(line, place, code)


def check_succeeded(done):
    assert done.returncode == 0, done.stderr


def check_small_disk(folder, command, arguments, share, unfinished=(), again=()):
    """Runs a command on a file system too small for its output, then with room.

    Args:
        folder: A new folder.
        command: The subcommand.
        arguments: Its arguments, without --output.
        share: The size of the file system, as a share of what the output needs.
        unfinished: Ends of names of files from which the command goes on, or which differ.
        again: Arguments to add when it is repeated.
    """
    with small_disk(folder, 1 << 26) as remount:
        output = folder / "out"
        arguments = (*arguments, "--output", output)
        check_succeeded(run(command, *arguments))
        whole = contents(output)
        fill(folder, {})
        pages = sum(-(-len(data) // PAGE) for data in whole.values())
        remount("size=%d" % (PAGE * min(max(1, int(share * pages)), pages - 1)))
        check_refused(run(command, *arguments), folder, errno.ENOSPC)
        check_files(contents(output), {}, whole, unfinished)
        remount(AMPLE)
        check_succeeded(run(command, *arguments, *again))
        assert kept(output, unfinished) == same(without(whole, unfinished))


def kept(folder, unfinished):
    return same(without(contents(folder), unfinished))


def without(files, unfinished):
    return {path: data for path, data in files.items() if not path.endswith(tuple(unfinished))}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A folder in Sintel's layout: three frames of 64x128."""
    folder = tmp_path_factory.mktemp("scenes")
    write_sintel(str(folder), [("one", demo_scene(0, 64, 128, 3, 4.0))])
    return folder


@pytest.fixture
def flows(scenes):
    return scenes / "MPI-Sintel-complete" / "training" / "flow"


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """A folder of four frames of 64x128."""
    names = ["%d.png" % number for number in range(4)]
    return write_images(tmp_path_factory.mktemp("frames"), names, moving_frames(4, 64, 128))


def test_convert(flows, tmp_path):
    check_small_disk(tmp_path, "convert", (flows, "--to", "png,flo,npz"), 0.5)


def test_a_read_only_disk(flows, tmp_path):
    with small_disk(tmp_path, 1 << 26) as remount:
        arguments = ("convert", flows, "--output", tmp_path / "out")
        check_succeeded(run(*arguments))
        earlier = contents(tmp_path)
        remount("ro")
        check_refused(run(*arguments, "--max-magnitude", 9), tmp_path, errno.EROFS)
        assert contents(tmp_path) == earlier


def test_a_limit_on_the_size_of_files(flows, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, PAGE))

    fill(tmp_path, {"one/frame_0001.flo": b"earlier"})
    arguments = ("convert", flows, "--output", tmp_path, "--to", "flo")
    check_refused(run(*arguments, preexec_fn=limit), tmp_path, errno.EFBIG)
    assert contents(tmp_path) == {"one/frame_0001.flo": b"earlier"}


@pytest.mark.full
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("save", ["flo,png", "video"])
def test_predict(save, share, frames, small_checkpoint, tmp_path):
    arguments = (frames, "--weights", small_checkpoint, "--save", save)
    check_small_disk(tmp_path, "predict", arguments, share, unfinished=["_unfinished.mp4"])


@pytest.mark.full
@pytest.mark.parametrize("share", SHARES)
def test_evaluate(share, scenes, small_checkpoint, tmp_path):
    data = ("--data", "sintel-clean=%s" % scenes, "--weights", small_checkpoint)
    arguments = (*data, "--save-flow", "--save-pictures")
    unfinished = ["evaluation.partial.jsonl"]
    check_small_disk(tmp_path, "evaluate", arguments, share, unfinished)


@pytest.mark.full
@pytest.mark.parametrize("share", SHARES)
def test_export_of_a_checkpoint(share, small_checkpoint, tmp_path):
    check_small_disk(tmp_path, "export", ("--weights", small_checkpoint), share)


@pytest.mark.full
@pytest.mark.parametrize("share", (0.001, *SHARES))
def test_train(share, scenes, tmp_path):
    options = "--steps 2 --display 1 --save-every 1 --crop 64x64 --batch-size 1 --variant small"
    arguments = ("--data", "sintel-clean=%s" % scenes, *options.split(), "--threads", 1)
    check_small_disk(tmp_path, "train", arguments, share, RUN_FILES, again=["--resume"])


@pytest.mark.full
def test_a_run_whose_log_does_not_fit(scenes, tmp_path):
    with small_disk(tmp_path, PAGE) as remount:
        fill(tmp_path, {"run/train.log": b"." * PAGE})
        options = "--steps 1 --crop 64x64 --batch-size 1 --variant small".split()
        arguments = ("--data", "sintel-clean=%s" % scenes, *options, "--output", tmp_path / "run")
        done = run("train", *arguments)
        check_refused(done, tmp_path / "run" / "train.log", errno.ENOSPC)
        assert remount(AMPLE) == 0
        assert contents(tmp_path / "run")["train.log"] == b"." * PAGE
