"""Raw files for devices: preparing them, running a network over them, finding and scoring results."""

import dataclasses
import os
import shutil

import numpy as np
import pytest

import pwcnet.ascend.raw_files as module
from pwcnet.ascend.raw_files import (
    JOURNAL,
    check_inputs,
    evaluate_bins,
    infer,
    list_bins,
    prepare,
    read_bin,
    write_bin,
)
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.flow_files import read_flow, write_flow
from pwcnet.io.images import read_frame, write_image
from tests.helpers.flows import average_epe

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
    ids, write = [], module._write_pair

    def recording(sample, *rest):
        ids.append(sample.id)
        write(sample, *rest)

    monkeypatch.setattr(module, "_write_pair", recording)
    return ids


def test_samples_of_half_the_resolution(samples, tmp_path):
    halves = [dataclasses.replace(sample, half=True) for sample in samples[:1]]
    assert len(list(prepare(halves, str(tmp_path), 64, 64))) == 1
    image = read_bin(str(tmp_path / "image" / (NAMES[0] + ".bin")), (2, 64, 64, 3))
    assert image[:, :30, :60].all(axis=-1).any() and not image[:, 30:].any()


def test_files_hold_frames_and_truth_with_zeros_after_them(prepared, samples):
    assert sorted(bins(prepared)) == sorted(
        os.path.join(kind, name + ".bin") for kind in ("image", "gt") for name in NAMES
    )
    for sample, name in zip(samples, NAMES):
        image = np.fromfile(str(prepared / "image" / (name + ".bin")), "<f4").reshape(2, 64, 128, 3)
        for index, path in enumerate((sample.frame1, sample.frame2)):
            np.testing.assert_allclose(image[index, :60, :120], read_frame(path) / 255.0, atol=1e-7)
        assert not image[:, 60:].any() and not image[:, :, 120:].any()
        truth = np.fromfile(str(prepared / "gt" / (name + ".bin")), "<f4").reshape(64, 128, 2)
        np.testing.assert_array_equal(truth[:60, :120], read_flow(sample.flow)[0])
        assert not truth[60:].any() and not truth[:, 120:].any()


def test_unknown_truth_stays_unknown(tmp_path, samples):
    flow = np.zeros((60, 120, 2), np.float32)
    flow[3, 4], flow[5, 6] = np.nan, 1e10
    path = str(tmp_path / "flow.flo")
    write_flow(path, flow)
    sample = samples[0].__class__("a/b", samples[0].frame1, samples[0].frame2, path)
    list(prepare([sample], str(tmp_path), 64, 128))
    truth = np.fromfile(str(tmp_path / "gt" / "a-b.bin"), "<f4").reshape(64, 128, 2)
    assert (truth[3, 4] > 1e9).all() and (truth[5, 6] > 1e9).all() and np.abs(truth[:3]).max() == 0


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
    with pytest.raises(
        ValueError,
        match="those of these 2 pairs, got %s.bin in .*gt|those of these 2 pairs, got %s.bin in .*image"
        % (NAMES[2], NAMES[2]),
    ):
        prepare(samples[:2], str(prepared), 64, 128)
    (prepared / "gt" / "mine.bin").write_bytes(b"precious")
    with pytest.raises(ValueError, match="got mine.bin"):
        prepare(sintel_samples(tiny_sintel, "final"), str(prepared), 64, 128)
    (prepared / "gt" / "mine.bin").unlink()
    assert bins(prepared) == before


@pytest.mark.parametrize(
    "size, word",
    [
        ((60, 128), "multiples of 64, got 60x128; try 64x128"),
        ((64, 64), "at most 64x64 .* got 60x120 in .*scene_01"),
    ],
)
def test_sizes_that_do_not_suit_are_refused(size, word, samples, tmp_path):
    with pytest.raises(ValueError, match=word):
        prepare(samples, str(tmp_path / "new"), *size)
    assert not (tmp_path / "new").exists()


def test_other_samples_are_refused(samples, tmp_path):
    with pytest.raises(ValueError, match="pairs of different names"):
        prepare([], str(tmp_path), 64, 128)
    with pytest.raises(ValueError, match="pairs of different names, got 4 names for 5"):
        prepare(samples + samples[:1], str(tmp_path), 64, 128)
    with pytest.raises(ValueError, match="ground truth .* none for a"):
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
    with pytest.raises(ValueError, match="one size, 60x120, got 40x50 in .*frame1.png"):
        list(prepare(samples + [smaller], str(tmp_path / "out"), 64, 128))


def mean_brightness(pairs):
    """Stands in for a network: [B, H, W, 2], the brightness of each frame."""
    return np.moveaxis(pairs.mean(axis=-1), 1, -1)


@pytest.mark.parametrize("batch, runs", [(1, [1, 1, 1, 1]), (3, [3, 1])])
def test_inferring_writes_a_file_a_pair(batch, runs, prepared):
    batches = []

    def network(pairs):
        batches.append(pairs.shape)
        return mean_brightness(pairs)

    inputs = list_bins(str(prepared / "image"))
    done = list(infer(network, inputs, str(prepared / "out"), (batch, 64, 128)))
    assert [len(names) for names, _ in done] == runs and set(batches) == {(batch, 2, 64, 128, 3)}
    assert sorted(os.listdir(str(prepared / "out"))) == [name + "_output_0.bin" for name in NAMES]
    for name in NAMES:
        expected = mean_brightness(read_bin(inputs[name], (1, 2, 64, 128, 3)))[0]
        np.testing.assert_allclose(
            np.fromfile(str(prepared / "out" / (name + "_output_0.bin")), "<f4").reshape(
                64, 128, 2
            ),
            expected,
            atol=1e-6,
        )


