"""Flow files: values, round trips, errors, and what a broken write leaves behind."""

import os
import struct

import cv2
import numpy as np
import pytest

from pwcnet.io import atomic
from pwcnet.io.flow_files import (
    FLOW_EXTENSIONS,
    KITTI_MAX,
    UNKNOWN_FLOW,
    clip_to_kitti,
    read_flow,
    valid_pixels,
    write_flow,
)

FLOW = np.array(
    [[[1.5, -2.25], [0.0, 3.0], [-7.0, 0.015625]], [[100.0, -100.0], [0.5, 0.25], [-0.5, 2.0]]],
    np.float32,
)
BODY = FLOW.tobytes()


def flo_bytes(magic=202021.25, width=3, height=2, body=BODY):
    return struct.pack("<fii", magic, width, height) + body


def pfm_bytes(
    header=b"PF\n2 2\n-1.0\n", order="<f4", bottom_up=((5, 6, 0), (7, 8, 0), (1, 2, 0), (3, 4, 0))
):
    return header + np.array(bottom_up, order).tobytes()


def png_bytes(codes):
    """codes: [H, W, 3] R, G, B; uint16 or another type."""
    return cv2.imencode(".png", codes[..., ::-1])[1].tobytes()


def saved(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return str(path)


def test_valid_pixels_knows_nan_infinity_and_the_threshold():
    flow = np.array(
        [[[1, 1], [np.nan, 1], [1, np.inf], [1e9, -1e9], [1.1e9, 0], [0, -1e10]]], np.float32
    )
    assert valid_pixels(flow).tolist() == [[True, False, False, True, False, False]]


def test_flo_is_read_row_by_row(tmp_path):
    flow, valid = read_flow(saved(tmp_path, "a.flo", flo_bytes()))
    assert flow.dtype == np.float32 and flow.flags.writeable and valid.dtype == bool
    np.testing.assert_array_equal(flow, FLOW)
    assert flow[0, 2].tolist() == [-7.0, 0.015625]
    assert valid.all()


def test_flo_keeps_the_raw_values_of_unknown_pixels(tmp_path):
    body = FLOW.copy()
    body[0, 1] = 1.666666752e9
    body[1, 0, 1] = np.nan
    flow, valid = read_flow(saved(tmp_path, "a.FLO", flo_bytes(body=body.tobytes())))
    np.testing.assert_array_equal(flow, body)
    assert valid.tolist() == [[True, False, True], [False, True, True]]


def test_flo_written_bytes(tmp_path):
    path = tmp_path / "new" / "a.flo"
    write_flow(path, FLOW)
    assert path.read_bytes() == b"PIEH" + struct.pack("<ii", 3, 2) + FLOW.tobytes()
    write_flow(path, FLOW.astype(np.float64)[::-1])
    np.testing.assert_array_equal(read_flow(path)[0], FLOW[::-1])


def test_flo_writes_invalid_pixels_as_unknown(tmp_path):
    valid = np.ones((2, 3), bool)
    valid[1, 2] = False
    path = str(tmp_path / "a.flo")
    write_flow(path, FLOW, valid)
    flow, read_valid = read_flow(path)
    assert flow[1, 2].tolist() == [UNKNOWN_FLOW, UNKNOWN_FLOW] == [1e10, 1e10]
    np.testing.assert_array_equal(read_valid, valid)
    np.testing.assert_array_equal(flow[valid], FLOW[valid])


@pytest.mark.parametrize(
    "data, message",
    [
        (b"PIEH\3\0", "6 bytes, .* 12"),
        (b"", "0 bytes, .* 12"),
        (flo_bytes(magic=1.0), "b'.*' instead of b'PIEH'"),
        (flo_bytes(width=0), "width 0 and height 2"),
        (flo_bytes(height=-2), "width 3 and height -2"),
        (flo_bytes(width=100001), "width 100001 and height 2"),
        (flo_bytes(body=BODY[:-1]), r"59 bytes, 3x2 pixels .* 60; it breaks off"),
        (flo_bytes(body=BODY + b"x"), r"61 bytes, 3x2 pixels .* 60; .* appended"),
    ],
)
def test_flo_refusals(tmp_path, data, message):
    path = saved(tmp_path, "broken.flo", data)
    with pytest.raises(ValueError, match=r"broken\.flo.* " + message):
        read_flow(path)


@pytest.mark.parametrize("name", ["none.flo", "none.png", "none.pfm"])
def test_missing_files_are_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=name):
        read_flow(str(tmp_path / name))


def test_unknown_extensions_list_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match=r"\.flo, .*\.pfm, \.png.*a\.tif"):
        read_flow(str(tmp_path / "a.tif"))
    with pytest.raises(ValueError, match=r"\.flo, .*\.png.*a\.tif"):
        write_flow(str(tmp_path / "a.tif"), FLOW)


