"""The speed of the input pipeline is measured; how fast it is, is not tested."""

import dataclasses

import pytest

from pwcnet.cli.benchmark_input import measure_input
from pwcnet.data.augment.augmentation import AugmentOptions
from pwcnet.data.datasets.registry import dataset_samples
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData


@pytest.fixture
def samples(tiny_sintel):
    return sintel_samples(tiny_sintel)


def check(speed):
    assert speed.delivered == 48 * 64 * 15 and min(speed.loop, speed.pipeline, speed.ratio) > 0


def test_bytes_of_files_and_batches(samples):
    data = TrainingData(samples, (48, 64), AugmentOptions())
    speed = measure_input(data, 2, steps=2, rounds=1, readers=2)
    check(speed)
    assert speed.read > 60 * 120 * 8


def test_generated_pairs_read_no_bytes():
    samples = dataset_samples("generated", "height=64,width=96,textures=2")
    speed = measure_input(TrainingData(samples, (48, 64)), 1, steps=1, rounds=1, readers=1)
    check(speed)
    assert speed.read == 0


def test_broken_files_are_named(samples, tmp_path):
    (tmp_path / "cut.flo").write_bytes(b"PIEH")
    broken = [dataclasses.replace(samples[0], flow=str(tmp_path / "cut.flo"))]
    with pytest.raises(ValueError, match="cut.flo"):
        measure_input(TrainingData(broken, (48, 64)), 1, steps=1, rounds=1)
    absent = [dataclasses.replace(samples[0], frame2=str(tmp_path / "absent.png"))]
    with pytest.raises(FileNotFoundError, match="absent.png"):
        measure_input(TrainingData(absent, (48, 64)), 1, steps=1, rounds=1)


def test_nothing_to_measure(samples):
    for wrong in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with pytest.raises(ValueError):
            measure_input(TrainingData(samples, (48, 64)), *wrong)
