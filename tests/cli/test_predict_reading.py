"""What `pwcnet predict` reads: gaps, every n-th frame, other sizes, and what it refuses."""

import os

import cv2
import numpy as np
import pytest

from pwcnet.cli import predict
from tests.helpers.flows import read_flo
from tests.helpers.frames import list_files, moving_frames, write_images
from tests.helpers.subcommands import call
from tests.helpers.videos import write_video

FRAMES = moving_frames(6, 48, 64)
NAMES = ["f%d.png" % number for number in range(6)]


class StandInPredictor:
    """Predicts a motion of (1, 2) pixels at the size of the frames that it is given."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def consecutive(self, pairs):
        for pair in pairs:
            assert pair.frame1.shape == pair.frame2.shape
            flow = np.empty(pair.frame1.shape[:2] + (2,), np.float32)
            flow[:] = 1, 2
            yield pair, flow


@pytest.fixture
def main(tmp_path, monkeypatch):
    """Runs predict on inputs with --save flo and options; returns its exit code."""
    monkeypatch.setattr(predict, "open_predictor", lambda *_: StandInPredictor())
    output = ("--weights", "none", "--output", tmp_path / "out", "--save", "flo")
    return lambda *arguments: call("predict", *arguments, *output)


@pytest.fixture
def folder(tmp_path):
    return write_images(tmp_path / "in", NAMES, FRAMES)


@pytest.mark.parametrize("damage", ["link", "cut"])
def test_a_bad_frame_stops_it_or_is_a_gap(damage, main, folder, tmp_path, capsys):
    path = folder / "f3.png"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        path.unlink()
        path.symlink_to(folder / "nowhere")
    with pytest.raises(ValueError, match="f3.png.*--skip-bad"):
        main(folder)
    with pytest.raises((ValueError, FileNotFoundError), match="f3.png") as caught:
        main(folder / "f2.png", path)
    assert "--skip-bad" not in str(caught.value)
    finished = ["f0.flo", "f1.flo"] if damage == "cut" else []
    assert list_files(tmp_path / "out") == finished
    assert main(folder, "--skip-bad") == 1
    assert list_files(tmp_path / "out") == ["f0.flo", "f1.flo", "f4.flo"]
    assert "3 flows" in capsys.readouterr().out
    assert main(folder, "--every", 5) == 0  # f3 is not read


def test_frames_of_another_size_are_found_before_the_work(main, folder, tmp_path):
    cv2.imwrite(str(folder / "f5.png"), FRAMES[5][:-1])
    with pytest.raises(ValueError, match="f5.png.*--skip-bad"):
        main(folder)
    assert list_files(tmp_path / "out") == []


def test_a_lost_frame_of_a_video(main, tmp_path, capsys):
    path = write_video(tmp_path / "clip.avi", moving_frames(8, 48, 64))
    with open(path, "r+b") as stream:
        data = stream.read()
        start = -1
        for _ in range(4):
            start = data.index(b"\xff\xd8\xff", start + 1)
        stream.seek(start)
        stream.write(bytes(300))
    with pytest.raises(ValueError, match="clip.avi.*--skip-bad"):
        main(path)
    assert "clip_000003.flo" not in list_files(tmp_path / "out")
    assert main(path, "--skip-bad") == 1
    assert "left out" in capsys.readouterr().out
    files = list_files(tmp_path / "out")
    assert files[:2] == ["clip_000001.flo", "clip_000002.flo"]
    assert "clip_000003.flo" not in files and "clip_000004.flo" not in files


def test_every_nth_frame_and_another_size(main, folder, tmp_path):
    assert main(folder, "--every", 2, "--scale", 0.5) == 0
    assert list_files(tmp_path / "out") == ["f0.flo", "f2.flo"]
    stored = read_flo(tmp_path / "out" / "f0.flo")
    assert stored.shape == (48, 64, 2)
    np.testing.assert_allclose(stored, np.broadcast_to([2.0, 4.0], stored.shape))


def test_numbers_of_threads_are_those_of_the_session(monkeypatch, folder, tmp_path):
    seen = []

    def stop(args, weights):
        seen.append(args.threads)
        raise ValueError("stop")

    monkeypatch.setattr(predict, "open_predictor", stop)
    with pytest.raises(ValueError, match="stop"):
        call("predict", folder, "--output", tmp_path / "out", "--threads", 3)
    assert seen == [3]


@pytest.mark.parametrize(
    "inputs, words",
    [
        (["in/f*.png.absent"], "f\\*.png.absent"),
        (["in/f0.png", "in/f1.png", "in/f2.png"], "in/f2.png"),
        (["0"], "camera"),
        (["rtsp://host/stream"], "rtsp://host/stream"),
    ],
)
def test_inputs_that_are_refused(inputs, words, folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        call("predict", *inputs)
    assert sorted(os.listdir(str(tmp_path))) == ["in"]


@pytest.mark.parametrize(
    "wrong", [["--every", "0"], ["--every", "1.5"], ["--scale", "0"], ["--scale", "nan"]]
)
def test_wrong_values_are_refused(wrong, folder):
    with pytest.raises(SystemExit) as caught:
        call("predict", folder, *wrong)
    assert caught.value.code == 2
