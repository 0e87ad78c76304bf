"""Raw files: a network over them, and the scores of predictions."""

import os
import shutil

import numpy as np
import pytest

from pwcnet.ascend.preparation import prepare
from pwcnet.ascend.raw_files import (
    check_pairs,
    infer,
    list_raw_files,
    read_raw,
    score_raw_files,
    write_raw,
)
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.io.flow_files import read_flow
from tests.helpers.flows import average_epe

NAMES = ["scene_%02d-frames_%04d_%04d" % (scene, n, n + 1) for scene in (1, 2) for n in (1, 2)]


@pytest.fixture
def samples(tiny_sintel):
    return sintel_samples(tiny_sintel)


@pytest.fixture
def prepared(samples, tmp_path):
    list(prepare(samples, str(tmp_path), 64, 128))
    return tmp_path


def mean_brightness(pairs):
    """Stands in for a network: [B, H, W, 2], the brightness of each frame."""
    return np.moveaxis(pairs.mean(axis=-1), 1, -1)


@pytest.mark.parametrize("batch, runs", [(1, [1, 1, 1, 1]), (3, [3, 1])])
def test_inferring_writes_a_file_a_pair(batch, runs, prepared):
    batches = []

    def network(pairs):
        batches.append(pairs.shape)
        return mean_brightness(pairs)

    inputs = list_raw_files(str(prepared / "image"))
    done = list(infer(network, inputs, str(prepared / "out"), (batch, 64, 128)))
    assert [len(names) for names, _ in done] == runs and set(batches) == {(batch, 2, 64, 128, 3)}
    assert sorted(os.listdir(str(prepared / "out"))) == [name + "_output_0.bin" for name in NAMES]
    for name in NAMES:
        expected = mean_brightness(read_raw(inputs[name], (1, 2, 64, 128, 3)))[0]
        np.testing.assert_allclose(
            np.fromfile(str(prepared / "out" / (name + "_output_0.bin")), "<f4").reshape(
                64, 128, 2
            ),
            expected,
            atol=1e-6,
        )


def test_inputs_of_another_size_are_named_and_counted(prepared):
    inputs = list_raw_files(str(prepared / "image"))
    with pytest.raises(ValueError, match="%s.bin .*4 of 4" % NAMES[0]):
        check_pairs(inputs, 64, 64)
    with open(inputs[NAMES[2]], "ab") as stream:
        stream.write(b"more")
    with pytest.raises(
        ValueError,
        match=r"%s.bin has 196612 bytes, .*\[2, 64, 128, 3\] has 196608 .1 of 4" % NAMES[2],
    ):
        check_pairs(inputs, 64, 128)
    with pytest.raises(ValueError, match="%s.bin has 196612" % NAMES[2]):
        read_raw(inputs[NAMES[2]], (2, 64, 128, 3))


def test_frames_of_another_range_are_named(prepared):
    inputs = list_raw_files(str(prepared / "image"))
    path, shape = inputs[NAMES[2]], (2, 64, 128, 3)
    write_raw(path, read_raw(path, shape) * 255)
    with pytest.raises(ValueError, match="%s.bin .*0..1" % NAMES[2]):
        list(infer(mean_brightness, inputs, str(prepared / "out"), (2, 64, 128)))


def test_no_inputs(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        list_raw_files(str(tmp_path / "absent"))
    (tmp_path / ".partial-abc-a.bin").write_bytes(b"")
    with pytest.raises(ValueError, match=str(tmp_path)):
        list_raw_files(str(tmp_path))


@pytest.fixture
def predictions(prepared):
    """A folder of msame's; the predictions are noise, of a seed each."""
    folder = prepared / "results"
    for seed, name in enumerate(NAMES):
        write_raw(
            str(folder / (name + "_output_0.bin")), np.random.RandomState(seed).randn(64, 128, 2)
        )
    return folder


def scored(prepared, folder, frame_size=(60, 120)):
    count, results = score_raw_files(str(prepared / "gt"), str(folder), (64, 128), frame_size)
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


def test_unknown_ground_truth_is_not_counted(prepared, predictions):
    path = str(prepared / "gt" / (NAMES[0] + ".bin"))
    ground_truth = read_raw(path, (64, 128, 2))
    ground_truth[:30], ground_truth[59, 0] = 1e10, np.nan
    write_raw(path, ground_truth)
    mean = scored(prepared, predictions)[0].scores["EPE"]
    flow = np.random.RandomState(0).randn(64, 128, 2).astype(np.float32)
    errors = np.hypot(
        *np.moveaxis((flow - ground_truth)[30:60, :120].astype(np.float64), -1, 0)
    ).ravel()
    assert mean.count == 30 * 120 - 1 and mean.value == pytest.approx(np.nanmean(errors), rel=1e-6)


def test_missing_extra_and_wrongly_sized_predictions_are_named(prepared, predictions):
    first = predictions / (NAMES[0] + "_output_0.bin")
    shutil.copy(str(first), str(predictions / "stray_output_0.bin"))
    with pytest.raises(ValueError, match="1 files .*: stray_output_0.bin"):
        scored(prepared, predictions)
    (predictions / "stray_output_0.bin").rename(predictions / (NAMES[0] + "_0.bin"))
    with pytest.raises(ValueError, match="1 files .*: %s_0.bin" % NAMES[0]):  # two for one pair
        scored(prepared, predictions)
    (predictions / (NAMES[0] + "_0.bin")).unlink()
    first.write_bytes(first.read_bytes()[:-4])
    with pytest.raises(
        ValueError,
        match=r"%s_output_0.bin has 65532 bytes, .* has 65536 .1 of 4" % NAMES[0],
    ):
        scored(prepared, predictions)
    first.unlink()
    with pytest.raises(ValueError, match="1 of 4 pairs .*: %s_output_0.bin" % NAMES[0]):
        scored(prepared, predictions)


def test_position_does_not_stand_in_for_the_name(prepared, predictions):
    (predictions / (NAMES[3] + "_output_0.bin")).rename(predictions / "a_output_0.bin")
    with pytest.raises(ValueError, match="1 of 4 pairs .*: %s_output_0.bin" % NAMES[3]):
        scored(prepared, predictions)


def test_sizes_other_than_those_of_the_files_are_refused(prepared, predictions):
    with pytest.raises(ValueError, match=r"gt.*%s.bin has 65536 .*4 of 4" % NAMES[0]):
        score_raw_files(str(prepared / "gt"), str(predictions), (448, 1024), (436, 1024))
    with pytest.raises(ValueError, match="436x120 .*64x128"):
        scored(prepared, predictions, (436, 120))


def test_a_prediction_that_is_not_finite_is_named(prepared, predictions):
    write_raw(str(predictions / (NAMES[1] + "_output_0.bin")), np.full((64, 128, 2), np.inf))
    with pytest.raises(ValueError, match="7200 pixels .*%s_output_0.bin" % NAMES[1]):
        scored(prepared, predictions)
