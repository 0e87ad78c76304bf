"""`pwcnet predict` on image files and videos: what is read, written and refused."""

import os
import re

import cv2
import numpy as np
import pytest

from pwcnet.cli import prediction_files
from pwcnet.flow.colors import flow_to_color
from pwcnet.inference.predictor import Predictor
from pwcnet.io.flow_files import read_flow
from tests.helpers.flows import read_flo
from tests.helpers.frames import list_files, moving_frames, write_images
from tests.helpers.subcommands import call, only_line, run
from tests.helpers.videos import write_video

FRAMES = moving_frames(5, 48, 64)


def store(folder, names, frames=FRAMES):
    return write_images(folder, names, frames)


def main(*arguments):
    call("predict", *arguments)


@pytest.fixture(scope="module")
def flows(small_checkpoint):
    """The flow of each frame to the next, [48, 64, 2]."""
    with Predictor(small_checkpoint) as predictor:
        return [predictor.flow(*two) for two in zip(FRAMES, FRAMES[1:])]


@pytest.mark.whole_on("tf2")
def test_a_folder_in_the_order_of_its_numbers(small_checkpoint, flows, tmp_path):
    store(tmp_path / "in", ["f8.png", "f9.png", "f10.png", "f11.png"])
    done = run(
        "predict",
        "--weights",
        small_checkpoint,
        "in",
        cwd=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "flow").rename(tmp_path / "out")  # flow is the default
    files = ["f10.flo", "f10.png", "f8.flo", "f8.png", "f9.flo", "f9.png"]
    assert list_files(tmp_path / "out") == files
    assert done.stdout == "3 flows in flow: flo, png\n"
    for name, flow in zip(("f8", "f9", "f10"), flows):
        stored = read_flo(tmp_path / "out" / (name + ".flo"))
        np.testing.assert_allclose(stored, flow, atol=1e-4)
        np.testing.assert_array_equal(
            cv2.imread(str(tmp_path / "out" / (name + ".png")))[..., ::-1], flow_to_color(stored)
        )


def test_two_pictures_with_a_fixed_scale(small_frozen, tmp_path, capsys):
    store(tmp_path, ["b.png", "a.png"])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.flo").write_bytes(b"old")
    main(
        "--weights",
        small_frozen,
        tmp_path / "b.png",
        tmp_path / "a.png",
        "--output",
        tmp_path / "out",
        "--max-magnitude",
        "7.5",
        "--save",
        "png,flo,kitti",
    )
    assert list_files(tmp_path / "out") == [
        "b.flo",
        "b.png",
        os.path.join("kitti", "b.png"),
    ] and capsys.readouterr().out.startswith("1 flow in")
    stored = read_flo(tmp_path / "out" / "b.flo")
    with Predictor(small_frozen) as predictor:
        np.testing.assert_allclose(stored, predictor.flow(FRAMES[0], FRAMES[1]), atol=1e-4)
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / "out" / "b.png"))[..., ::-1], flow_to_color(stored, 7.5)
    )
    kitti, valid = read_flow(str(tmp_path / "out" / "kitti" / "b.png"))
    assert valid.all() and np.abs(kitti - stored).max() <= 1 / 128 + 1e-4


def test_a_video(small_checkpoint, tmp_path):
    main(
        "--weights",
        small_checkpoint,
        write_video(tmp_path / "clip.avi", FRAMES),
        "--output",
        tmp_path / "out",
        "--save",
        "flo",
    )
    assert list_files(tmp_path / "out") == ["clip_%06d.flo" % number for number in range(1, 5)]


@pytest.mark.whole_on("tf2")
def test_grey_alpha_and_16_bits(small_checkpoint, tmp_path):
    grey = cv2.cvtColor(FRAMES[0], cv2.COLOR_RGB2GRAY)
    store(
        tmp_path / "in",
        ["1.png", "2.png", "3.png", "4.png"],
        [grey, cv2.cvtColor(FRAMES[1], cv2.COLOR_RGB2BGRA), grey.astype(np.uint16) * 257, grey],
    )
    main(
        "--weights",
        small_checkpoint,
        tmp_path / "in",
        "--output",
        tmp_path / "out",
        "--save",
        "flo",
    )
    assert list_files(tmp_path / "out") == ["1.flo", "2.flo", "3.flo"]
    with Predictor(small_checkpoint) as predictor:
        repeated = np.repeat(grey[..., None], 3, axis=2)
        np.testing.assert_allclose(
            read_flo(tmp_path / "out" / "3.flo"), predictor.flow(repeated, repeated), atol=1e-4
        )


