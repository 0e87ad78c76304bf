"""Images, videos and occlusion that `pwcnet predict` writes on request."""

import os
import sys

import cv2
import numpy as np
import pytest

from pwcnet.cli import prediction_files
from pwcnet.flow.color_scale import largest_magnitude
from pwcnet.flow.colors import flow_to_color
from pwcnet.flow.confidence import flow_confidence
from pwcnet.flow.drawing import draw_arrows, draw_legend, side_by_side
from pwcnet.flow.occlusion import forward_backward_occlusion
from pwcnet.inference.predictor import Predictor
from pwcnet.io.frame_pairs import frame_pairs
from pwcnet.io.images import read_frame
from pwcnet.io.video import read_video, video_facts
from tests.helpers.commands import run_command
from tests.helpers.flows import read_flo
from tests.helpers.frames import list_files, moving_frames, write_images
from tests.helpers.subcommands import call, run
from tests.helpers.videos import write_video

MEASURED = """
import sys
from pwcnet.cli import predict
predict.main(sys.argv[1:], "pwcnet predict")
print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
"""
# MiB between 24 and 96 frames. Allocators settle within 12 to 20; the frames, flows and images of
# 72 pairs, kept, would be above 50.
GROWTH = 24.0


FRAMES = moving_frames(5, 48, 64)


def store(folder, names, frames=FRAMES):
    return write_images(folder, names, frames)


def main(*arguments):
    call("predict", *arguments)


@pytest.mark.whole_on("tf1")
def test_arrows_legend_and_occlusion_of_a_folder(small_checkpoint, tmp_path, capsys):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"])
    main(
        "--weights",
        small_checkpoint,
        tmp_path / "in",
        "--output",
        tmp_path / "out",
        "--save",
        "flo,png,kitti,arrows",
        "--legend",
        "--occlusion",
        "--arrow-spacing",
        "12",
    )
    endings = (".flo", ".png", "_arrows.png", "_backward.flo", "_occlusion.png")
    assert list_files(tmp_path / "out") == sorted(
        [name + ending for name in "12" for ending in endings]
        + [os.path.join("kitti", name + ".png") for name in "12"]
    )
    assert capsys.readouterr().out == "2 flows in %s: flo, png, kitti, arrows, occlusion\n" % (
        tmp_path / "out"
    )
    with Predictor(small_checkpoint) as predictor:
        for index, name in enumerate("12"):
            path = str(tmp_path / "out" / name)
            flow, backward = read_flo(path + ".flo"), read_flo(path + "_backward.flo")
            np.testing.assert_allclose(
                flow, predictor.flow(FRAMES[index], FRAMES[index + 1]), atol=1e-4
            )
            np.testing.assert_allclose(
                backward, predictor.flow(FRAMES[index + 1], FRAMES[index]), atol=1e-4
            )
            np.testing.assert_array_equal(
                read_frame(path + ".png"), draw_legend(flow_to_color(flow), largest_magnitude(flow))
            )
            np.testing.assert_array_equal(
                read_frame(path + "_arrows.png"), draw_arrows(FRAMES[index], flow, 12)
            )
            mask = read_frame(path + "_occlusion.png")
            np.testing.assert_array_equal(
                mask,
                np.repeat(
                    255 * forward_backward_occlusion(flow, backward)[..., None].astype(np.uint8),
                    3,
                    axis=2,
                ),
            )


@pytest.mark.whole_on("tf2")
def test_confidence_of_a_folder(small_checkpoint, tmp_path, capsys):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"])
    folders = tmp_path / "in", "--output", tmp_path / "out"
    main("--weights", small_checkpoint, *folders, "--save", "kitti,confidence")
    assert list_files(tmp_path / "out") == [
        *(name + ending for name in "12" for ending in ("_confidence.npz", "_confidence.png")),
        *(os.path.join("kitti", name + ".png") for name in "12"),
    ]
    assert capsys.readouterr().out.endswith(": kitti, confidence\n")
    with Predictor(small_checkpoint) as predictor:
        for name, (_, *flows) in zip("12", predictor.both_ways(zip(FRAMES, FRAMES[1:]))):
            expected, path = flow_confidence(*flows), str(tmp_path / "out" / name) + "_confidence"
            with np.load(path + ".npz") as archive:
                assert archive.files == ["confidence"]
                confidence = archive["confidence"]
            assert confidence.dtype == np.float16
            np.testing.assert_allclose(confidence, expected, atol=2e-3)
            grey = cv2.imread(path + ".png", cv2.IMREAD_UNCHANGED)
            assert grey.dtype == np.uint8 and grey.shape == (48, 64)
            np.testing.assert_allclose(grey, 255 * expected, atol=1)


