"""Sizes and orientations from the headers of image files."""

import cv2
import numpy as np
import pytest

from pwcnet.io.image_headers import HEAD, parse_header, read_header, turned
from tests.helpers.oriented_images import FORMATS, exif, oriented_image, stored

RGB = np.random.RandomState(0).randint(0, 256, (34, 50, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    "extension", [".png", ".jpg", ".bmp", ".ppm", ".pgm", ".tif", ".webp", ".lossy.webp"]
)
def test_sizes_of_all_formats(extension, tmp_path):
    path = str(tmp_path / ("a" + extension))
    settings = [cv2.IMWRITE_WEBP_QUALITY, 80 if "lossy" in extension else 101]
    image = RGB[..., 0] if extension == ".pgm" else RGB
    assert cv2.imwrite(path, image, settings if "webp" in extension else [])
    assert read_header(path) == (34, 50, 1, extension == ".tif")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations(orientation, extension, order, tmp_path):
    data = oriented_image(RGB, extension, orientation, order)
    (tmp_path / "a").write_bytes(data)
    for header in (parse_header(data), read_header(str(tmp_path / "a"))):
        assert header[:3] == (34, 50, orientation)
        assert header.upright_size == ((34, 50) if orientation < 5 else (50, 34))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_undoes_what_the_camera_stored(orientation):
    np.testing.assert_array_equal(turned(stored(RGB, orientation), orientation), RGB)


def test_a_wrong_orientation_is_upright():
    for orientation in (0, 9, 65535):
        assert parse_header(oriented_image(RGB, ".jpg", orientation)).orientation == 1


def test_an_image_beyond_a_large_preamble(tmp_path):
    jpeg = oriented_image(RGB, ".jpg", 6)
    comment = b"\xff\xfe\xff\xff" + bytes(65533)
    (tmp_path / "a.jpg").write_bytes(jpeg[:2] + comment * 3 + jpeg[2:])
    assert read_header(str(tmp_path / "a.jpg")) == (34, 50, 6, False)


@pytest.mark.parametrize("extension", [".png", ".webp"])
def test_orientations_behind_the_pixels(extension, tmp_path):
    noise = np.random.RandomState(0).randint(0, 256, (200, 300, 3)).astype(np.uint8)
    data = oriented_image(noise, extension, 6)
    if extension == ".png":
        start, length = 33, 12 + len(exif(6))
        end = len(data) - 12  # of the chunk IEND
        chunk = data[start : start + length]
        data = data[:start] + data[start + length : end] + chunk + data[end:]
    (tmp_path / "a").write_bytes(data)
    assert len(data) > 2 * HEAD and read_header(str(tmp_path / "a")).orientation == 6


@pytest.mark.parametrize("extension", FORMATS + (".bmp", ".ppm"))
def test_headers_that_break_off_say_nothing(extension):
    data = (
        oriented_image(RGB, extension, 6)
        if extension in FORMATS
        else cv2.imencode(extension, RGB)[1].tobytes()
    )
    for length in range(8):
        assert parse_header(data[:length]) is None
    for length in range(8, 200):
        parse_header(data[:length])  # no exception
    assert parse_header(b"no image") is None
