"""Preparing raw files: their content, interrupted calls, refusals."""

import dataclasses
import os

import numpy as np
import pytest

from pwcnet.ascend import preparation
from pwcnet.ascend.preparation import JOURNAL, prepare
from pwcnet.ascend.raw_files import read_raw
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.flow_files import read_flow, write_flow
from pwcnet.io.images import read_frame, write_image

NAMES = ["scene_%02d-frames_%04d_%04d" % (scene, n, n + 1) for scene in (1, 2) for n in (1, 2)]


def bins(folder):
    """{path below folder: bytes}."""
    return {
        os.path.relpath(os.path.join(parent, name), str(folder)): open(
            os.path.join(parent, name), "rb"
        ).read()
        for parent, _, names in os.walk(str(folder))
        for name in names
    }


@pytest.fixture
def samples(tiny_sintel):
    return sintel_samples(tiny_sintel)


@pytest.fixture
def prepared(samples, tmp_path):
    list(prepare(samples, str(tmp_path), 64, 128))
    return tmp_path


@pytest.fixture
def written(monkeypatch):
    """The ids of the pairs that are written, in order."""
    ids, write = [], preparation._write_pair

    def recording(sample, *rest):
        ids.append(sample.id)
        write(sample, *rest)

    monkeypatch.setattr(preparation, "_write_pair", recording)
    return ids


def test_samples_of_half_the_resolution(samples, tmp_path):
    halves = [dataclasses.replace(sample, half=True) for sample in samples[:1]]
    assert len(list(prepare(halves, str(tmp_path), 64, 64))) == 1
    image = read_raw(str(tmp_path / "image" / (NAMES[0] + ".bin")), (2, 64, 64, 3))
    assert image[:, :30, :60].all(axis=-1).any() and not image[:, 30:].any()


def test_files_hold_frames_and_ground_truth_with_zeros_after_them(prepared, samples):
    assert sorted(bins(prepared)) == sorted(
        os.path.join(kind, name + ".bin") for kind in ("image", "gt") for name in NAMES
    )
    for sample, name in zip(samples, NAMES):
        image = np.fromfile(str(prepared / "image" / (name + ".bin")), "<f4").reshape(2, 64, 128, 3)
        for index, path in enumerate((sample.frame1, sample.frame2)):
            np.testing.assert_allclose(image[index, :60, :120], read_frame(path) / 255.0, atol=1e-7)
        assert not image[:, 60:].any() and not image[:, :, 120:].any()
        ground_truth = np.fromfile(str(prepared / "gt" / (name + ".bin")), "<f4").reshape(
            64, 128, 2
        )
        np.testing.assert_array_equal(ground_truth[:60, :120], read_flow(sample.flow)[0])
        assert not ground_truth[60:].any() and not ground_truth[:, 120:].any()


def test_unknown_ground_truth_stays_unknown(tmp_path, samples):
    flow = np.zeros((60, 120, 2), np.float32)
    flow[3, 4], flow[5, 6] = np.nan, 1e10
    path = str(tmp_path / "flow.flo")
    write_flow(path, flow)
    sample = samples[0].__class__("a/b", samples[0].frame1, samples[0].frame2, path)
    list(prepare([sample], str(tmp_path), 64, 128))
    ground_truth = np.fromfile(str(tmp_path / "gt" / "a-b.bin"), "<f4").reshape(64, 128, 2)
    assert (
        (ground_truth[3, 4] > 1e9).all()
        and (ground_truth[5, 6] > 1e9).all()
        and np.abs(ground_truth[:3]).max() == 0
    )


def test_preparing_again_replaces_the_files(prepared, samples, written):
    before = bins(prepared)
    (prepared / "gt" / (NAMES[0] + ".bin")).write_bytes(b"broken")
    list(prepare(samples, str(prepared), 64, 128))
    assert bins(prepared) == before and len(written) == 4


