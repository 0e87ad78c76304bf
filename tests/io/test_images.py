"""Image files and folders of frames: uint8 RGB as stored, or an error that names the file."""

import os

import cv2
import numpy as np
import pytest

from pwcnet.io import atomic
from pwcnet.io.images import list_frames, read_frame, write_image
from tests.helpers.oriented_images import FORMATS, oriented_image, stored

RGB = np.random.RandomState(0).randint(0, 256, (4, 6, 3)).astype(np.uint8)


def store(folder, name, image):
    """Writes an image in OpenCV's order, BGR; returns its path."""
    path = str(folder / name)
    encoded = cv2.imencode(os.path.splitext(name)[1], image)[1]
    with open(path, "wb") as stream:
        stream.write(encoded.tobytes())
    return path


@pytest.mark.parametrize("extension", [".png", ".ppm", ".bmp", ".tif", ".PNG"])
def test_colour_images_are_rgb(tmp_path, extension):
    frame = read_frame(store(tmp_path, "a" + extension, RGB[..., ::-1]))
    assert frame.dtype == np.uint8 and frame.flags.c_contiguous and frame.flags.writeable
    np.testing.assert_array_equal(frame, RGB)


@pytest.mark.parametrize("extension", [".png", ".pgm"])
def test_grey_is_repeated(tmp_path, extension):
    frame = read_frame(store(tmp_path, "a" + extension, RGB[..., 0]))
    np.testing.assert_array_equal(frame, np.repeat(RGB[..., :1], 3, axis=2))


def test_alpha_is_dropped_and_not_applied(tmp_path):
    alpha = np.zeros((4, 6, 1), np.uint8)
    np.testing.assert_array_equal(
        read_frame(store(tmp_path, "a.png", np.concatenate([RGB[..., ::-1], alpha], axis=2))), RGB
    )


@pytest.mark.parametrize("extension", [".png", ".ppm"])
def test_16_bits_become_8(tmp_path, extension):
    codes = np.array([[[0, 65535, 257], [128, 129, 32896], [65406, 65407, 1000]]], np.uint16)  # RGB
    frame = read_frame(store(tmp_path, "a" + extension, codes[..., ::-1]))
    assert frame.tolist() == [[[0, 255, 1], [0, 1, 128], [254, 255, 4]]]