def test_confidence_that_would_be_written_twice_is_refused(tmp_path):
    store(tmp_path / "in", ["1.png", "1_confidence.png", "2.png"])
    folders = tmp_path / "in", "--output", tmp_path / "out"
    with pytest.raises(ValueError, match="1_confidence.png .*both 1 and 1_confidence"):
        main("--weights", "unread", *folders, "--save", "png,confidence")


def test_occlusion_with_a_frozen_graph_writes_no_flow_that_was_not_asked_for(
    small_frozen, tmp_path
):
    store(tmp_path / "in", ["1.png", "2.png"])
    main(
        "--weights",
        small_frozen,
        tmp_path / "in" / "1.png",
        tmp_path / "in" / "2.png",
        "--output",
        tmp_path / "out",
        "--save",
        "arrows",
        "--occlusion",
    )
    assert list_files(tmp_path / "out") == ["1_arrows.png", "1_occlusion.png"]


def test_the_video_of_a_folder(small_checkpoint, tmp_path):
    store(tmp_path / "walk.long", ["1.png", "2.png", "3.png", "4.png"])
    main(
        "--weights",
        small_checkpoint,
        tmp_path / "walk.long",
        "--output",
        tmp_path / "out",
        "--save",
        "video,flo",
        "--max-magnitude",
        "5",
        "--legend",
    )
    assert list_files(tmp_path / "out") == ["1.flo", "2.flo", "3.flo", "walk.long_flow.mp4"]
    path = str(tmp_path / "out" / "walk.long_flow.mp4")
    assert video_facts(path) == (3, 10.0)
    for index, frame in enumerate(read_video(path)):
        colors = draw_legend(
            flow_to_color(read_flo(tmp_path / "out" / ("%d.flo" % (index + 1))), 5.0), 5.0
        )
        assert np.abs(frame.astype(int) - side_by_side(FRAMES[index], colors)).mean() < 12


@pytest.mark.full
def test_the_video_of_a_video_has_its_rate_(small_checkpoint, tmp_path):
    write_video(tmp_path / "clip.avi", FRAMES, rate=12.5)
    found = frame_pairs([tmp_path / "clip.avi"])
    assert (found.count, found.title, found.rate, found.files, found.names) == (
        4,
        "clip",
        12.5,
        (),
        (),
    )
    done = run(
        "predict",
        "--weights",
        small_checkpoint,
        "clip.avi",
        "--save",
        "video",
        cwd=str(tmp_path),
    )
    assert done.returncode == 0 and done.stdout == "4 flows in flow: video\n", done.stderr
    assert list_files(tmp_path) == ["clip.avi", os.path.join("flow", "clip_flow.mp4")]
    assert video_facts(str(tmp_path / "flow" / "clip_flow.mp4")) == (4, 12.5)
    main(
        "--weights",
        small_checkpoint,
        tmp_path / "clip.avi",
        "--output",
        tmp_path,
        "--save",
        "video",
        "--fps",
        "30",
    )
    assert video_facts(str(tmp_path / "clip_flow.mp4")) == (4, 30.0) and video_facts(
        str(tmp_path / "clip.avi")
    ) == (5, 12.5)


def test_an_interruption_leaves_the_video_of_what_is_done(small_checkpoint, tmp_path, monkeypatch):
    store(tmp_path / "in", ["1.png", "2.png", "3.png", "4.png"])

    def both_ways(_, found):
        for index, pair in enumerate(found):
            if index == 2:
                raise KeyboardInterrupt
            yield pair, np.zeros((48, 64, 2), np.float32), np.zeros((48, 64, 2), np.float32)

    monkeypatch.setattr(Predictor, "both_ways", both_ways)
    with pytest.raises(KeyboardInterrupt):
        main(
            "--weights",
            small_checkpoint,
            tmp_path / "in",
            "--output",
            tmp_path / "out",
            "--save",
            "video",
            "--occlusion",
        )
    assert list_files(tmp_path / "out") == [
        "1_occlusion.png",
        "2_occlusion.png",
        "in_flow_unfinished.mp4",
    ]
    assert len(list(read_video(str(tmp_path / "out" / "in_flow_unfinished.mp4")))) == 2


