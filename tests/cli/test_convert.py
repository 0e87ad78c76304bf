"""`pwcnet convert`: colors, formats and scores of flow files that exist already."""

import os

import cv2
import numpy as np
import pytest

from pwcnet.flow.colors import flow_to_color
from pwcnet.flow.drawing import draw_arrows
from pwcnet.io.flow_files import read_flow, write_flow
from pwcnet.io.flow_pictures import read_flow_pictures
from pwcnet.io.images import read_frame, write_image
from tests.helpers.frames import list_files, moving_frames, write_images
from tests.helpers.oriented_images import oriented_image, stored
from tests.helpers.subcommands import call, only_line, run

SHAPE = (40, 64, 2)
FLOWS = [
    (index + 1) * np.random.RandomState(index).randn(*SHAPE).astype(np.float32)
    for index in range(2)
]


@pytest.fixture
def flows(tmp_path):
    """A folder as `pwcnet predict` writes it, with a subfolder."""
    folder = tmp_path / "flow"
    write_flow(folder / "a.flo", FLOWS[0])
    write_image(folder / "a.png", flow_to_color(FLOWS[0]))
    write_flow(folder / "scene" / "b.flo", FLOWS[1])
    (folder / ".DS_Store").write_bytes(b"")
    return folder


def convert(*arguments):
    return call("convert", *arguments)


def test_colors_of_a_folder(flows, tmp_path, capsys):
    assert convert(flows, "--output", tmp_path / "out") == 0
    assert list_files(tmp_path / "out") == ["a.png", os.path.join("scene", "b.png")]
    for name, flow in zip(("a.png", "scene/b.png"), FLOWS):
        image = read_frame(tmp_path / "out" / name)
        np.testing.assert_array_equal(image, flow_to_color(flow))
    assert "2 flows in" in capsys.readouterr().out


def test_one_scale_for_all(flows, tmp_path):
    convert(flows, "--output", tmp_path / "out", "--max-magnitude", "common")
    largest = max(np.hypot(flow[..., 0], flow[..., 1]).max() for flow in FLOWS)
    for name, flow in zip(("a.png", "scene/b.png"), FLOWS):
        image = read_frame(tmp_path / "out" / name)
        np.testing.assert_array_equal(image, flow_to_color(flow, float(largest)))


def test_every_format_leads_to_every_other(flows, tmp_path):
    formats = ["flo", "kitti", "pfm", "npy", "npz"]
    convert(flows / "a.flo", "--to", ",".join(formats), "--output", tmp_path / "1")
    files = ["a.flo", "a.npy", "a.npz", "a.pfm", os.path.join("kitti", "a.png")]
    assert list_files(tmp_path / "1") == files
    for index, file in enumerate(files):
        convert(tmp_path / "1" / file, "--to", "flo", "--output", tmp_path / "2" / str(index))
        flow, valid = read_flow(tmp_path / "2" / str(index) / "a.flo")
        assert valid.all() and np.abs(flow - FLOWS[0]).max() <= 1 / 128 + 1e-3


def test_x_and_y_as_images(flows, tmp_path):
    convert(flows, "--to", "xy", "--bound", 8, "--output", tmp_path / "xy")
    assert list_files(tmp_path / "xy") == [
        "a_x.png",
        "a_y.png",
        os.path.join("scene", "b_x.png"),
        os.path.join("scene", "b_y.png"),
    ]
    images = [str(tmp_path / "xy" / name) for name in ("a_x.png", "a_y.png")]
    np.testing.assert_allclose(read_flow_pictures(*images, 8.0), FLOWS[0], atol=8 / 255 + 1e-5)
    os.rename(images[0], str(tmp_path / "xy" / "flow_x_7.png"))
    os.rename(images[1], str(tmp_path / "xy" / "flow_y_7.png"))
    convert(tmp_path / "xy", "--bound", 8, "--to", "flo", "--output", tmp_path / "back")
    assert list_files(tmp_path / "back") == ["flow_7.flo", os.path.join("scene", "b.flo")]


def test_arrows_on_frames_or_white(flows, tmp_path):
    frame = np.full((40, 64, 3), 90, np.uint8)
    write_image(tmp_path / "frames" / "a.jpg", frame)
    for options, drawn_on in (([], 255), (["--frames", tmp_path / "frames"], None)):
        convert(flows / "a.flo", "--to", "arrows", "--output", tmp_path / "out", *options)
        ground = read_frame(tmp_path / "frames" / "a.jpg") if drawn_on is None else frame * 0 + 255
        image = read_frame(tmp_path / "out" / "a_arrows.png")
        np.testing.assert_array_equal(image, draw_arrows(ground, FLOWS[0]))


