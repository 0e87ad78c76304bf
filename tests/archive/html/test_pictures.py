"""The middle frame of a film."""

import base64

import cv2
import numpy as np
import pytest

from pwcnet.archive.html import pictures
from pwcnet.archive.html.pictures import middle_picture
from pwcnet.archive.items import Item
from pwcnet.io.lost_frames import IrregularError
from tests.helpers.archives import write_folder
from tests.helpers.frames import moving_frames
from tests.helpers.videos import write_video

FRAMES = 9


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("video") / "x.avi")
    return write_video(path, moving_frames(FRAMES, 48, 400))


def check_frame(picture, number):
    """A picture is that frame, shrunk."""
    data = base64.b64decode(picture.data.split(",")[1])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    errors = [
        np.abs(
            cv2.resize(frame, (320, 38), interpolation=cv2.INTER_AREA) - image.astype(int)
        ).mean()
        for frame in moving_frames(FRAMES, 48, 400)
    ]
    assert picture.caption == "Frame %d" % number and np.argmin(errors) == number - 1


@pytest.mark.parametrize("first, last, number", [(1, None, 5), (3, 7, 5), (6, None, 8)])
def test_videos(video, first, last, number):
    check_frame(middle_picture(Item("x", video, first, last), 4), number)


def test_videos_that_have_to_be_read_from_their_start(video, monkeypatch):
    def irregular(path, wanted):
        raise IrregularError(path)

    monkeypatch.setattr(pictures, "read_stretch", irregular)
    check_frame(middle_picture(Item("x", video), 8), 5)
    monkeypatch.setattr(pictures, "has_pyav", lambda: False)
    monkeypatch.setattr(pictures, "DECODED", 2)
    check_frame(middle_picture(Item("x", video), 8), 3)


def test_folders(tmp_path):
    folder = write_folder(tmp_path, 4)
    assert middle_picture(Item("x", folder), 3).caption == "Frame 3"


def test_files_that_are_gone_or_broken(tmp_path):
    path = str(tmp_path / "x.mp4")
    with pytest.raises(FileNotFoundError, match=path):
        middle_picture(Item("x", path), 3)
    (tmp_path / "x.mp4").write_bytes(b"no video")
    with pytest.raises(ValueError, match=path):
        middle_picture(Item("x", path), 3)