def test_different_sizes_name_both_files(tmp_path):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"], [FRAMES[0], FRAMES[1], FRAMES[2][:40]])
    with pytest.raises(ValueError, match="3.png has 40x64 .*1.png has 48x64"):
        main("--weights", "unread", tmp_path / "in", "--output", tmp_path / "out")
    assert list_files(tmp_path / "out") == []


def test_an_interruption_leaves_complete_files_only(small_checkpoint, tmp_path, monkeypatch):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"])
    colours = prediction_files.flow_to_color

    def interrupted(flow, *rest):
        if os.path.exists(str(tmp_path / "out" / "2.flo")):
            raise KeyboardInterrupt
        return colours(flow, *rest)

    monkeypatch.setattr(prediction_files, "flow_to_color", interrupted)
    with pytest.raises(KeyboardInterrupt):
        main("--weights", small_checkpoint, tmp_path / "in", "--output", tmp_path / "out")
    assert list_files(tmp_path / "out") == ["1.flo", "1.png", "2.flo"]
    assert read_flo(tmp_path / "out" / "2.flo").shape == (48, 64, 2)


def test_flow_that_is_not_finite_is_refused(small_checkpoint, tmp_path, monkeypatch):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"])

    def consecutive(_, found):
        for index, pair in enumerate(found):
            flow = np.zeros((48, 64, 2), np.float32)
            flow[3, 4, 1] = np.inf if index else 0
            yield pair, flow

    monkeypatch.setattr(Predictor, "consecutive", consecutive)
    with pytest.raises(
        ValueError, match="flow of 2 .* 1 pixels.*%s; `pwcnet inspect" % small_checkpoint
    ):
        main("--weights", small_checkpoint, tmp_path / "in", "--output", tmp_path / "out")
    assert list_files(tmp_path / "out") == ["1.flo", "1.png"]


def test_an_output_that_is_no_folder_is_refused_at_once(tmp_path):
    store(tmp_path / "in", ["1.png", "2.png"])
    (tmp_path / "file").write_text("precious")
    for output in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotADirectoryError, match="file"):
            main("--weights", "absent", tmp_path / "in", "--output", output)
    assert (tmp_path / "file").read_text() == "precious"


def test_frames_are_never_overwritten(tmp_path):
    store(tmp_path, ["1.png", "2.png"])
    before = (tmp_path / "1.png").read_bytes()
    for frames in ([tmp_path], [tmp_path / "1.png", tmp_path / "2.png"]):
        with pytest.raises(ValueError, match=re.escape(os.path.join(str(tmp_path), "x", ".."))):
            main("--weights", "absent", *frames, "--output", os.path.join(str(tmp_path), "x", ".."))
    assert (
        list_files(tmp_path) == ["1.png", "2.png"] and (tmp_path / "1.png").read_bytes() == before
    )


@pytest.mark.parametrize(
    "wrong",
    [["--save", "flo,gif"], ["--save", ""], ["--max-magnitude", "0"], ["--max-magnitude", "nan"]],
)
def test_wrong_options_are_refused(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main("--weights", "absent", tmp_path, "--output", tmp_path / "out", *wrong)
    assert caught.value.code == 2 and wrong[0] in capsys.readouterr().err


def test_refusals_before_the_work_are_one_line(tmp_path):
    store(tmp_path / "in", ["1.png", "2.png"])
    done = run("predict", "--weights", "nowhere.pb", "in", "--output", "out", cwd=str(tmp_path))
    assert "nowhere.pb" in only_line(done)
    assert not (tmp_path / "out").exists()


def test_missing_and_damaged_weights(tmp_path):
    store(tmp_path / "in", ["1.png", "2.png"])
    (tmp_path / "damaged.pb").write_bytes(b"no graph")
    (tmp_path / "damaged.npz").write_bytes(b"no archive")
    output = tmp_path / "out"
    with pytest.raises(FileNotFoundError, match="absent"):
        main(tmp_path / "absent", "--output", output)
    with pytest.raises(FileNotFoundError, match="nowhere.index.*; pass a checkpoint's prefix"):
        main("--weights", tmp_path / "nowhere", tmp_path / "in", "--output", output)
    for name in ("damaged.pb", "damaged.npz"):
        with pytest.raises(ValueError, match=name):
            main("--weights", tmp_path / name, tmp_path / "in", "--output", output)
    assert not output.exists()