def test_files_that_would_be_of_two_frames_are_refused(tmp_path):
    store(tmp_path / "in", ["a.png", "a_arrows.png", "b.png"])
    with pytest.raises(ValueError, match="a_arrows.png .* a and a_arrows"):
        main(
            "--weights",
            "absent",
            tmp_path / "in",
            "--output",
            tmp_path / "out",
            "--save",
            "png,arrows",
        )
    with pytest.raises(FileNotFoundError, match="absent"):  # no colours, no collision
        main(
            "--weights",
            "absent",
            tmp_path / "in",
            "--output",
            tmp_path / "out",
            "--save",
            "flo,arrows",
        )
    store(tmp_path / "back", ["a.png", "a_backward.png", "b.png"])
    with pytest.raises(ValueError, match="a_backward.flo .* a and a_backward"):
        main("--weights", "absent", tmp_path / "back", "--output", tmp_path / "out", "--occlusion")
    assert not (tmp_path / "out").exists()


def test_frames_in_the_folder_of_kitti_files_are_not_overwritten(tmp_path):
    store(tmp_path / "out" / "kitti", ["1.png", "2.png"])
    with pytest.raises(ValueError, match="%s is the folder" % (tmp_path / "out")):
        main(
            "--weights",
            "absent",
            tmp_path / "out" / "kitti",
            "--output",
            tmp_path / "out",
            "--save",
            "kitti",
        )


@pytest.mark.parametrize(
    "wrong, words",
    [
        (["--fps", "25"], "--fps .* --save flo,png,video"),
        (
            ["--save", "flo,arrows", "--legend"],
            "--legend .* --save flo,arrows,png",
        ),
        (["--arrow-spacing", "20"], "--arrow-spacing .*,arrows"),
    ],
)
def test_options_without_use_are_refused(wrong, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        main("--weights", "absent", tmp_path, "--output", tmp_path / "out", *wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--save", "video", "--fps", "0"],
        ["--save", "arrows", "--arrow-spacing", "0.5"],
        ["--save", "arrows,vector"],
        ["--memory", "nan"],
        ["--quality", "good"],
    ],
)
def test_wrong_values_are_refused(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main("--weights", "absent", tmp_path, "--output", tmp_path / "out", *wrong)
    assert caught.value.code == 2 and wrong[-2] in capsys.readouterr().err


def test_the_remedy_for_too_little_memory_is_no_level_that_needs_as_much(
    small_checkpoint, tmp_path
):
    store(tmp_path, ["1.png", "2.png"])
    arguments = "--weights", small_checkpoint, tmp_path, "--output", tmp_path / "out"
    with pytest.raises(ValueError, match="--memory") as caught:
        main(*arguments, "--quality", "balanced", "--memory", "1e-9", "--device", "cpu")
    assert "balanced" not in str(caught.value)


def test_the_video_of_two_images_is_refused(tmp_path):
    store(tmp_path, ["1.png", "2.png"])
    frames, output = [tmp_path / "1.png", tmp_path / "2.png"], ["--output", tmp_path / "out"]
    with pytest.raises(ValueError, match="--save video"):
        main(*(frames + output + ["--save", "video"]))


def test_a_video_that_cannot_be_written_is_one_error(small_checkpoint, tmp_path, monkeypatch):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"])
    monkeypatch.setattr(
        prediction_files, "side_by_side", lambda left, right: np.zeros((10, 70000, 3), np.uint8)
    )
    with pytest.raises((ValueError, OSError), match="in_flow.mp4"):
        main(
            "--weights",
            small_checkpoint,
            tmp_path / "in",
            "--output",
            tmp_path / "out",
            "--save",
            "video",
        )
    assert not (tmp_path / "out").exists() or list_files(tmp_path / "out") == []


@pytest.mark.full
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_the_length(small_checkpoint, tmp_path):
    scene = moving_frames(12, 128, 192)
    peaks = []
    for frames in (scene * 2, scene * 8):
        clip = write_video(tmp_path / ("%d.avi" % len(frames)), frames)
        done = run_command(
            "-c",
            MEASURED,
            "--weights",
            small_checkpoint,
            clip,
            "--output",
            tmp_path / "out",
            "--save",
            "flo,png,arrows,video",
            "--legend",
            "--occlusion",
        )
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    assert (
        len([name for name in list_files(tmp_path / "out") if name.endswith("_arrows.png")])
        == 23 + 95
    )
    assert peaks[1] - peaks[0] < GROWTH, peaks