def test_png_values(tmp_path):
    codes = np.array(
        [[[32768, 32768, 1], [32768 + 64, 32768 - 96, 1]], [[65535, 0, 1], [40000, 40000, 0]]],
        np.uint16,
    )
    flow, valid = read_flow(saved(tmp_path, "a.png", png_bytes(codes)))
    assert flow.dtype == np.float32 and valid.dtype == bool
    assert flow.tolist() == [[[0, 0], [1, -1.5]], [[511.984375, -512], [0, 0]]]
    assert valid.tolist() == [[True, True], [True, False]]


def test_png_round_trip_rounds_to_nearest(tmp_path):
    path = str(tmp_path / "a.png")
    flow = np.array(
        [[[0.007, -0.007], [0.009, -0.009], [511.984375, -512.0], [np.nan, 1e10]]], np.float32
    )
    write_flow(path, flow)
    read, valid = read_flow(path)
    assert read.tolist() == [[[0, 0], [1 / 64, -1 / 64], [511.984375, -512], [0, 0]]]
    assert valid.tolist() == [[True, True, True, False]]


def test_png_mask_hides_what_cannot_be_written(tmp_path):
    path = str(tmp_path / "a.png")
    flow = np.array([[[1, 2], [5000, 0]]], np.float32)
    write_flow(path, flow, np.array([[1, 0]], np.uint8))
    read, valid = read_flow(path)
    assert read.tolist() == [[[1, 2], [0, 0]]] and valid.tolist() == [[True, False]]
    for mask in (None, np.ones((1, 2), bool)):
        with pytest.raises(ValueError, match=r"a\.png.*-512 to 511\.984375.*5000"):
            write_flow(path, flow, mask)
    with pytest.raises(ValueError, match=r"a\.png.*nan"):
        write_flow(path, flow * np.nan, np.ones((1, 2), bool))


@pytest.mark.parametrize(
    "data, message",
    [
        (b"no image", "8 bytes"),
        (b"", "0 bytes"),
        (
            png_bytes(np.zeros((2, 2, 3), np.uint8)),
            "3 of uint8",
        ),
        (cv2.imencode(".png", np.zeros((2, 2), np.uint16))[1].tobytes(), "1 of uint16"),
        (cv2.imencode(".png", np.zeros((2, 2, 4), np.uint16))[1].tobytes(), "4 of uint16"),
        (
            png_bytes(np.arange(3000, dtype=np.uint16).reshape(10, 100, 3))[:-40],
            "is not a complete image",
        ),
    ],
)
def test_png_refusals(tmp_path, data, message):
    with pytest.raises(ValueError, match=r"broken\.png.*" + message):
        read_flow(saved(tmp_path, "broken.png", data))


@pytest.mark.parametrize(
    "header, order",
    [(b"PF\n2 2\n-1.0\n", "<f4"), (b"PF\n2 2\n1\n", ">f4"), (b"PF 2 2 -0.5\n", "<f4")],
)
def test_pfm_is_bottom_up_in_either_byte_order(tmp_path, header, order):
    flow, valid = read_flow(saved(tmp_path, "a.pfm", pfm_bytes(header, order)))
    assert flow.dtype == np.float32 and flow.dtype.isnative and flow.flags.writeable
    assert flow.tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]] and valid.all()


def test_pfm_body_may_look_like_white_space(tmp_path):
    body = b"\n\n \t" * 12
    flow, _ = read_flow(saved(tmp_path, "a.pfm", b"PF\n2 2\n-1.0\n" + body))
    np.testing.assert_array_equal(flow, np.frombuffer(body, "<f4").reshape(2, 2, 3)[..., :2])


def test_pfm_unknown_pixels(tmp_path):
    data = pfm_bytes(bottom_up=((np.nan, 6, 0), (7, np.inf, 0), (1, 2, np.nan), (3, 4, 0)))
    _, valid = read_flow(saved(tmp_path, "a.pfm", data))
    assert valid.tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize(
    "data, message",
    [
        (pfm_bytes(b"Pf\n2 2\n-1\n"), "b'Pf' instead of b'PF' .one channel"),
        (pfm_bytes(b"P6\n2 2\n-1\n"), "b'P6' instead of b'PF'$"),
        (b"PF\n2\n", "damaged.* got b'PF"),
        (b"", "b'' instead of b'PF'"),
        (pfm_bytes(b"PF\n2 x\n-1\n"), "damaged.* got b'PF"),
        (pfm_bytes(b"PF\n2 2\n1.1.1\n"), "damaged.* got b'PF"),
        (pfm_bytes(b"PF\n0 2\n-1\n"), "width 0 and height 2"),
        (pfm_bytes(b"PF\n2 100001\n-1\n"), "width 2 and height 100001"),
        (pfm_bytes(b"PF\n2 2\n0.0\n"), "is 0"),
        (pfm_bytes()[:-1], "59 bytes, 2x2 pixels .* 60; it breaks off"),
        (pfm_bytes() + b"abc", "63 bytes, 2x2 pixels .* 60; .* appended"),
    ],
)
def test_pfm_refusals(tmp_path, data, message):
    with pytest.raises(ValueError, match=r"broken\.pfm.*" + message):
        read_flow(saved(tmp_path, "broken.pfm", data))


