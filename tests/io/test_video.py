"""Videos in and out."""

import os
import resource
import signal

import cv2
import numpy as np
import pytest

from pwcnet.io import video_encoders
from pwcnet.io.names import is_plain
from pwcnet.io.video import is_video, read_video, video_facts, video_writer
from tests.helpers.videos import write_video


def image(level, height=48, width=64):
    return np.full((height, width, 3), (level, 0, 255 - level), np.uint8)


def names(folder):
    return sorted(os.listdir(str(folder)))


def write(path, count, rate=25, **size):
    with video_writer(str(path), rate) as video:
        for index in range(count):
            video.write(image(20 * index, **size))
            assert names(path.parent) != [path.name]
    return video


def test_videos_are_known_by_their_extension(tmp_path):
    assert is_video("a.mp4") and is_video("b.AVI") and is_video(tmp_path / "c.mov")
    assert not is_video("a.png") and not is_video("mp4") and not is_video("folder.mp4/a.png")


def test_video_frames_are_rgb_in_order(tmp_path):
    frames = [np.full((48, 64, 3), (200, 60, 20 + 50 * index), np.uint8) for index in range(4)]
    read = list(read_video(write_video(tmp_path / "a.avi", frames)))
    assert len(read) == 4
    for frame, expected in zip(read, frames):
        assert frame.dtype == np.uint8 and frame.shape == (48, 64, 3)
        assert np.abs(frame.astype(int) - expected).max() <= 4  # MJPG is lossy


def test_frames_of_a_video_are_not_one_buffer(tmp_path):
    video = read_video(
        write_video(
            tmp_path / "a.avi", [np.full((48, 64, 3), value, np.uint8) for value in (10, 200)]
        )
    )
    first, second = next(video), next(video)
    assert abs(int(first[0, 0, 0]) - 10) <= 4 and abs(int(second[0, 0, 0]) - 200) <= 4
    video.close()


def test_broken_videos_are_refused_at_once(tmp_path):
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"this is no video")
    with pytest.raises(ValueError, match=r"broken\.mp4"):
        read_video(str(path))
    with pytest.raises(FileNotFoundError, match=r"nowhere\.mp4"):
        read_video(str(tmp_path / "nowhere.mp4"))


@pytest.mark.parametrize("size", [(48, 64), (47, 64), (48, 63), (17, 21)])
def test_images_come_back_in_order_at_even_sizes(size, tmp_path):
    assert write(tmp_path / "a.mp4", 5, height=size[0], width=size[1]).count == 5
    frames = list(read_video(str(tmp_path / "a.mp4")))
    assert names(tmp_path) == ["a.mp4"] and len(frames) == 5
    for index, frame in enumerate(frames):
        assert frame.shape == (size[0] + size[0] % 2, size[1] + size[1] % 2, 3)
        assert np.abs(frame.astype(int) - (20 * index, 0, 255 - 20 * index)).max() < 12


@pytest.mark.parametrize("rate", [0.5, 10, 24000 / 1001, 59.94005994, 119.9345, 239.76024, 900.0])
def test_rates(rate, tmp_path):
    write(tmp_path / "a.mp4", 3, rate)
    facts = video_facts(str(tmp_path / "a.mp4"))
    assert facts.frames == 3 and facts.rate == pytest.approx(rate, rel=1e-3)


