"""What PyAV tells of frames that are lost: errors of the decoder, marks of the container."""

import pytest

from pwcnet.io.frames import open_frames
from pwcnet.io.lost_frames import Frame, Lost
from tests.helpers.frames import moving_frames
from tests.helpers.pyav_videos import overwrite, packets, write_pyav_video

pytest.importorskip("av")
FRAMES = moving_frames(40, 48, 64, step=1)


def numbers(frames):
    return [item.number for item in frames if isinstance(item, Frame)]


def lost(frames):
    return [item[:2] for item in frames if isinstance(item, Lost)]


def test_a_lost_frame_that_leaves_no_jump_in_the_times(tmp_path):
    """The decoder's error alone tells of it: its neighbors are an interval apart without it."""
    times = (
        [40 * number for number in range(10)] + [375] + [40 * number for number in range(10, 19)]
    )
    path = write_pyav_video(tmp_path / "a.mkv", FRAMES[:20], "mjpeg", "yuvj420p", 1, times)
    start, size, _ = packets(path)[10]
    with open(path, "rb") as stream:
        image = stream.read().index(b"\xff\xd8", start)
    overwrite(path, image, size - (image - start), 0)
    with pytest.raises(ValueError, match="a.mkv"):
        list(open_frames([path]).frames)
    items = list(open_frames([path], skip_bad=True).frames)
    assert lost(items) == [(11, 1)] and numbers(items) == [*range(1, 11), *range(12, 21)]


def test_a_frame_that_its_container_calls_damaged(tmp_path):
    """Receivers mark the packets of a transport stream that they could not correct."""
    path = write_pyav_video(tmp_path / "a.ts", FRAMES[:20], gop=1)
    start, _, _ = packets(path)[10]
    with open(path, "rb") as stream:
        flags = stream.read()[start + 1]
    overwrite(path, start + 1, 1, flags | 0x80)
    with pytest.raises(ValueError, match="a.ts"):
        list(open_frames([path]).frames)
    items = list(open_frames([path], skip_bad=True).frames)
    ((number, count),) = lost(items)
    assert count == 1 and 8 <= number <= 11 and len(numbers(items)) == 19


def test_frames_that_depend_on_a_lost_one_are_lost_too(tmp_path):
    path = write_pyav_video(tmp_path / "a.avi", FRAMES, "mpeg4", gop=10)
    start, size, _ = packets(path)[13]
    overwrite(path, start + 8, size - 8)
    items = list(open_frames([path], skip_bad=True).frames)
    missing = sorted(set(range(1, 41)) - set(numbers(items)))
    assert missing and 11 < missing[0] <= 14 and missing[-1] == 20
    assert sum(count for _, count in lost(items)) == len(missing)
