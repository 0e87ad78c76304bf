"""Encoders of videos: what is at hand here, and what a browser makes of it."""

import os
import stat
import sys
import time

import numpy as np
import pytest

from pwcnet.io import video_encoders
from pwcnet.io.video import read_video, video_facts, video_writer
from tests.helpers.browser import open_browser

FAKE_FFMPEG = """#!%s
import sys
if "-encoders" in sys.argv:
    print(" V....D libx264  H.264")
    sys.exit()
open(sys.argv[-1] + ".arguments", "w").write(" ".join(sys.argv[1:]))
sys.stdin.buffer.read(%d)
print("first note", file=sys.stderr)
print("No space left on device", file=sys.stderr)
sys.exit(1)
"""
# Frames that fade from black to white.
PLAYED = """
const done = arguments[arguments.length - 1], video = document.createElement("video");
video.muted = true;
video.onerror = () => done([video.error.message]);
video.onended = () => done([video.duration, video.videoWidth, video.videoHeight]);
video.src = arguments[0];
video.play().catch(error => done([String(error)]));
"""


def fade(path, only, monkeypatch, count=10):
    """Writes the video with one encoder; skips the test where it is missing."""
    monkeypatch.setattr(video_encoders, "ENCODERS", [only])
    if only(str(path) + ".tried.mp4", 48, 64, 10.0) is None:
        pytest.skip("no such encoder here")
    with video_writer(str(path), 10.0) as video:
        for index in range(count):
            video.write(np.full((48, 64, 3), 25 * index, np.uint8))
    return str(path)


@pytest.mark.parametrize("only", video_encoders.ENCODERS, ids=lambda encoder: encoder.__name__)
def test_images_come_back(only, tmp_path, monkeypatch):
    path = fade(tmp_path / "a.mp4", only, monkeypatch)
    frames = list(read_video(path))
    assert len(frames) == 10 and video_facts(path) == (10, 10.0)
    for index, frame in enumerate(frames):
        assert np.abs(frame.astype(int) - 25 * index).max() < 8


def test_what_browsers_play_comes_first():
    """H.264, then VP9, which Chromium plays in mp4 too; MPEG-4 part 2 where there is no other."""
    names = [encoder.__name__ for encoder in video_encoders.ENCODERS]
    assert sorted(names[:3]) == ["imageio_encoder", "program_encoder", "pyav_encoder"]
    assert names[3:] == ["opencv_vp9", "opencv_mpeg4"]


def test_the_first_encoder_that_is_at_hand(tmp_path, monkeypatch):
    absent = [lambda *_: None]
    monkeypatch.setattr(
        video_encoders, "ENCODERS", absent + [lambda *arguments: arguments] + absent
    )
    assert video_encoders.open_encoder("a.mp4", 2, 4, 5.0) == ("a.mp4", 2, 4, 5.0)
    monkeypatch.setattr(video_encoders, "ENCODERS", absent)
    with pytest.raises(ValueError):
        video_encoders.open_encoder("a.mp4", 2, 4, 5.0)


@pytest.mark.parametrize("read", [0, 100000])
def test_an_error_of_ffmpeg_is_an_error_that_names_the_video(read, tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text(FAKE_FFMPEG % (sys.executable, read))
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setattr(video_encoders, "ENCODERS", [video_encoders.program_encoder])
    monkeypatch.setenv("PATH", "%s:%s" % (tmp_path, os.environ["PATH"]))
    with pytest.raises(OSError, match="a.mp4.*No space left"), video_writer(
        str(tmp_path / "out" / "a.mp4"), 29.97
    ) as video:
        for _ in range(20):
            video.write(np.zeros((48, 64, 3), np.uint8))
            time.sleep(0.01)
    (written,) = os.listdir(str(tmp_path / "out"))
    assert written.endswith(".arguments")  # of the program; no video
    arguments = (tmp_path / "out" / written).read_text()
    assert "-s 64x48" in arguments and "-framerate 29.97" in arguments


@pytest.mark.parametrize(
    "only",
    video_encoders.ENCODERS[:-1],  # MPEG-4 part 2 is for players outside of browsers
    ids=lambda encoder: encoder.__name__,
)
def test_a_browser_plays_it(only, tmp_path, monkeypatch):
    path = fade(tmp_path / "a.mp4", only, monkeypatch)
    (tmp_path / "page.html").write_text("<!doctype html><title>video</title>")
    with open_browser(tmp_path / "profile") as browser:
        browser.set_script_timeout(120)
        browser.get("file://%s" % (tmp_path / "page.html"))
        played = browser.execute_async_script(PLAYED, "file://" + path)
    assert played[0] == pytest.approx(1.0, abs=0.15) and played[1:] == [64, 48], played