def test_arrows_on_frames_that_viewers_turn(flows, tmp_path):
    frame = np.random.RandomState(0).randint(0, 256, (40, 64, 3)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(oriented_image(stored(frame, 6), ".png", 6))
    options = ["--frames", tmp_path, "--output", tmp_path / "out"]
    convert(flows / "a.flo", "--to", "arrows", *options)
    image = read_frame(tmp_path / "out" / "a_arrows.png")
    np.testing.assert_array_equal(image, draw_arrows(frame, FLOWS[0]))


def test_scores(flows, tmp_path, capsys):
    valid = np.zeros(SHAPE[:2], bool)
    valid[10:20] = True
    write_flow(tmp_path / "truth" / "a.png", FLOWS[0] + 4, valid)  # KITTI's format
    write_flow(tmp_path / "truth" / "scene" / "b.flo", FLOWS[1])
    assert convert(flows, "--truth", tmp_path / "truth") == 0
    printed = capsys.readouterr().out
    epe = np.hypot(4, 4)
    assert "a  EPE %.3f px" % epe in printed and "scene/b  EPE 0.000 px" in printed
    line = next(line for line in printed.splitlines() if line.startswith("EPE"))
    pooled = epe * valid.sum() / (valid.sum() + valid.size)
    assert [float(word) for word in line.split()[2:4]] == pytest.approx([epe / 2, pooled], abs=2e-3)
    assert not (tmp_path / "converted").exists()
    convert(flows / "a.flo", "--truth", tmp_path / "truth" / "a.png")
    assert "a  EPE %.3f px" % epe in capsys.readouterr().out


def test_absurd_ground_truth_is_unknown_and_counted(flows, tmp_path, capsys, caplog):
    truth = FLOWS[0] + 4
    truth[0, :3] = -5e6
    write_flow(tmp_path / "truth.pfm", truth)
    convert(flows / "a.flo", "--truth", tmp_path / "truth.pfm")
    assert "a  EPE %.3f px" % np.hypot(4, 4) in capsys.readouterr().out
    assert "3 pixels" in caplog.text and "truth.pfm" in caplog.text


def test_sparse_flow_keeps_its_mask(tmp_path):
    valid = np.eye(*SHAPE[:2]) > 0
    write_flow(tmp_path / "in" / "a.png", FLOWS[0], valid)
    convert(tmp_path / "in", "--to", "flo,npz,png", "--output", tmp_path / "out")
    for name in ("a.flo", "a.npz"):
        np.testing.assert_array_equal(read_flow(tmp_path / "out" / name)[1], valid)
    assert (read_frame(tmp_path / "out" / "a.png")[~valid] == 0).all()


def test_kitti_files_are_clipped(tmp_path, caplog):
    write_flow(tmp_path / "a.flo", np.full(SHAPE, 900, np.float32))
    convert(tmp_path / "a.flo", "--to", "kitti", "--output", tmp_path / "out")
    assert read_flow(tmp_path / "out" / "kitti" / "a.png")[0].max() < 512
    assert str(SHAPE[0] * SHAPE[1]) in caplog.text


@pytest.mark.parametrize("damage", ["cut", "link", "loop"])
def test_broken_files_end_it_or_are_left_out(damage, flows, tmp_path, capsys):
    if damage == "cut":
        (flows / "c.flo").write_bytes((flows / "a.flo").read_bytes()[:-4])
    else:
        (flows / "c.png").symlink_to("nowhere" if damage == "link" else "c.png")
    with pytest.raises((ValueError, OSError), match=r"c\."):
        convert(flows, "--output", tmp_path / "out")
    for scale in ([], ["--max-magnitude", "common"]):
        assert convert(flows, "--output", tmp_path / "out2", "--skip-bad", *scale) == 1
        assert list_files(tmp_path / "out2") == ["a.png", os.path.join("scene", "b.png")]
        assert "1 files are left out" in capsys.readouterr().out


def test_refusals_name_the_file(flows, tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        convert(tmp_path / "none.flo")
    with pytest.raises(FileNotFoundError, match=r"a\.flo"):
        convert(flows / "a.flo", "--truth", tmp_path)
    with pytest.raises(ValueError, match=r"a\.flo"):  # would be replaced
        convert(flows, "--to", "flo", "--output", flows)
    write_flow(flows / "a.npy", FLOWS[0])
    with pytest.raises(ValueError, match=r"a\.npy"):
        convert(flows)
    cv2.imwrite(str(tmp_path / "b_x.png"), np.zeros((4, 4), np.uint8))
    with pytest.raises(FileNotFoundError, match=r"b_y\.png"):
        convert(tmp_path / "b_x.png", "--bound", "20")
    write_flow(tmp_path / "small.flo", FLOWS[0][:20])
    with pytest.raises(ValueError, match=r"small\.flo"):
        convert(tmp_path / "small.flo", "--truth", flows / "a.flo")


@pytest.mark.parametrize(
    "wrong",
    [["--to", "xy"], ["--to", "gif"], ["--to", "flo", "--legend"], ["--frames", "."]],
)
def test_wrong_options_are_refused(wrong, flows, capsys):
    with pytest.raises(SystemExit) as caught:
        convert(flows, *wrong)
    assert caught.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_as_a_program(flows, tmp_path):
    done = run("convert", "flow", "--to", "npz", cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert list_files(tmp_path / "converted") == ["a.npz", os.path.join("scene", "b.npz")]
    assert "none" in only_line(run("convert", "none", cwd=str(tmp_path)))


def test_no_image_of_frames_is_replaced(tmp_path):
    frames = write_images(tmp_path / "frames", ["a.png"], moving_frames(1, 20, 30))
    write_flow(str(tmp_path / "flows" / "a.flo"), np.zeros((20, 30, 2), np.float32))
    before = (frames / "a.png").read_bytes()
    options = ["--frames", frames, "--to", "png,arrows", "--output", frames]
    with pytest.raises(ValueError, match="a.png"):
        call("convert", tmp_path / "flows", *options)
    assert (frames / "a.png").read_bytes() == before