def test_facts_of_what_is_no_video(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    for path in (tmp_path / "a.mp4", tmp_path / "absent.mp4"):
        assert video_facts(str(path)) == (None, None)


@pytest.mark.parametrize(
    "claimed", [(-9.2e18, 25.0), (float("nan"), float("nan")), (0, 0), (1e15, 90000.0)]
)
def test_facts_that_are_not_plausible(claimed, tmp_path, monkeypatch):
    class Capture:
        def __init__(self, _):
            pass

        def get(self, what):
            return claimed[what == cv2.CAP_PROP_FPS]

        def release(self):
            pass

    (tmp_path / "a.mp4").write_bytes(b"")
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    assert video_facts(str(tmp_path / "a.mp4")) == (None, 25.0 if claimed[1] == 25.0 else None)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interruption_keeps_what_was_written_under_another_name(error, tmp_path, caplog):
    write(tmp_path / "a.mp4", 2)
    before = (tmp_path / "a.mp4").read_bytes()
    with pytest.raises(error), video_writer(str(tmp_path / "a.mp4"), 25) as video:
        for index in range(4):
            video.write(image(index))
        raise error
    assert (
        names(tmp_path) == ["a.mp4", "a_unfinished.mp4"]
        and (tmp_path / "a.mp4").read_bytes() == before
    )
    assert len(list(read_video(str(tmp_path / "a_unfinished.mp4")))) == 4
    assert "first 4 frames are in %s" % (tmp_path / "a_unfinished.mp4") in caplog.text
    write(tmp_path / "a.mp4", 5)
    assert names(tmp_path) == ["a.mp4"] and len(list(read_video(str(tmp_path / "a.mp4")))) == 5


def test_nothing_is_left_where_nothing_was_written(tmp_path):
    with video_writer(str(tmp_path / "a.mp4"), 25):
        pass
    with pytest.raises(KeyboardInterrupt), video_writer(str(tmp_path / "a.mp4"), 25):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_images_of_another_size_are_refused(tmp_path):
    path = str(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="a.mp4.*48x64.*50x64"), video_writer(path, 25) as video:
        video.write(image(0))
        video.write(image(0, 50))
    assert names(tmp_path) == ["a_unfinished.mp4"]


@pytest.mark.parametrize(
    "name", [os.fsdecode(b"latin-\xfc.mp4"), "[1]%d*.mp4", "n" * 251 + ".mp4"], ids=ascii
)
def test_any_name(name, tmp_path):
    folder = tmp_path / os.fsdecode(b"latin-\xfc")
    with video_writer(str(folder / name), 25) as video:
        for index in range(3):
            video.write(image(20 * index))
    assert names(folder) == [name] and (folder / name).stat().st_size > 100
    with pytest.raises(KeyboardInterrupt), video_writer(str(folder / name), 25) as video:
        video.write(image(0))
        raise KeyboardInterrupt
    (unfinished,) = set(names(folder)) - {name}
    assert unfinished.endswith("_unfinished.mp4") and unfinished[:3] == name[:3]


def test_encoders_are_given_plain_paths_alone(tmp_path, monkeypatch):
    """OpenCV ends the process for a name that is no UTF-8."""

    def encoder(path, *arguments):
        return video_encoders.opencv_mpeg4(path, *arguments) if is_plain(path) else None

    monkeypatch.setattr(video_encoders, "ENCODERS", [encoder])
    path = tmp_path / os.fsdecode(b"latin-\xfc.mp4")
    with video_writer(str(path), 25) as video:
        video.write(image(20))
    assert path.stat().st_size > 100


@pytest.mark.parametrize("only", [video_encoders.opencv_vp9, video_encoders.opencv_mpeg4])
def test_a_video_that_cannot_be_written_is_refused(only, tmp_path, monkeypatch):
    monkeypatch.setattr(video_encoders, "ENCODERS", [only])
    with pytest.raises(
        ValueError,
        match="a.mp4.*10x70000.*25",
    ), video_writer(str(tmp_path / "a.mp4"), 25) as video:
        video.write(np.zeros((10, 70000, 3), np.uint8))
    assert names(tmp_path) == []


def test_a_full_disk_is_an_error(tmp_path):
    noise = np.random.RandomState(0)
    limits, handler = (
        resource.getrlimit(resource.RLIMIT_FSIZE),
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
    )
    try:
        with pytest.raises(OSError, match="a.mp4"), video_writer(
            str(tmp_path / "a.mp4"), 25
        ) as video:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50000, limits[1]))
            for _ in range(30):
                video.write(noise.randint(0, 256, (96, 128, 3)).astype(np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert "a.mp4" not in names(tmp_path) and not any(
        name.startswith(".") for name in names(tmp_path)
    )
