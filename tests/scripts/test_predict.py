"""Flow of a user's own pictures and videos."""

import os

import cv2
import numpy as np
import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.flow.colors import flow_to_color
from pwcnet.inference.predictor import Predictor
from pwcnet.io import frame_pairs as pairs
from pwcnet.io.flow_files import read_flow
from pwcnet.io.frame_pairs import frame_pairs
from scripts import predict
from tests.conftest import ROOT, read_flo, run_command

FRAMES = demo_scene(3, 48, 64, 5, 4.0).frames


def store(folder, names, frames=FRAMES):
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in zip(names, frames):
        assert cv2.imwrite(
            str(folder / name),
            frame[..., ::-1] if frame.ndim == 3 and frame.shape[2] == 3 else frame,
        )
    return folder


def make_video(path, frames=FRAMES):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no MJPG video")
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


def names(folder):
    return sorted(
        os.path.relpath(os.path.join(parent, name), str(folder))
        for parent, _, files in os.walk(str(folder))
        for name in files
    )


def main(*arguments):
    predict.main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def flows(small_checkpoint):
    """The flow of each frame to the next, [48, 64, 2]."""
    with Predictor(small_checkpoint) as predictor:
        return [predictor.flow(*two) for two in zip(FRAMES, FRAMES[1:])]


def test_a_folder_in_the_order_of_its_numbers(small_checkpoint, flows, tmp_path):
    store(tmp_path / "in", ["f8.png", "f9.png", "f10.png", "f11.png"])
    done = run_command(
        os.path.join(ROOT, "scripts", "predict.py"),
        "--ckpt",
        small_checkpoint,
        "in",
        cwd=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "flow").rename(tmp_path / "out")  # flow is the default
    assert (
        names(tmp_path / "out") == ["f10.flo", "f10.png", "f8.flo", "f8.png", "f9.flo", "f9.png"]
        and "3/3" in done.stderr
    )
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
        "--ckpt",
        small_frozen,
        tmp_path / "b.png",
        tmp_path / "a.png",
        "--output",
        tmp_path / "out",
        "--max_magnitude",
        "7.5",
        "--save",
        "png,flo,kitti",
    )
    assert names(tmp_path / "out") == [
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
        "--ckpt",
        small_checkpoint,
        make_video(tmp_path / "clip.avi"),
        "--output",
        tmp_path / "out",
        "--save",
        "flo",
    )
    assert names(tmp_path / "out") == ["clip_%06d.flo" % number for number in range(1, 5)]


def test_grey_alpha_and_16_bits(small_checkpoint, tmp_path):
    grey = cv2.cvtColor(FRAMES[0], cv2.COLOR_RGB2GRAY)
    store(
        tmp_path / "in",
        ["1.png", "2.png", "3.png", "4.png"],
        [grey, cv2.cvtColor(FRAMES[1], cv2.COLOR_RGB2BGRA), grey.astype(np.uint16) * 257, grey],
    )
    main("--ckpt", small_checkpoint, tmp_path / "in", "--output", tmp_path / "out", "--save", "flo")
    assert names(tmp_path / "out") == ["1.flo", "2.flo", "3.flo"]
    with Predictor(small_checkpoint) as predictor:
        repeated = np.repeat(grey[..., None], 3, axis=2)
        np.testing.assert_allclose(
            read_flo(tmp_path / "out" / "3.flo"), predictor.flow(repeated, repeated), atol=1e-4
        )


def test_names_of_a_folder_are_unique(tmp_path):
    store(tmp_path, ["a.png", "a.bmp", "b.png"])
    assert [pair.name for pair in frame_pairs([tmp_path]).pairs] == ["a.bmp", "a.png"]
    store(tmp_path / "last", ["a.png", "b.png", "b.ppm"])
    assert [pair.name for pair in frame_pairs([tmp_path / "last"]).pairs] == ["a", "b"]


def test_frames_are_read_as_they_are_needed(tmp_path, monkeypatch):
    taken = []

    def endless(path):
        while True:
            taken.append(path)
            yield FRAMES[len(taken) % 5]

    monkeypatch.setattr(pairs, "read_video", endless)
    found = frame_pairs([tmp_path / "long.mp4"])
    assert found.count is None and not taken
    for number in range(1, 20):
        pair = next(found.pairs)
        assert len(taken) == number + 1 and pair.name == "long_%06d" % number
        np.testing.assert_array_equal(pair.frame1, FRAMES[number % 5])
        np.testing.assert_array_equal(pair.frame2, FRAMES[(number + 1) % 5])
    monkeypatch.setattr(pairs, "read_frame", lambda path: taken.append(path) or FRAMES[0])
    del taken[:]
    found = frame_pairs([store(tmp_path / "in", ["%d.png" % number for number in range(5)])])
    assert found.count == 4 and not taken
    next(found.pairs)
    assert len(taken) == 2
    assert len(list(found.pairs)) == 3 and len(taken) == 5


