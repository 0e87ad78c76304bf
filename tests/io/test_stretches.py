"""Parts of long sequences are the same frames as those of the whole."""

import numpy as np
import pytest

from pwcnet.io.frames import Range, open_frames
from pwcnet.io.images import write_image
from pwcnet.io.lost_frames import IrregularError
from pwcnet.io.stretches import read_stretch, survey_sequence
from tests.helpers.frames import moving_frames
from tests.helpers.videos import write_video

FRAMES = moving_frames(40, 48, 64, step=1)


def assert_same_parts(path, count):
    whole = list(open_frames([str(path)]).frames)
    assert [frame.number for frame in whole] == list(range(1, count + 1))
    for wanted in (Range(), Range(2, 9), Range(13, 13), Range(17, 40, 3), Range(31), Range(40)):
        part = list(read_stretch(str(path), wanted))
        expected = [frame for frame in whole if wanted.holds(frame.number)]
        assert [frame.number for frame in part] == [frame.number for frame in expected]
        for frame, other in zip(part, expected):
            np.testing.assert_array_equal(frame.image, other.image)
            assert frame.time == other.time


@pytest.mark.parametrize(
    "name, codec, options",
    [
        ("a.mp4", "libx264", {}),
        ("a.ts", "libx264", {"x264-params": "open-gop=1:bframes=3:keyint=8:b-pyramid=normal"}),
        ("a.mkv", "libx265", {"x265-params": "open-gop=1:bframes=3:keyint=8:log-level=none"}),
        ("a.avi", "mpeg4", {"bf": "2"}),
        ("a.webm", "libvpx-vp9", {}),
        ("a.mkv", "ffv1", {}),
    ],
)
def test_parts_of_videos(tmp_path, name, codec, options):
    pytest.importorskip("av")
    from tests.helpers.pyav_videos import write_pyav_video

    path = write_pyav_video(tmp_path / name, FRAMES, codec, options=options)
    assert survey_sequence(str(path)) == (40, True, True)
    assert_same_parts(path, 40)


def test_parts_of_a_folder(tmp_path):
    for number, frame in enumerate(FRAMES[:40], 1):
        write_image(str(tmp_path / ("f%d.png" % number)), frame)
    assert survey_sequence(str(tmp_path)) == (40, True, True)
    assert_same_parts(tmp_path, 40)
    (tmp_path / "f7.png").write_bytes((tmp_path / "f7.png").read_bytes()[:200])
    assert len(list(read_stretch(str(tmp_path), Range(8, 20)))) == 13
    with pytest.raises(IrregularError, match=str(tmp_path)):
        list(read_stretch(str(tmp_path), Range(5, 20)))


def test_parts_of_a_video_by_opencv(tmp_path, monkeypatch):
    monkeypatch.setattr("pwcnet.io.frames.has_pyav", lambda: False)
    monkeypatch.setattr("pwcnet.io.stretches.has_pyav", lambda: False)
    path = write_video(tmp_path / "a.avi", FRAMES)
    assert survey_sequence(path) == (40, True, False)
    assert_same_parts(path, 40)


def test_a_damaged_video_is_no_regular_sequence(tmp_path):
    pytest.importorskip("av")
    from tests.helpers.pyav_videos import overwrite, packets, write_pyav_video

    path = write_pyav_video(tmp_path / "a.mp4", FRAMES, gop=10)
    position, size, _ = packets(path)[15]
    overwrite(path, position, size)
    with pytest.raises(IrregularError, match="a.mp4"):
        list(read_stretch(path, Range(11, 30)))


def test_damage_before_a_part_that_depends_on_it(tmp_path):
    pytest.importorskip("av")
    from tests.helpers.pyav_videos import overwrite, packets, write_pyav_video

    path = write_pyav_video(tmp_path / "a.mkv", FRAMES, "mpeg2video", gop=12)
    position, size, _ = packets(path)[14]
    overwrite(path, position + size // 2, size // 4)
    assert survey_sequence(path) == (40, True, True)
    with pytest.raises(IrregularError, match="a.mkv"):
        list(read_stretch(path, Range(18, 30)))
    assert len(list(read_stretch(path, Range(25, 30)))) == 6