@pytest.mark.parametrize("extension", [".flo", ".png"])
def test_a_broken_write_leaves_the_old_file(tmp_path, monkeypatch, extension):
    path = str(tmp_path / ("a" + extension))
    write_flow(path, FLOW)

    def disk_full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", disk_full)
    with pytest.raises(OSError):
        write_flow(path, FLOW + 1)
    monkeypatch.undo()
    np.testing.assert_allclose(read_flow(path)[0], FLOW)
    assert os.listdir(str(tmp_path)) == ["a" + extension]


@pytest.mark.parametrize(
    "flow, valid, message",
    [
        (np.zeros((2, 3, 3)), None, r"\[H, W, 2\].*\(2, 3, 3\)"),
        (np.zeros((1, 2, 3, 2)), None, r"\[H, W, 2\]"),
        (np.zeros((0, 3, 2)), None, r"\[H, W, 2\]"),
        (np.zeros((2, 3, 2)), np.ones((3, 2)), r"mask.*\(2, 3\).*\(3, 2\)"),
    ],
)
def test_wrong_shapes_are_not_written(tmp_path, flow, valid, message):
    for extension in (".flo", ".png"):
        with pytest.raises(ValueError, match=message):
            write_flow(str(tmp_path / ("a" + extension)), flow, valid)
    assert os.listdir(str(tmp_path)) == []


def test_real_sintel_flow_comes_back_byte_for_byte(real_data, tmp_path):
    folder = os.path.join(real_data, "MPI-Sintel-complete", "training", "flow", "alley_1")
    for name in sorted(os.listdir(folder)):
        flow, valid = read_flow(os.path.join(folder, name))
        assert flow.shape == (436, 1024, 2) and valid.all()
        assert (
            2.8 <= round(float(np.hypot(flow[..., 0], flow[..., 1]).mean()), 1) <= 3.1
        )  # the published figures are rounded
        write_flow(str(tmp_path / name), flow, valid)
        with open(os.path.join(folder, name), "rb") as stream:
            assert stream.read() == (tmp_path / name).read_bytes()


def test_real_middlebury_flow_has_unknown_pixels(real_data):
    flow, valid = read_flow(
        os.path.join(real_data, "middlebury", "other-gt-flow", "RubberWhale", "flow10.flo")
    )
    assert 1.55 <= 100 * (~valid).mean() <= 1.65
    assert 1.2 <= np.hypot(*flow[valid].T).mean() <= 1.4


@pytest.mark.parametrize(
    "name",
    [
        "data_stereo_flow/training/flow_occ/000027_10.png",
        "data_stereo_flow/training/flow_noc/000027_10.png",
        "data_scene_flow/training/flow_occ/000000_10.png",
    ],
)
def test_real_kitti_flow_round_trip(real_data, tmp_path, name):
    path = os.path.join(real_data, "KITTI", name)
    flow, valid = read_flow(path)
    assert 0.1 < valid.mean() < 0.6 and not flow[~valid].any()
    assert 1 < np.abs(flow[valid]).max() < 512
    write_flow(str(tmp_path / "copy.png"), flow, valid)
    copy, copy_valid = read_flow(str(tmp_path / "copy.png"))
    np.testing.assert_array_equal(copy, flow)
    np.testing.assert_array_equal(copy_valid, valid)


@pytest.mark.parametrize("extension", FLOW_EXTENSIONS)
def test_every_format_comes_back_with_its_unknown_pixels(extension, tmp_path):
    if extension == ".flo5":
        pytest.importorskip("h5py")
    path, valid = tmp_path / ("a" + extension), np.array([[1, 0, 1], [1, 1, 0]])
    write_flow(path, FLOW, valid)
    flow, known = read_flow(path)
    np.testing.assert_array_equal(known, valid != 0)
    np.testing.assert_array_equal(flow[known], FLOW[known])
    write_flow(path, FLOW)
    flow, known = read_flow(path)
    assert known.all() and flow.dtype == np.float32
    np.testing.assert_array_equal(flow, FLOW)


def test_flow_is_clipped_to_the_range_of_kitti():
    flow = np.array([[[600, 1], [-513, -600], [np.nan, 1], [1e10, 1e10], [3, -4]]], np.float32)
    clipped, changed = clip_to_kitti(flow)
    assert changed == 2 and np.isnan(clipped[0, 2, 0]) and clipped[0, 3, 0] == np.float32(1e10)
    assert clipped[0, [0, 1, 4]].tolist() == [[KITTI_MAX, 1], [-512, -512], [3, -4]]