def test_different_sizes_name_both_files(small_checkpoint, tmp_path):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"], [FRAMES[0], FRAMES[1], FRAMES[2][:40]])
    with pytest.raises(ValueError, match="48x64 .*2.png and 40x64 in .*3.png"):
        main("--ckpt", small_checkpoint, tmp_path / "in", "--output", tmp_path / "out")
    assert names(tmp_path / "out") == ["1.flo", "1.png"]


def test_an_interruption_leaves_complete_files_only(small_checkpoint, tmp_path, monkeypatch):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"])
    colours = predict.flow_to_color

    def interrupted(flow, *rest):
        if os.path.exists(str(tmp_path / "out" / "2.flo")):
            raise KeyboardInterrupt
        return colours(flow, *rest)

    monkeypatch.setattr(predict, "flow_to_color", interrupted)
    with pytest.raises(KeyboardInterrupt):
        main("--ckpt", small_checkpoint, tmp_path / "in", "--output", tmp_path / "out")
    assert names(tmp_path / "out") == ["1.flo", "1.png", "2.flo"]
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
        ValueError, match="finite flow, got 1 pixels .* the pair 2 from %s; try" % small_checkpoint
    ):
        main("--ckpt", small_checkpoint, tmp_path / "in", "--output", tmp_path / "out")
    assert names(tmp_path / "out") == ["1.flo", "1.png"]


def test_an_output_that_is_no_folder_is_refused_at_once(tmp_path):
    store(tmp_path / "in", ["1.png", "2.png"])
    (tmp_path / "file").write_text("precious")
    for output in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotADirectoryError, match="file"):
            main("--ckpt", "absent", tmp_path / "in", "--output", output)
    assert (tmp_path / "file").read_text() == "precious"


def test_frames_are_never_overwritten(tmp_path):
    store(tmp_path, ["1.png", "2.png"])
    before = (tmp_path / "1.png").read_bytes()
    for frames in ([tmp_path], [tmp_path / "1.png", tmp_path / "2.png"]):
        with pytest.raises(ValueError, match="output folder other than that of the frames"):
            main("--ckpt", "absent", *frames, "--output", os.path.join(str(tmp_path), "x", ".."))
    assert names(tmp_path) == ["1.png", "2.png"] and (tmp_path / "1.png").read_bytes() == before


def test_other_inputs_are_refused(tmp_path):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"])
    store(tmp_path / "single", ["1.png"])
    video = make_video(tmp_path / "one.avi", FRAMES[:1])
    one, two, three = (tmp_path / "in" / name for name in ("1.png", "2.png", "3.png"))
    for paths, words in (
        ([one], "two pictures, one folder or one video, got .*1.png"),
        ([one, two, three], "two pictures, one folder"),
        ([], "got nothing"),
        ([tmp_path / "in", tmp_path / "single"], "one folder or one video"),
        ([video, video], "one video, got"),
        ([tmp_path / "single"], "at least two pictures"),
        ([one, video], "two pictures"),
    ):
        with pytest.raises(ValueError, match=words):
            frame_pairs(paths)
    for paths in ([tmp_path / "absent"], [tmp_path / "absent.mp4"], [one, tmp_path / "absent.png"]):
        with pytest.raises(FileNotFoundError, match="absent"):
            frame_pairs(paths)
    with pytest.raises(ValueError, match="at least two frames, got one in .*one.avi"):
        list(frame_pairs([video]).pairs)
    (tmp_path / "in" / "2.png").write_bytes(one.read_bytes()[:100])
    with pytest.raises(ValueError, match="2.png"):
        list(frame_pairs([one, two]).pairs)


@pytest.mark.parametrize(
    "wrong",
    [["--save", "flo,gif"], ["--save", ""], ["--max_magnitude", "0"], ["--max_magnitude", "nan"]],
)
def test_wrong_options_are_refused(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main("--ckpt", "absent", tmp_path, "--output", tmp_path / "out", *wrong)
    assert caught.value.code == 2 and wrong[0] in capsys.readouterr().err


def test_missing_weights_and_missing_frames_are_one_line(tmp_path):
    store(tmp_path / "in", ["1.png", "2.png"])
    for weights, folder in (
        (tmp_path / "nowhere.pb", tmp_path / "in"),
        (tmp_path, tmp_path / "nowhere"),
    ):
        done = run_command(
            "scripts/predict.py", "--ckpt", weights, folder, "--output", tmp_path / "out"
        )
        lines = [line for line in done.stderr.splitlines() if not line.startswith("device: ")]
        assert done.returncode == 2 and len(lines) == 1 and "nowhere" in lines[0], done.stderr
    with pytest.raises(FileNotFoundError, match="nowhere.index"):
        main("--ckpt", tmp_path / "nowhere", tmp_path / "in", "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()
