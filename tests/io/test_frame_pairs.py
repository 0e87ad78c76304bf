"""Pairs of two images, of a folder and of a video."""

import numpy as np
import pytest

from pwcnet.io import frames as module
from pwcnet.io.frame_pairs import FramePairs, frame_pairs
from pwcnet.io.lost_frames import Frame, Lost
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
        def frames():
            while True:
                taken.append(path)
                yield Frame(len(taken), FRAMES[len(taken) % 5])

        return frames(), None, None

    for name in ("pyav_video", "opencv_video"):
        monkeypatch.setattr(module, name, endless)
    (tmp_path / "long.mp4").write_bytes(b"frames")
    found = frame_pairs([tmp_path / "long.mp4"])
    assert found.count is None and not taken
    for number in range(1, 20):
        pair = next(found.pairs)
        assert len(taken) == number + 1 and pair.name == "long_%06d" % number
        np.testing.assert_array_equal(pair.frame1, FRAMES[number % 5])
        np.testing.assert_array_equal(pair.frame2, FRAMES[(number + 1) % 5])
    monkeypatch.setattr(module, "read_frame", lambda path, upright: taken.append(path) or FRAMES[0])
    del taken[:]
    found = frame_pairs([store(tmp_path / "in", ["%d.png" % number for number in range(5)])])
    assert found.count == 4 and not taken
    next(found.pairs)
    assert len(taken) == 2
    assert len(list(found.pairs)) == 3 and len(taken) == 5


def test_no_pair_spans_a_lost_frame(tmp_path):
    folder = store(tmp_path / "in", ["%d.png" % number for number in range(5)])
    (folder / "2.png").write_bytes(b"")
    with pytest.raises(ValueError, match="2.png"):
        frame_pairs([folder])
    found = frame_pairs([folder], skip_bad=True)
    assert [pair.name for pair in found.pairs] == ["0", "3"] and found.lost_count == 1
    for every, names in ((2, []), (3, ["0"])):
        found = frame_pairs([folder], every, skip_bad=True)
        assert [pair.name for pair in found.pairs] == names and found.lost_count == (every == 2)


def test_lost_frames_are_counted_as_far_as_they_are_known():
    lost = [Lost(4, 3, ValueError("a.mp4")), Lost(9, None, ValueError("a.mp4"))]
    assert FramePairs(iter(()), None, lost=lost).lost_count == 4


def test_every_nth_frame(tmp_path):
    folder = store(tmp_path / "in", ["%d.png" % number for number in range(5)])
    found = frame_pairs([folder], every=2)
    assert found.count == 2 and found.names == ("0", "2")
    for pair, (first, second) in zip(found.pairs, ((0, 2), (2, 4))):
        np.testing.assert_array_equal(pair.frame1, FRAMES[first])
        np.testing.assert_array_equal(pair.frame2, FRAMES[second])
    with pytest.raises(ValueError, match="in has 5"):
        frame_pairs([folder], every=5)


def test_scaled_pairs_share_their_frames(tmp_path):
    folder = store(tmp_path / "in", ["%d.png" % number for number in range(3)])
    first, second = frame_pairs([folder], scale=0.5).pairs
    assert first.frame1.shape == (24, 32, 3) and first.frame2 is second.frame1
    np.testing.assert_array_equal(second.original.frame2, FRAMES[2])


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
