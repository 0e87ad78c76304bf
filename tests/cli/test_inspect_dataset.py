import os

import numpy as np
import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.flow_files import write_flow
from pwcnet.io.images import read_frame
from tests.helpers import dataset_trees as trees
from tests.helpers import subcommands
from tests.helpers.subcommands import call, only_line


def run(*arguments):
    return call("inspect dataset", *arguments)


@pytest.fixture
def chairs(tmp_path):
    return trees.chairs(tmp_path, 5)


@pytest.fixture
def kitti(tmp_path):
    return trees.kitti(tmp_path, 2015)


def test_reports_every_set_and_draws_a_sheet(chairs, kitti, tmp_path, capsys):
    sheet = str(tmp_path / "out" / "sheet.png")
    assert (
        run(
            "chairs=" + chairs,
            "kitti2015=%s@0.5" % kitti,
            "--samples",
            0,
            "--rows",
            2,
            "--sheet",
            sheet,
        )
        == 0
    )
    out = capsys.readouterr().out
    assert (
        "pairs        5 listed, 5 read, 0 broken" in out
        and "pairs        3 listed, 3 read, 0 broken" in out
    )
    assert (
        "sizes        12x16 (5)" in out
        and "valid        100.00 %" in out
        and "valid        50.00 %" in out
    )
    assert (
        "mean 5.00, median 5.00, 90 % 5.00, 99 % 5.00, max 5.00" in out
        and "s0-10 100.0 %, s10-40 0.0 %, s40+ 0.0 %" in out
    )
    assert "%s: 4 pairs" % sheet in out and read_frame(sheet).shape[1] > 1000


def test_ground_truth_beyond_the_limit_is_counted(chairs, capsys):
    flow = np.zeros((12, 16, 2), np.float32)
    flow[0, :3] = -5e6
    write_flow(os.path.join(chairs, "FlyingChairs_release", "data", "00001_flow.flo"), flow)
    assert run("chairs=" + chairs, "--samples", 0) == 0
    assert "unknown      3 pixels" in capsys.readouterr().out


def test_chooses_evenly_or_at_random(chairs, capsys):
    for number in (2, 3, 4):  # broken, so that the report tells which were read
        with open(
            os.path.join(chairs, "FlyingChairs_release", "data", "%05d_flow.flo" % number), "wb"
        ):
            pass
    assert run("chairs=" + chairs, "--samples", 2) == 0
    assert "5 listed, 2 read, 0 broken" in capsys.readouterr().out
    outs = []
    for seed in (1, 1, 2, 3):
        run("chairs=" + chairs, "--samples", 2, "--seed", seed)
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1] and len(set(outs)) > 1 and all("2 read" in out for out in outs)


def test_modes_and_parts(kitti, capsys):
    assert run("kitti2015=" + kitti, "--mode", "train_with_val", "--part", "val") == 0
    assert "1 listed" in capsys.readouterr().out
    assert (
        run(
            "kitti2015=" + kitti,
            "--mode",
            "test",
            "--sheet",
            os.path.join(kitti, "sheet.png"),
        )
        == 0
    )
    out = capsys.readouterr().out
    assert "3 listed" in out and "ground truth none" in out and "sheet.png: 3 pairs" in out


def test_broken_files_are_named_and_counted(chairs, capsys):
    flow, frame = (
        os.path.join(chairs, "FlyingChairs_release", "data", name)
        for name in ("00002_flow.flo", "00004_img2.ppm")
    )
    for path in (flow, frame):
        with open(path, "r+b") as stream:
            stream.truncate(20)
    sheet = os.path.join(chairs, "sheet.png")
    assert run("chairs=" + chairs, "--sheet", sheet) == 2
    out = capsys.readouterr().out
    assert (
        "5 listed, 5 read, 2 broken" in out
        and flow in out
        and frame in out
        and out.count("broken       ") == 2
    )
    assert "sizes        12x16 (3)" in out and os.path.exists(sheet)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["chairs"], "NAME=FOLDER"),
        (["chairs=/nowhere"], "FlyingChairs_release"),
        (["chair=/d"], "'chair'"),
    ],
)
def test_wrong_sources(arguments, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        run(*arguments)


def test_a_wrong_folder_is_one_line(tmp_path):
    line = only_line(subcommands.run("inspect dataset", "hd1k=" + str(tmp_path)))
    assert line.startswith("pwcnet inspect dataset: error: ") and str(tmp_path) in line


def test_a_sheet_that_cannot_be_written_is_refused_first(chairs, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for sheet, error in (("file/sheet.png", OSError), ("sheet.bogus", ValueError)):
        with pytest.raises(error, match=sheet.split("/")[0]):
            run("chairs=" + chairs, "--sheet", str(tmp_path / sheet))
    assert not capsys.readouterr().out


def test_the_sheet_replaces_no_frame(tmp_path):
    write_sintel(str(tmp_path), [("one", demo_scene(0, 64, 96, 2, 4))])
    frame = tmp_path / "MPI-Sintel-complete/training/clean/one/frame_0001.png"
    before = frame.read_bytes()
    with pytest.raises(ValueError, match=str(frame)):
        call("inspect dataset", "sintel-clean=%s" % tmp_path, "--sheet", frame)
    assert frame.read_bytes() == before
