"""Programs whose disk is full at any of their writes: nothing half-written, nothing lost.

The disk fails at the first operation that needs space, then at the second, and so on, until the
program passes. Then it has room, and the same command is repeated.
"""

import errno
import itertools
import os

import pytest

from pwcnet.cli.common import one_line
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.flow_files import write_flow
from tests.helpers.frames import moving_frames, write_images
from tests.helpers.full_disks import FailingDisk, check_files, check_line, contents, fill, same
from tests.helpers.subcommands import call

pytestmark = pytest.mark.whole_on("tf2")


def check_every_write(
    output, command, *arguments, before=(), unfinished=(), changing=(), code=errno.ENOSPC
):
    """Runs a command with a disk that fails at its first operation, its second and so on.

    Args:
        output: What the command writes to, a new folder.
        command: The subcommand.
        *arguments: Its arguments, which do not fail.
        before: {path in the folder: bytes}, what an earlier command wrote.
        unfinished: Ends of names of files from which the command goes on.
        changing: Ends of names of files that differ from run to run.
        code: The error of the disk.
    """
    before, unfinished = dict(before), tuple(unfinished)
    fill(output, before)
    call(command, *arguments)
    whole = contents(output)
    for number in itertools.count(1):
        fill(output, before)
        with FailingDisk(output, number, code) as disk:
            try:
                call(command, *arguments)
            except (ValueError, OSError) as error:
                check_line(one_line(error), output, code)
                check_files(contents(output), before, whole, unfinished, changing)
            else:
                assert same(contents(output), changing) == same(whole, changing)
                if not disk.failed:
                    break
        call(command, *arguments)
        assert same(contents(output), changing) == same(whole, changing)
    assert number > 3