def test_an_interrupted_call_is_continued(tmp_path, samples, written):
    running = prepare(samples, str(tmp_path), 64, 128)
    next(running), next(running)
    running.close()
    assert (tmp_path / JOURNAL).exists()
    leftover = tmp_path / "image" / (".partial-abc-" + NAMES[2] + ".bin")
    leftover.write_bytes(b"half")  # as a call that was killed leaves it
    os.remove(str(tmp_path / "gt" / (NAMES[0] + ".bin")))
    del written[:]
    assert len(list(prepare(samples, str(tmp_path), 64, 128))) == 4
    assert written == [
        "scene_01/frames_0001_0002",
        "scene_02/frames_0001_0002",
        "scene_02/frames_0002_0003",
    ]
    assert not (tmp_path / JOURNAL).exists() and not leftover.exists() and len(bins(tmp_path)) == 8


def test_an_interrupted_call_of_other_frames_is_not_continued(tmp_path, tiny_sintel, written):
    clean, final = (sintel_samples(tiny_sintel, render_pass) for render_pass in ("clean", "final"))
    for samples in (clean, final):  # both stop after their first pair
        running = prepare(samples, str(tmp_path / "both"), 64, 128)
        next(running), running.close()
    list(prepare(clean, str(tmp_path / "both"), 64, 128))
    assert written[2:] == [sample.id for sample in clean]
    list(prepare(clean, str(tmp_path / "clean"), 64, 128))
    list(prepare(final, str(tmp_path / "final"), 64, 128))
    assert bins(tmp_path / "both") == bins(tmp_path / "clean") != bins(tmp_path / "final")


def test_frames_that_changed_since_are_written_again(tmp_path, written):
    for seed in (1, 2):
        write_sintel(str(tmp_path / "data"), [("scene_01", demo_scene(seed, 60, 120, 3, 6.0))])
        running = prepare(sintel_samples(str(tmp_path / "data")), str(tmp_path / "bins"), 64, 128)
        next(running), running.close()
    assert len(written) == 2


def test_other_bins_are_refused_and_nothing_is_written(prepared, samples, tiny_sintel):
    before = bins(prepared)
    with pytest.raises(ValueError, match="%s.bin in .*(gt|image)" % NAMES[2]):
        prepare(samples[:2], str(prepared), 64, 128)
    (prepared / "gt" / "mine.bin").write_bytes(b"precious")
    with pytest.raises(ValueError, match="mine.bin"):
        prepare(sintel_samples(tiny_sintel, "final"), str(prepared), 64, 128)
    (prepared / "gt" / "mine.bin").unlink()
    assert bins(prepared) == before


@pytest.mark.parametrize(
    "size, word",
    [
        ((60, 128), "60x128"),
        ((64, 64), "scene_01.*60x120.*64x64"),
    ],
)
def test_sizes_that_do_not_suit_are_refused(size, word, samples, tmp_path):
    with pytest.raises(ValueError, match=word):
        prepare(samples, str(tmp_path / "new"), *size)
    assert not (tmp_path / "new").exists()


def test_other_samples_are_refused(samples, tmp_path):
    with pytest.raises(ValueError, match="names"):
        prepare([], str(tmp_path), 64, 128)
    with pytest.raises(ValueError, match="4 names for 5"):
        prepare(samples + samples[:1], str(tmp_path), 64, 128)
    with pytest.raises(ValueError, match="a has no ground truth"):
        prepare(
            [samples[0].__class__("a", samples[0].frame1, samples[0].frame2)],
            str(tmp_path),
            64,
            128,
        )


def test_frames_of_two_sizes_are_refused(samples, tmp_path):
    for number in (1, 2):
        write_image(str(tmp_path / ("frame%d.png" % number)), np.zeros((40, 50, 3), np.uint8))
    write_flow(str(tmp_path / "flow.flo"), np.zeros((40, 50, 2), np.float32))
    smaller = samples[0].__class__(
        "z", str(tmp_path / "frame1.png"), str(tmp_path / "frame2.png"), str(tmp_path / "flow.flo")
    )
    with pytest.raises(ValueError, match="frame1.png has 40x50 .*60x120"):
        list(prepare(samples + [smaller], str(tmp_path / "out"), 64, 128))