def test_16_bit_grey_with_all_its_channels(tmp_path):
    assert (
        read_frame(store(tmp_path, "a.png", np.full((2, 2), 514, np.uint16))).tolist()
        == [[[2, 2, 2]] * 2] * 2
    )


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_exif_orientation_is_ignored_in_data_sets(tmp_path, orientation):
    plain = read_frame(store(tmp_path, "plain.jpg", RGB[..., ::-1]))
    turned = tmp_path / "turned.jpg"
    turned.write_bytes(oriented_image(RGB, ".jpg", orientation))
    if orientation == 6:
        # What OpenCV does by default; without it the test would say nothing.
        assert cv2.imread(str(turned)).shape == (6, 4, 3)
    np.testing.assert_array_equal(read_frame(turned), plain)


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_frames_are_turned_upright_on_request(tmp_path, orientation, extension):
    upright = np.repeat(np.repeat(RGB // 16 * 16, 16, axis=0), 16, axis=1)
    path = tmp_path / ("turned" + extension)
    path.write_bytes(oriented_image(stored(upright, orientation), extension, orientation))
    frame = read_frame(path, upright=True)
    assert frame.shape == upright.shape and frame.flags.c_contiguous and frame.flags.writeable
    if extension == ".jpg":
        assert np.abs(frame.astype(int) - upright).mean() < 12
    else:
        np.testing.assert_array_equal(frame, upright)


def test_missing_frames_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png"):
        read_frame(str(tmp_path / "nowhere.png"))
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(FileNotFoundError, match=r"link\.png .*link"):
        read_frame(str(tmp_path / "link.png"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no image at all",
        oriented_image(np.repeat(RGB, 64, axis=0), ".jpg", 1)[:-100],
        cv2.imencode(".png", RGB)[1].tobytes()[:-30],
        cv2.imencode(".ppm", RGB)[1].tobytes()[:-3],
    ],
)
def test_unreadable_and_broken_frames_are_named(tmp_path, data):
    (tmp_path / "broken.png").write_bytes(data)
    with pytest.raises(
        ValueError,
        match=r"broken\.png.*%d bytes" % len(data),
    ):
        read_frame(str(tmp_path / "broken.png"))


def test_float_images_are_refused(tmp_path):
    path = store(tmp_path, "a.tif", np.zeros((2, 2, 3), np.float32))
    with pytest.raises(ValueError, match=r"a\.tif .*float32"):
        read_frame(path)


@pytest.mark.parametrize("extension", [".png", ".ppm", ".bmp"])
def test_written_images_come_back(tmp_path, extension):
    path = tmp_path / "new" / ("a" + extension)
    write_image(path, RGB)
    np.testing.assert_array_equal(read_frame(path), RGB)
    write_image(path, RGB[::-1, ::-1])
    np.testing.assert_array_equal(read_frame(path), RGB[::-1, ::-1])


@pytest.mark.parametrize("image", [RGB.astype(np.float32), RGB[..., 0], RGB[..., :2], RGB[:0]])
def test_only_uint8_rgb_is_written(tmp_path, image):
    with pytest.raises(ValueError, match=r"a\.png .*uint8.*\[H, W, 3\]"):
        write_image(str(tmp_path / "a.png"), image)
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.flo"])
def test_unknown_image_extensions_are_not_written(tmp_path, name):
    with pytest.raises(ValueError, match=r"\.png.*%s" % name):
        write_image(str(tmp_path / name), RGB)


def test_a_broken_write_leaves_the_old_image(tmp_path, monkeypatch):
    path = str(tmp_path / "a.png")
    write_image(path, RGB)

    def disk_full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", disk_full)
    with pytest.raises(OSError):
        write_image(path, RGB[::-1])
    monkeypatch.undo()
    np.testing.assert_array_equal(read_frame(path), RGB)
    assert os.listdir(str(tmp_path)) == ["a.png"]


def test_frames_are_listed_in_the_order_of_their_numbers(tmp_path):
    names = [
        "frame_10.png",
        "frame_2.png",
        "frame_1.JPG",
        "frame_0003.ppm",
        "notes.txt",
        ".partial-x-frame_5.png",
        "._frame_1.png",
        "Thumbs.db",
        "flow.flo",
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "frame_4.png").mkdir()
    (tmp_path / "@eaDir").mkdir()
    (tmp_path / "frame_5.png").symlink_to(tmp_path / "nowhere")
    listed = list_frames(tmp_path)
    assert [os.path.basename(path) for path in listed] == [
        "frame_1.JPG",
        "frame_2.png",
        "frame_0003.ppm",
        "frame_5.png",
        "frame_10.png",
    ]
    assert all(os.path.dirname(path) == str(tmp_path) for path in listed)


def test_numbers_and_words_at_the_same_place_sort(tmp_path):
    for name in ("12.png", "a.png", "1b.png", "01b.png", "1a2.png", "1a10.png"):
        (tmp_path / name).write_bytes(b"")
    assert [os.path.basename(path) for path in list_frames(tmp_path)] == [
        "1a2.png",
        "1a10.png",
        "01b.png",
        "1b.png",
        "12.png",
        "a.png",
    ]


@pytest.mark.parametrize("count", [0, 1])
def test_a_folder_without_a_pair_is_refused(tmp_path, count):
    for index in range(count):
        (tmp_path / ("%d.png" % index)).write_bytes(b"")
    with pytest.raises(ValueError, match="%s has %d images" % (tmp_path, count)):
        list_frames(str(tmp_path))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list_frames(str(tmp_path / "nowhere"))
    (tmp_path / "file.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"file\.png is a file"):
        list_frames(str(tmp_path / "file.png"))


@pytest.mark.parametrize(
    "name, shape",
    [
        ("MPI-Sintel-complete/training/clean/alley_1/frame_0001.png", (436, 1024, 3)),
        ("FlyingChairs_release/data/00001_img1.ppm", (384, 512, 3)),
        ("KITTI/data_scene_flow/training/image_2/000000_10.png", (375, 1242, 3)),
        ("KITTI/data_stereo_flow/training/image_0/000027_10.png", None),
        ("middlebury/other-data/RubberWhale/frame10.png", (388, 584, 3)),
    ],
)
def test_real_frames(real_data, name, shape):
    frame = read_frame(os.path.join(real_data, name))
    assert frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape == (shape or frame.shape)
    assert frame.std() > 20
    if shape is None:
        assert (frame == frame[..., :1]).all()


def test_real_folder(real_data):
    listed = list_frames(
        os.path.join(real_data, "MPI-Sintel-complete", "training", "clean", "alley_1")
    )
    assert [os.path.basename(path) for path in listed] == [
        "frame_%04d.png" % index for index in (1, 2, 3, 4)
    ]