@pytest.fixture(autouse=True)
def quick_fsync(monkeypatch):
    """No test cuts the power."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """A folder of two frames of 64x128."""
    folder = tmp_path_factory.mktemp("frames")
    return write_images(folder, ["1.png", "2.png"], moving_frames(2, 64, 128))


@pytest.fixture(scope="module")
def flows(tmp_path_factory):
    """A folder of two flow files of 32x48."""
    folder = tmp_path_factory.mktemp("flows")
    for number, flow in enumerate(demo_scene(0, 32, 48, 3, 4.0).flows):
        write_flow(str(folder / ("%d.flo" % number)), flow)
    return folder


def test_convert(flows, tmp_path):
    output = tmp_path / "out"
    arguments = (flows, "--bound", 20, "--output", output)
    formats = "png,kitti,pfm,npy,npz,xy,arrows"
    call("convert", *arguments, "--to", formats, "--max-magnitude", 40)
    check_every_write(output, "convert", *arguments, "--to", formats, before=contents(output))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_rank_table(code, tmp_path):
    output = tmp_path / "out"
    arguments = ("--output", output / "table.json", "--server", "node_0=10.0.0.1,10.0.0.2")
    earlier = {"table.json": b"{}"}
    check_every_write(output, "ascend rank-table", *arguments, before=earlier, code=code)


@pytest.mark.full
def test_scenes(tmp_path):
    output = tmp_path / "out"
    arguments = ("--output", output, "--size", "32x48", "--scenes", 1, "--frames", 2)
    check_every_write(output, "scenes", *arguments, unfinished=["made-by-make_scenes.txt"])


def test_ascend_prepare(tiny_sintel, tmp_path):
    output, options = tmp_path / "out", ("--size", "64x128", "--output", tmp_path / "out")
    call("ascend prepare", "--data", "sintel-final=" + tiny_sintel, *options)
    check_every_write(
        output,
        "ascend prepare",
        "--data",
        "sintel-clean=" + tiny_sintel,
        *options,
        before=contents(output),
        unfinished=["dataprep.partial"],
    )


@pytest.mark.full
def test_ascend_score(tiny_sintel, tmp_path):
    raw, output = tmp_path / "raw", tmp_path / "out"
    data = ("--data", "sintel-clean=" + tiny_sintel, "--size", "64x128")
    call("ascend prepare", *data, "--output", raw)
    predictions = {
        path.replace(".bin", "_output_0.bin"): data
        for path, data in contents(raw / "gt").items()
        if "0002_0003" in path
    }
    for path in contents(raw / "gt"):
        if "0002_0003" not in path:
            os.remove(str(raw / "gt" / path))
    fill(tmp_path / "predictions", predictions)
    check_every_write(
        output,
        "ascend score",
        *("--ground-truth", raw / "gt", "--predictions", tmp_path / "predictions"),
        *("--size", "64x128", "--frame-size", "60x120"),
        *("--csv", output / "epe.csv", "--output", output / "evaluation"),
        before={"epe.csv": b"id,epe\n"},
        unfinished=["evaluation.partial.jsonl", "epe.partial.csv"],
    )


@pytest.mark.full
def test_contact_sheet(tiny_sintel, tmp_path):
    output = tmp_path / "out"
    arguments = ("sintel-clean=" + tiny_sintel, "--rows", 1, "--sheet", output / "sheet.png")
    earlier = {"sheet.png": b"earlier"}
    check_every_write(output, "inspect dataset", *arguments, before=earlier)


def test_evaluate(tiny_sintel, tmp_path):
    output = tmp_path / "out"
    check_every_write(
        output,
        "evaluate",
        *("--data", "sintel-clean=" + tiny_sintel, "--pattern", "*_0001_*"),
        *("--classical", "dis", "--output", output, "--save-flow", "--save-pictures"),
        before={"notes.txt": b"mine"},
        unfinished=["evaluation.partial.jsonl"],
    )


@pytest.mark.full
def test_report(tiny_sintel, tmp_path):
    output = tmp_path / "out"
    check_every_write(
        output,
        "evaluate",
        *("--data", "sintel-clean=" + tiny_sintel, "--classical", "dis", "--report", output),
        unfinished=["evaluation.partial.jsonl"],
        changing=["index.html"],
    )


@pytest.mark.full
@pytest.mark.parametrize("save", ["flo,png,kitti,arrows --occlusion", "png --max-magnitude common"])
def test_predict(save, small_checkpoint, frames, tmp_path):
    output = tmp_path / "out"
    arguments = (frames, "--weights", small_checkpoint, "--output", output, "--save")
    call("predict", *arguments, *save.split(), "--scale", "0.5")
    check_every_write(output, "predict", *arguments, *save.split(), before=contents(output))


@pytest.mark.full
def test_submit(small_checkpoint, tmp_path):
    output = tmp_path / "out"
    write_sintel(str(tmp_path / "data"), [], [("cave", demo_scene(0, 64, 128, 2, 4.0))])
    check_every_write(
        output,
        "submit",
        *("--data", "sintel=%s" % (tmp_path / "data"), "--weights", small_checkpoint),
        *("--output", output / "flows", "--zip", output / "flows.zip", "--allow-incomplete"),
        before={"flows.incomplete.zip": b"earlier"},
        unfinished=[".submission.json"],
    )


@pytest.mark.full
def test_ascend_infer(small_frozen, tiny_sintel, tmp_path, monkeypatch):
    raw, output = tmp_path / "raw", tmp_path / "out"
    data = ("--data", "sintel-clean=" + tiny_sintel, "--size", "64x128")
    call("ascend prepare", *data, "--output", raw)
    monkeypatch.setattr("pwcnet.ascend.result_folders.MSAME_TIME", "20240203_040506")
    arguments = ("--weights", small_frozen, "--input", raw / "image", "--output", output)
    check_every_write(output, "ascend infer", *arguments, before={"notes.txt": b"mine"})


@pytest.mark.full
@pytest.mark.parametrize("name", ["pwcnet.npz", "pwcnet.pb", "folder"])
def test_export(name, small_checkpoint, tmp_path):
    output, earlier = tmp_path / "out", {} if name == "folder" else {name: b"earlier"}
    options = ("--size", "64x64") if name.endswith(".pb") else ()
    arguments = ("--weights", small_checkpoint, "--output", output / name, *options)
    # protobuf does not give the same graph the same bytes each time
    check_every_write(output, "export", *arguments, before=earlier, changing=[".pb"])


@pytest.mark.full
def test_plot(tmp_path):
    from pwcnet.training.tensorboard import EventWriter

    output = tmp_path / "out"
    with EventWriter(str(tmp_path / "run")) as events:
        events.scalars(1, {"loss": 2.0})
        events.scalars(2, {"loss": 1.0})
    arguments = (tmp_path / "run", "--output", output / "curves.png")
    check_every_write(output, "plot", *arguments, before={"curves.png": b"earlier"})


@pytest.mark.full
def test_benchmark(tmp_path, monkeypatch):
    output = tmp_path / "out"
    monkeypatch.setattr("pwcnet.cli.benchmark.measure", lambda *_: [])
    monkeypatch.setattr("pwcnet.cli.benchmark.format_results", lambda *_: "a table")
    arguments = ("--runtimes", "current", "--output", output / "benchmark.json")
    check_every_write(output, "benchmark", *arguments, before={"benchmark.json": b"{}"})