def test_inputs_of_another_size_are_named_and_counted(prepared):
    inputs = list_bins(str(prepared / "image"))
    with pytest.raises(ValueError, match="%s.bin .4 of 4" % NAMES[0]):
        check_inputs(inputs, 64, 64)
    with open(inputs[NAMES[2]], "ab") as stream:
        stream.write(b"more")
    with pytest.raises(
        ValueError,
        match=r"expected 196608 bytes .*\[2, 64, 128, 3\], got 196612 in .*%s.bin .1 of 4"
        % NAMES[2],
    ):
        check_inputs(inputs, 64, 128)
    with pytest.raises(ValueError, match="got 196612 in .*%s.bin" % NAMES[2]):
        read_bin(inputs[NAMES[2]], (2, 64, 128, 3))


def test_no_inputs(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        list_bins(str(tmp_path / "absent"))
    (tmp_path / ".partial-abc-a.bin").write_bytes(b"")
    with pytest.raises(ValueError, match="No .bin files in %s" % tmp_path):
        list_bins(str(tmp_path))


@pytest.fixture
def predictions(prepared):
    """A folder of msame's; the predictions are noise, of a seed each."""
    folder = prepared / "results"
    for seed, name in enumerate(NAMES):
        write_bin(
            str(folder / (name + "_output_0.bin")), np.random.RandomState(seed).randn(64, 128, 2)
        )
    return folder


def scored(prepared, folder, frame_size=(60, 120)):
    count, results = evaluate_bins(str(prepared / "gt"), str(folder), (64, 128), frame_size)
    results = list(results)
    assert len(results) == count
    return results


@pytest.mark.parametrize("suffix", ["_output_0.bin", "_0.bin"])
def test_scores_are_of_the_frames_alone_and_matched_by_name(suffix, prepared, predictions, samples):
    for name in NAMES:
        (predictions / (name + "_output_0.bin")).rename(predictions / (name + suffix))
    results = scored(prepared, predictions)
    assert [each.id for each in results] == NAMES
    noise = [
        np.random.RandomState(seed).randn(64, 128, 2).astype(np.float32)[:60, :120]
        for seed in range(4)
    ]
    expected = [
        average_epe([flow], [read_flow(sample.flow)[0]])[0] for flow, sample in zip(noise, samples)
    ]
    np.testing.assert_allclose([each.scores["EPE"].value for each in results], expected, rtol=1e-6)
    assert [each.scores["EPE"].count for each in results] == [7200] * 4
    np.testing.assert_array_equal(results[0].flow, noise[0])


def test_unknown_truth_is_not_counted(prepared, predictions):
    path = str(prepared / "gt" / (NAMES[0] + ".bin"))
    truth = read_bin(path, (64, 128, 2))
    truth[:30], truth[59, 0] = 1e10, np.nan
    write_bin(path, truth)
    mean = scored(prepared, predictions)[0].scores["EPE"]
    flow = np.random.RandomState(0).randn(64, 128, 2).astype(np.float32)
    errors = np.hypot(*np.moveaxis((flow - truth)[30:60, :120].astype(np.float64), -1, 0)).ravel()
    assert mean.count == 30 * 120 - 1 and mean.value == pytest.approx(np.nanmean(errors), rel=1e-6)


def test_missing_extra_and_wrongly_sized_predictions_are_named(prepared, predictions):
    first = predictions / (NAMES[0] + "_output_0.bin")
    shutil.copy(str(first), str(predictions / "stray_output_0.bin"))
    with pytest.raises(ValueError, match="no other files, got 1 more: stray_output_0.bin in"):
        scored(prepared, predictions)
    (predictions / "stray_output_0.bin").rename(predictions / (NAMES[0] + "_0.bin"))
    with pytest.raises(ValueError, match="got 1 more: %s_0.bin in" % NAMES[0]):  # two for one pair
        scored(prepared, predictions)
    (predictions / (NAMES[0] + "_0.bin")).unlink()
    first.write_bytes(first.read_bytes()[:-4])
    with pytest.raises(
        ValueError,
        match=r"expected 65536 bytes .* got 65532 in .*%s_output_0.bin .1 of 4 files" % NAMES[0],
    ):
        scored(prepared, predictions)
    first.unlink()
    with pytest.raises(
        ValueError, match="each of 4 pairs, got none for 1: %s_output_0.bin in" % NAMES[0]
    ):
        scored(prepared, predictions)


def test_position_does_not_stand_in_for_the_name(prepared, predictions):
    (predictions / (NAMES[3] + "_output_0.bin")).rename(predictions / "a_output_0.bin")
    with pytest.raises(ValueError, match="got none for 1: %s_output_0.bin" % NAMES[3]):
        scored(prepared, predictions)


def test_sizes_other_than_those_of_the_files_are_refused(prepared, predictions):
    with pytest.raises(ValueError, match=r"got 65536 in .*gt.*%s.bin .4 of 4" % NAMES[0]):
        evaluate_bins(str(prepared / "gt"), str(predictions), (448, 1024), (436, 1024))
    with pytest.raises(ValueError, match="at most 64x128 .* got 436x120"):
        scored(prepared, predictions, (436, 120))


def test_a_prediction_that_is_not_finite_is_named(prepared, predictions):
    write_bin(str(predictions / (NAMES[1] + "_output_0.bin")), np.full((64, 128, 2), np.inf))
    with pytest.raises(ValueError, match="7200 pixels .*%s_output_0.bin" % NAMES[1]):
        scored(prepared, predictions)
