"""Sequences of frames: numbers of their own, gaps, every n-th, and what is refused."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from pwcnet.io import frames as module
from pwcnet.io.frames import Range, open_frames
from pwcnet.io.lost_frames import BadFrameError, Frame, Lost
from pwcnet.io.pyav_frames import has_pyav
from tests.helpers.commands import ROOT
from tests.helpers.frames import moving_frames, write_images
from tests.helpers.oriented_images import oriented_image, stored
from tests.helpers.pyav_videos import overwrite, packets, rotate, write_pyav_video
from tests.helpers.videos import write_video

FRAMES = moving_frames(6, 48, 64)
LONG = moving_frames(40, 48, 64, step=1)
NAMES = ["f_%d.png" % number for number in range(6)]
DECODERS = (
    pytest.param(True, marks=pytest.mark.skipif(not has_pyav(), reason="PyAV is missing")),
    False,
)


@pytest.fixture(params=DECODERS, ids=lambda pyav: "pyav" if pyav else "opencv")
def decoder(request, monkeypatch):
    """Both decoders in turn; True is PyAV."""
    monkeypatch.setattr(module, "has_pyav", lambda: request.param)
    return request.param


def numbers(frames):
    return [item.number for item in frames if isinstance(item, Frame)]


def lost(frames):
    return [item[:2] for item in frames if isinstance(item, Lost)]


def damaged_folder(folder, damage):
    write_images(folder, NAMES, FRAMES)
    path = folder / NAMES[3]
    if damage == "link":
        path.unlink()
        path.symlink_to(folder / "nowhere")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "size":
        cv2.imwrite(str(path), FRAMES[3][:-2])
    return folder


@pytest.mark.parametrize("damage", ["link", "empty", "cut", "size"])
def test_a_bad_image_is_named_or_a_gap(damage, tmp_path):
    folder = damaged_folder(tmp_path / "in", damage)
    with pytest.raises((OSError, ValueError), match="f_3.png"):
        list(open_frames([folder]).frames)
    sequence = open_frames([folder], skip_bad=True)
    items = list(sequence.frames)
    assert numbers(items) == [1, 2, 3, 5, 6] and lost(items) == [(4, 1)]
    assert [sequence.name(number) for number in (3, 5)] == ["f_2", "f_4"]
    assert numbers(open_frames([folder], Range(every=5)).frames) == [1, 6]  # f_3 is not read


@pytest.mark.parametrize("damage", ["link", "empty", "size"])
def test_what_headers_tell_is_found_before_the_first_frame(damage, tmp_path):
    with pytest.raises((OSError, ValueError), match="f_3.png"):
        open_frames([damaged_folder(tmp_path / "in", damage)])


def test_the_usual_size_is_that_of_most_images(tmp_path):
    folder = write_images(tmp_path / "in", NAMES, [FRAMES[0][:-1], *FRAMES[1:]])
    with pytest.raises(ValueError, match="f_0.png.*f_1.png"):
        open_frames([folder])
    assert numbers(open_frames([folder], skip_bad=True).frames) == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("damage", ["link", "cut", "size"])
def test_an_error_tells_whether_pairs_are_left_without_the_frame(damage, tmp_path):
    folder = damaged_folder(tmp_path / "in", damage)
    with pytest.raises(BadFrameError, match="f_3.png"):
        list(open_frames([folder]).frames)
    for bad in ([folder / "f_2.png", folder / "f_3.png"], [folder / "f_3.png", folder / "f_4.png"]):
        with pytest.raises((OSError, ValueError)) as caught:
            list(open_frames(bad).frames)
        assert not isinstance(caught.value, BadFrameError) and ".png" in str(caught.value)
    for name in ("f_0.png", "f_1.png", "f_5.png"):
        (folder / name).unlink()
    with pytest.raises((OSError, ValueError)) as caught:
        list(open_frames([folder]).frames)
    assert not isinstance(caught.value, BadFrameError)


def test_an_unreadable_image_is_named(tmp_path, monkeypatch):
    folder = write_images(tmp_path / "in", NAMES, FRAMES)

    def refuse(path):
        if path.endswith("f_3.png"):
            raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(module, "read_header", refuse)
    with pytest.raises(BadFrameError, match="f_3.png: Permission denied"):
        open_frames([folder])
    assert lost(open_frames([folder], skip_bad=True).frames) == [(4, 1)]


def test_images_are_upright(tmp_path):
    for orientation in (1, 6):
        data = oriented_image(stored(FRAMES[0], orientation), ".png", orientation)
        (tmp_path / ("%d.png" % orientation)).write_bytes(data)
    for frame in open_frames([tmp_path / "1.png", tmp_path / "6.png"]).frames:
        np.testing.assert_array_equal(frame.image, FRAMES[0])


@pytest.mark.parametrize(
    "path, error, words",
    [
        ("rtsp://camera/1", ValueError, "rtsp://camera/1"),
        ("http://host/a.mp4", ValueError, "http://host/a.mp4"),
        ("0", ValueError, "0 is a camera"),
        ("/dev/video9", ValueError, "video9"),
        ("nothing/*.png", FileNotFoundError, r"nothing/\*\.png"),
        ("absent", FileNotFoundError, "absent"),
    ],
)
def test_other_inputs_are_refused(path, error, words):
    with pytest.raises(error, match=words):
        open_frames([path])
    with pytest.raises(error, match=words):
        open_frames([path, path])


@pytest.mark.parametrize("extension", ["mkv", "mp4", "mov", "ts", "mts", "flv", "3gp", "m4v"])
def test_containers(extension, decoder, tmp_path):
    path = write_pyav_video(tmp_path / ("a." + extension), LONG[:20])
    sequence = open_frames([path])
    frames = list(sequence.frames)
    assert numbers(frames) == list(range(1, 21)) and sequence.total == 20
    for frame, expected in zip(frames, LONG):
        assert np.abs(frame.image.astype(int) - expected).mean() < 20


@pytest.mark.parametrize(
    "name, codec, pixels",
    [
        ("a.gif", "gif", "rgb8"),
        ("a.y4m", "rawvideo", "yuv420p"),
        ("a.mpg", "mpeg2video", "yuv420p"),
        ("a.wmv", "wmv2", "yuv420p"),
        ("a.webm", "libvpx", "yuv420p"),
        ("b.avi", "mpeg4", "yuv420p"),
        ("alpha.mov", "qtrle", "argb"),
        ("ten.mkv", "libx264", "yuv420p10le"),
    ],
)
def test_codecs(name, codec, pixels, decoder, tmp_path):
    path = write_pyav_video(tmp_path / name, LONG[:20], codec, pixels)
    assert numbers(open_frames([path]).frames) == list(range(1, 21))


@pytest.mark.parametrize("extension", ["mkv", "mp4"])
def test_a_variable_rate_is_no_gap(extension, decoder, tmp_path):
    steps = np.random.RandomState(0).choice([20, 35, 40, 100], 39)
    times = [0, *np.cumsum(steps).tolist()]
    path = write_pyav_video(tmp_path / ("a." + extension), LONG, times=times)
    assert numbers(open_frames([path]).frames) == list(range(1, 41))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotated_videos(degrees, decoder, tmp_path):
    path = write_pyav_video(tmp_path / "a.mp4", LONG[:8])
    rotate(path, degrees)
    for frame, expected in zip(open_frames([path]).frames, LONG):
        expected = np.rot90(expected, -degrees // 90)
        assert frame.image.shape == expected.shape
        assert np.abs(frame.image.astype(int) - expected).mean() < 20


def test_odd_sizes(decoder, tmp_path):
    odd = [np.ascontiguousarray(frame[:47, :63]) for frame in LONG[:8]]
    path = write_pyav_video(tmp_path / "a.mp4", odd, pixels="yuv444p")
    assert {frame.image.shape for frame in open_frames([path]).frames} == {(47, 63, 3)}


def test_a_lost_frame_of_an_mjpeg_avi(decoder, tmp_path):
    path = write_video(tmp_path / "a.avi", LONG[:20])
    with open(path, "rb") as stream:
        starts = list(_find_all(stream.read(), b"\xff\xd8\xff"))
    overwrite(path, starts[9], 300, 0)
    with pytest.raises(ValueError, match="a.avi"):
        list(open_frames([path]).frames)
    sequence = open_frames([path], skip_bad=True)
    items = list(sequence.frames)
    assert sequence.total == 20 and lost(items)[0][0] == 10 and lost(items)[0][1] >= 1
    if decoder:
        assert numbers(items) == [number for number in range(1, 21) if number != 10]


def test_a_lost_last_frame(decoder, tmp_path):
    path = write_video(tmp_path / "a.avi", LONG[:20])
    with open(path, "rb") as stream:
        starts = list(_find_all(stream.read(), b"\xff\xd8\xff"))
    overwrite(path, starts[19], 300, 0)
    with pytest.raises(ValueError, match="a.avi"):
        list(open_frames([path]).frames)
    items = list(open_frames([path], skip_bad=True).frames)
    assert numbers(items) == list(range(1, 20)) and lost(items) == [(20, 1)]


def _find_all(data, pattern):
    at = data.find(pattern)
    while at >= 0:
        yield at
        at = data.find(pattern, at + 1)


def test_a_hole_in_a_matroska_file(decoder, tmp_path):
    path = write_pyav_video(tmp_path / "a.mkv", LONG, "ffv1", gop=1)
    positions = packets(path)
    start, _, _ = positions[20]
    end = positions[24][0]
    overwrite(path, start, end - start, 0)
    with pytest.raises(ValueError, match="a.mkv"):
        list(open_frames([path]).frames)
    sequence = open_frames([path], skip_bad=True)
    items = list(sequence.frames)
    missing = set(range(1, 41)) - set(numbers(items))
    assert sequence.total == 40 and {21, 22, 23, 24} <= missing
    for frame in items:
        if isinstance(frame, Frame):  # numbers are those of the content
            distances = [np.abs(frame.image.astype(int) - image).mean() for image in LONG]
            assert np.argmin(distances) == frame.number - 1


@pytest.mark.parametrize("extension", ["avi", "mkv"])
def test_a_video_that_breaks_off(extension, decoder, tmp_path):
    noise = list(np.random.RandomState(0).randint(0, 256, (20, 48, 64, 3)).astype(np.uint8))
    path = str(tmp_path / ("a." + extension))
    if extension == "avi":
        write_video(path, noise)
    else:
        write_pyav_video(path, noise)
    with open(path, "r+b") as stream:
        stream.truncate(os.path.getsize(path) // 2)
    items = open_frames([path]).frames
    with pytest.raises(ValueError, match="a." + extension):
        list(items)
    items = list(open_frames([path], skip_bad=True).frames)
    assert 2 <= len(numbers(items)) < 18
    assert len(numbers(items)) + sum(count for _, count in lost(items)) == 20


def test_every_nth_frame_of_a_video(decoder, tmp_path):
    path = write_video(tmp_path / "a.avi", LONG[:8])
    assert numbers(open_frames([path], Range(every=3)).frames) == [1, 4, 7]


ODD_NAMES = [b"\xff\xfe.avi", b"10:30.avi", b"%03d.avi", b"100%.avi", b"a b&;#?.avi", b"-x.avi"]


@pytest.mark.parametrize("pyav", ["", "av"])
@pytest.mark.parametrize("name", ODD_NAMES)
def test_videos_of_any_name(name, pyav, tmp_path):
    """In another process: OpenCV ends it for some names."""
    if not pyav or not has_pyav():
        hide = "sys.modules['av'] = None; from pwcnet.io import frames; "
        hide += "frames.has_pyav = lambda: False; "
    else:
        hide = ""
    os.rename(write_video(tmp_path / "a.avi", LONG[:4]), os.path.join(os.fsencode(tmp_path), name))
    code = "import os, sys; %sfrom pwcnet.io.frames import Range, open_frames; " % hide
    code += "print(len(list(open_frames([os.fsdecode(%r)]).frames)))" % name
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=str(tmp_path),
        env=dict(os.environ, PYTHONPATH=os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")])),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "4\n"), done.stderr


def test_images_of_any_name(tmp_path):
    data = cv2.imencode(".png", FRAMES[0])[1].tobytes()
    names = (b"\xff1.png", b"\xff2.png", b"a:3.png", b"%03d.png")
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as stream:
            stream.write(data)
    assert numbers(open_frames([tmp_path]).frames) == [1, 2, 3, 4]


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(str(tmp_path / "pipe.mp4"))
    os.symlink("nowhere", str(tmp_path / "link.mp4"))
    for name, error in (("pipe.mp4", ValueError), ("link.mp4", FileNotFoundError)):
        with pytest.raises(error, match=name):
            open_frames([str(tmp_path / name)])
