"""Complete and incomplete JPEGs."""

import sys

import cv2
import numpy as np
import pytest

from pwcnet.io import jpeg
from pwcnet.io.images import read_frame
from pwcnet.io.jpeg import has_strict_decoder, jpeg_fault
from tests.helpers.frames import moving_frames

FRAME = moving_frames(1, 96, 128)[0]
JPEG = cv2.imencode(".jpg", FRAME, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
PROGRESSIVE = cv2.imencode(".jpg", FRAME, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
RESTARTS = cv2.imencode(".jpg", FRAME, [cv2.IMWRITE_JPEG_RST_INTERVAL, 2])[1].tobytes()
KINDS = (JPEG, PROGRESSIVE, RESTARTS)

needs_simplejpeg = pytest.mark.skipif(not has_strict_decoder(), reason="simplejpeg is missing")


@pytest.mark.parametrize("data", KINDS)
def test_complete_files(data, tmp_path):
    assert jpeg_fault(data) is None
    assert jpeg_fault(b"\xff\xd8\xff\xff\xff" + data[3:]) is None  # fill bytes before a marker


@pytest.mark.parametrize("data", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_appended_data_are_no_fault(data, seed, tmp_path):
    appended = data + np.random.RandomState(seed).bytes(2000000)
    for tail in (b"\xff\xda", b"\xff\xd8\xff\xda\0\x08", appended[len(data) :]):
        assert jpeg_fault(data + tail) is None
    (tmp_path / "phone.jpg").write_bytes(appended)
    (tmp_path / "plain.jpg").write_bytes(data)
    np.testing.assert_array_equal(
        read_frame(str(tmp_path / "phone.jpg")), read_frame(str(tmp_path / "plain.jpg"))
    )


@pytest.mark.parametrize("data", KINDS)
def test_files_that_break_off(data, tmp_path):
    for length in list(range(2, 700, 11)) + [len(data) // 2, len(data) - 2, len(data) - 1]:
        assert jpeg_fault(data[:length])
    thumbnail = b"\xff\xe1" + (len(JPEG) + 2).to_bytes(2, "big") + JPEG
    assert jpeg_fault((data[:2] + thumbnail + data[2:])[:-50])
    (tmp_path / "cut.jpg").write_bytes(data[:-50])
    with pytest.raises(ValueError, match=r"cut\.jpg"):
        read_frame(str(tmp_path / "cut.jpg"))


def without_middle(data):
    return data[: len(data) // 2] + data[-2:]


@needs_simplejpeg
def test_a_file_without_its_middle_is_refused(tmp_path):
    (tmp_path / "hole.jpg").write_bytes(without_middle(JPEG))
    with pytest.raises(ValueError, match=r"hole\.jpg"):
        read_frame(str(tmp_path / "hole.jpg"))
    damaged = bytearray(JPEG)
    damaged[len(JPEG) // 2 : len(JPEG) // 2 + 200] = b"\x55" * 200
    assert jpeg_fault(bytes(damaged))


@needs_simplejpeg
def test_a_few_bytes_of_padding_are_no_fault():
    for count in (3, 12):  # libjpeg finds 9 extraneous bytes in the second
        assert jpeg_fault(JPEG[:-2] + bytes(count) + JPEG[-2:]) is None
    assert jpeg_fault(JPEG[:-2] + bytes(300) + JPEG[-2:])


def test_without_simplejpeg_only_the_end_is_checked(monkeypatch):
    monkeypatch.setattr(jpeg, "has_strict_decoder", lambda: False)
    monkeypatch.setitem(sys.modules, "simplejpeg", None)
    assert jpeg_fault(JPEG) is None and jpeg_fault(without_middle(JPEG)) is None
    assert jpeg_fault(JPEG[:-2])
