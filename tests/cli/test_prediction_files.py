"""The files of each pair, with flow that is given."""

import logging
import os
from argparse import Namespace
from unittest import mock

import numpy as np
import pytest

from pwcnet.cli.predict import check_formats, parser
from pwcnet.cli.prediction_files import Saver
from pwcnet.flow.color_scale import VideoColorScale, clip_magnitude
from pwcnet.flow.colors import flow_to_color
from pwcnet.flow.confidence import flow_confidence
from pwcnet.flow.drawing import side_by_side
from pwcnet.io.flow_files import KITTI_MAX, read_flow
from pwcnet.io.frame_pairs import Pair
from pwcnet.io.images import read_frame
from tests.helpers.frames import list_files

FLOWS = {
    "a": np.full((32, 48, 2), 3.0, np.float32),
    "b": np.full((32, 48, 2), (600.0, -1.0), np.float32),
    "c": np.full((32, 48, 2), (0.0, 5.0), np.float32),
}


def options(folder, **changes):
    values = {"occlusion": False, "legend": False, "arrow_spacing": None, "max_magnitude": None}
    return Namespace(output=str(folder), **dict(values, **changes))


def save(args, flows=FLOWS):
    frame = np.zeros((32, 48, 3), np.uint8)
    with Saver(args, None, 25) as saver:
        for name, flow in flows.items():
            saver(Pair(name, frame, frame), flow)


def test_kitti_files_are_clipped_with_a_count(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        save(options(tmp_path, save=("kitti",)))
    assert list_files(tmp_path) == [os.path.join("kitti", name + ".png") for name in "abc"]
    flow, valid = read_flow(tmp_path / "kitti" / "b.png")
    assert valid.all() and (flow == (KITTI_MAX, -1)).all()
    assert "%d pixels of 1 kitti files" % (32 * 48) in caplog.text


@pytest.mark.parametrize("formats", [("png",), ("flo", "png")])
def test_colors_on_one_scale(formats, tmp_path):
    save(options(tmp_path, save=formats, max_magnitude="common"))
    kinds = [".flo", ".png"][-len(formats) :]
    assert list_files(tmp_path) == [name + kind for name in "abc" for kind in kinds]
    largest = float(np.hypot(600, 1))
    for name, flow in FLOWS.items():
        image = read_frame(tmp_path / (name + ".png"))
        np.testing.assert_array_equal(image, flow_to_color(flow, largest))


def test_colors_of_a_video_follow_its_rate_without_dark_specks(tmp_path):
    frame, video, scale = np.zeros((32, 48, 3), np.uint8), mock.Mock(), VideoColorScale(5)
    fast, slow = np.full((32, 48, 2), 9.0, np.float32), FLOWS["a"].copy()
    slow[0, 0] = 600
    with Saver(options(tmp_path, save=("video",)), video, 5) as saver:
        for flow in (fast, slow):
            saver(Pair("a", frame, frame), flow)
    for flow, call in zip((fast, slow), video.write.call_args_list):
        largest = scale.update(flow)
        colors = flow_to_color(clip_magnitude(flow, largest), largest)
        np.testing.assert_array_equal(call[0][0], side_by_side(frame, colors))


def test_an_interruption_leaves_the_colors_so_far(tmp_path):
    frame = np.zeros((32, 48, 3), np.uint8)
    args = options(tmp_path, save=("png",), max_magnitude="common")
    with pytest.raises(KeyboardInterrupt), Saver(args, None, 25) as saver:
        saver(Pair("a", frame, frame), FLOWS["a"])
        raise KeyboardInterrupt
    assert list_files(tmp_path) == ["a.png"]


def test_confidence_is_written_with_16_and_8_bits(tmp_path):
    flow = np.zeros((32, 48, 2), np.float32)
    frame, backward = np.zeros((32, 48, 3), np.uint8), flow.copy()
    backward[:, 30:] = 1, 0.5
    with Saver(options(tmp_path, save=("confidence",)), None, 25) as saver:
        saver(Pair("a", frame, frame), flow, backward)
    assert list_files(tmp_path) == ["a_confidence.npz", "a_confidence.png"]
    expected = flow_confidence(flow, backward)
    with np.load(str(tmp_path / "a_confidence.npz")) as archive:
        np.testing.assert_array_equal(archive["confidence"], expected.astype(np.float16))
    image = read_frame(tmp_path / "a_confidence.png")
    np.testing.assert_array_equal(image, np.rint(255 * expected)[..., np.newaxis].repeat(3, -1))


@pytest.mark.parametrize("formats", ["video,png", "flo"])
def test_a_common_scale_is_for_images_alone(formats):
    args = parser("pwcnet predict").parse_args(
        ["frames", "--max-magnitude", "common", "--save", formats]
    )
    with pytest.raises(ValueError, match="common"):
        check_formats(args)


def test_a_magnitude_is_a_number_or_common(capsys):
    read = parser("pwcnet predict").parse_args
    assert read(["frames", "--max-magnitude", "7.5"]).max_magnitude == 7.5
    for wrong in ("0", "all", "nan"):
        with pytest.raises(SystemExit):
            read(["frames", "--max-magnitude", wrong])
        assert "common" in capsys.readouterr().err
