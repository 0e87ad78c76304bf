"""Pairs of two images, of a folder and of a video."""

import numpy as np
import pytest

from pwcnet.io import frame_pairs as module
from pwcnet.io.frame_pairs import frame_pairs
from tests.helpers.frames import moving_frames, write_images
from tests.helpers.videos import write_video

FRAMES = moving_frames(5, 48, 64)


def store(folder, names, frames=FRAMES):
    return write_images(folder, names, frames)


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

    monkeypatch.setattr(module, "read_video", endless)
    found = frame_pairs([tmp_path / "long.mp4"])
    assert found.count is None and not taken
    for number in range(1, 20):
        pair = next(found.pairs)
        assert len(taken) == number + 1 and pair.name == "long_%06d" % number
        np.testing.assert_array_equal(pair.frame1, FRAMES[number % 5])
        np.testing.assert_array_equal(pair.frame2, FRAMES[(number + 1) % 5])
    monkeypatch.setattr(module, "read_frame", lambda path: taken.append(path) or FRAMES[0])
    del taken[:]
    found = frame_pairs([store(tmp_path / "in", ["%d.png" % number for number in range(5)])])
    assert found.count == 4 and not taken
    next(found.pairs)
    assert len(taken) == 2
    assert len(list(found.pairs)) == 3 and len(taken) == 5


def test_other_inputs_are_refused(tmp_path):
    store(tmp_path / "in", ["1.png", "2.png", "3.png"])
    store(tmp_path / "single", ["1.png"])
    video = write_video(tmp_path / "one.avi", FRAMES[:1])
    one, two, three = (tmp_path / "in" / name for name in ("1.png", "2.png", "3.png"))
    for paths, words in (
        ([one], "1.png"),
        ([one, two, three], "3.png"),
        ([], "nothing"),
        ([tmp_path / "in", tmp_path / "single"], "single"),
        ([video, video], "one.avi"),
        ([tmp_path / "single"], "single"),
        ([one, video], "one.avi"),
    ):
        with pytest.raises(ValueError, match=words):
            frame_pairs(paths)
    for paths in ([tmp_path / "absent"], [tmp_path / "absent.mp4"], [one, tmp_path / "absent.png"]):
        with pytest.raises(FileNotFoundError, match="absent"):
            frame_pairs(paths)
    with pytest.raises(ValueError, match="one.avi"):
        list(frame_pairs([video]).pairs)
    (tmp_path / "in" / "2.png").write_bytes(one.read_bytes()[:100])
    with pytest.raises(ValueError, match="2.png"):
        list(frame_pairs([one, two]).pairs)
