"""The sequence of training samples: several readers and processes, mixes, broken files.

Resuming and plain order are in tests/training/test_trainer.py.
"""

import dataclasses
import logging

import numpy as np
import pytest

from pwcnet.data.augment.affine import AffineOptions
from pwcnet.data.augment.augmentation import AugmentOptions
from pwcnet.data.augment.eraser import EraserOptions
from pwcnet.data.augment.photometric import PhotometricOptions
from pwcnet.data.datasets.generated import GeneratedSample, GeneratedSamples
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.mixture import Mix
from pwcnet.data.sample import EndlessSamples
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.scenes import demo_scene, generate_pair
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.runtime.tensorflow import TF_RELEASE, tf

EVERYTHING = AugmentOptions(
    affine=AffineOptions(),
    photometric=PhotometricOptions(),
    eraser=EraserOptions(smallest=5, largest=15),
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    write_sintel(
        str(folder), [("one", demo_scene(0, 64, 96, 4, 4)), ("two", demo_scene(1, 64, 96, 3, 4))]
    )
    return sintel_samples(str(folder))


@pytest.fixture
def broken(samples, tmp_path):
    """The same list, where two of five cannot be read."""
    (tmp_path / "cut.flo").write_bytes(b"PIEH")
    changed = list(samples)
    changed[1] = dataclasses.replace(samples[1], flow=str(tmp_path / "cut.flo"))
    changed[3] = dataclasses.replace(samples[3], frame2=str(tmp_path / "absent.png"))
    return changed


def batches(data, batch_size, first, last, readers=1, shard=(0, 1)):
    with tf.Graph().as_default(), tf.Session() as session:
        batch, start = data.batches(batch_size, first, last, readers, shard)
        session.run(start)
        return [session.run(batch) for _ in range(last - first)]


def assert_same(left, right):
    assert len(left) == len(right)
    for one, other in zip(left, right):
        for a, b in zip(one, other):
            np.testing.assert_array_equal(a, b)


def test_all_changes_are_the_same_for_any_number_of_readers(samples):
    data = TrainingData(samples, (48, 64), EVERYTHING, seed=5)
    one = batches(data, 2, 0, 6, readers=1)
    assert_same(
        one, batches(TrainingData(samples, (48, 64), EVERYTHING, seed=5), 2, 0, 6, readers=4)
    )
    assert_same(one[4:], batches(data, 2, 4, 6, readers=3))


def test_batches_hold_the_examples(samples):
    data = TrainingData(samples, (48, 64), EVERYTHING, seed=5)
    batch = batches(data, 2, 1, 2)[0]
    for place, number in enumerate((2, 3)):
        example = data.load(number)
        np.testing.assert_allclose(batch.pair[place], np.stack(example[:2]) / 255.0, atol=1e-6)
        np.testing.assert_array_equal(
            batch.flow[place], np.where(example.valid[..., None], example.flow, 0)
        )
        np.testing.assert_array_equal(batch.valid[place], example.valid)
    assert batch.pair.dtype == batch.flow.dtype == np.float32 and batch.numbers.tolist() == [2, 3]


@pytest.mark.parametrize("count", [2, 3])
def test_shards_together_are_the_batches_of_one(count, samples):
    data = TrainingData(samples, (48, 64), AugmentOptions(), seed=5)
    whole = batches(data, 2 * count, 1, 4)
    parts = [batches(data, 2, 1, 4, shard=(index, count)) for index in range(count)]
    assert_same(whole, [[np.concatenate(arrays) for arrays in zip(*step)] for step in zip(*parts)])


@pytest.mark.parametrize("shard", [(2, 2), (-1, 2), (0, 0)])
def test_shard_that_there_is_not(shard, samples):
    with pytest.raises(ValueError, match="expected a shard"):
        TrainingData(samples, (48, 64)).batches(2, 0, 1, shard=shard)


@pytest.mark.parametrize(
    "options, named",
    [
        ({"batch_size": 0}, "batch.*got 0"),
        ({"batch_size": -2}, "batch.*got -2"),
        ({"first_step": -1}, "steps.*got -1"),
        ({"readers": -1}, "readers.*got -1"),
        ({"shard": (1, 1)}, r"\(1, 1\)"),
    ],
)
def test_numbers_out_of_their_range(options, named, samples):
    with pytest.raises(ValueError, match=named):
        TrainingData(samples, (64, 64)).dataset(**dict({"batch_size": 1, "steps": 1}, **options))


@pytest.mark.parametrize("crop", [(0, 64), (64, -64), (64, 64, 3)])
def test_crops_that_there_are_not(crop, samples):
    with pytest.raises(ValueError, match="crop.*%d" % crop[-1]):
        TrainingData(samples, crop)


@pytest.mark.skipif(TF_RELEASE.startswith("1."), reason="of TensorFlow 2")
def test_a_dataset_for_loops_of_tensorflow_2(samples, monkeypatch):
    """With the operation that TensorFlow does not warn of."""
    monkeypatch.setattr(tf, "py_func", None)
    data = TrainingData(samples, (64, 64))
    (batch,) = data.dataset(2, steps=4, first_step=3)
    for part, expected in zip(batch, batches(data, 2, 3, 4)[0]):
        np.testing.assert_allclose(part.numpy(), expected, rtol=1e-6)  # / 255 rounds otherwise


def test_mix_of_data_sets(samples):
    data = TrainingData(
        Mix([(samples[:3], 1), (samples[3:], 3)], seed=2), (48, 64), AugmentOptions(), seed=2
    )
    assert len(data) == len(samples)
    drawn = [data.sample(number) for number in range(200)]
    assert 30 <= sum(sample in samples[:3] for sample in drawn) <= 70
    one = batches(data, 2, 0, 4)
    assert_same(one[2:], batches(data, 2, 2, 4, readers=3))


def test_list_is_a_mix_of_one(samples):
    listed, mixed = (
        TrainingData(samples, (48, 64), seed=9),
        TrainingData(Mix([(samples, 4.0)], 9), (48, 64), seed=9),
    )
    assert [listed.sample(n) for n in range(12)] == [mixed.sample(n) for n in range(12)]
    assert [listed.sample(n) for n in range(5)] == [
        samples[n] for n in np.random.RandomState([9, 0]).permutation(5)
    ]


def test_broken_file_stops_and_is_named(broken):
    data = TrainingData(broken, (48, 64), seed=1)
    with pytest.raises(tf.errors.OpError):
        batches(data, 5, 0, 1)
    failure = data.failure(1, 1, 5)
    assert any(name in str(failure) for name in ("cut.flo", "absent.png"))


@pytest.mark.parametrize("shard", [(0, 1), (1, 2)])
def test_a_failure_belongs_to_the_step_of_its_batch(samples, shard):
    """A later batch is read ahead; its error says nothing about the steps before it."""
    index, count = shard
    data = TrainingData(samples, (48, 64))
    first = (2 * count + index) * 3  # of step 3
    errors = {number: ValueError("number %d" % number) for number in (first + 1, first + 2)}
    data.failures.update(errors)
    data.failures[first + 3 * count] = ValueError("step 4")
    assert data.failure(1, 2, 3, shard) is None
    assert data.failure(3, 3, 3, shard) is data.failure(2, 4, 3, shard) is errors[first + 1]


class FailingSamples(EndlessSamples):
    """Generated samples whose values no pair can have."""

    def __init__(self, good=()):
        super().__init__(5)
        self.good = good

    def sample(self, number):
        sample = GeneratedSamples(0, SceneOptions(height=64, width=96), 1).sample(number)
        if number in self.good:
            return sample
        return dataclasses.replace(sample, options=None)

    def __contains__(self, sample):
        return False


def test_generated_samples_that_all_fail(monkeypatch):
    def load(sample, masked=False, with_occlusion=True):
        if sample.options is None:
            raise ValueError("%s is too far" % sample.id)
        return generate_pair(sample.seed, sample.number, sample.options)

    monkeypatch.setattr(GeneratedSample, "load", load)
    data = TrainingData(FailingSamples(good=[99]), (48, 64), skip_bad=True)
    assert data.load(0).flow.shape == (48, 64, 2) and len(data.skipped) == 99
    data = TrainingData(FailingSamples(), (48, 64), skip_bad=True)
    with pytest.raises(ValueError, match="100 .*pair_0_000099 is too far"):
        data.load(0)


def test_broken_files_are_skipped_and_told_once(broken, caplog):
    data = TrainingData(broken, (48, 64), AugmentOptions(), seed=1, skip_bad=True)
    with caplog.at_level(logging.WARNING):
        whole = batches(data, 3, 0, 10, readers=4)
    assert {sample.id for sample in data.skipped} == {broken[1].id, broken[3].id}
    assert "cut.flo" in str(data.skipped[broken[1]]) and "absent.png" in str(
        data.skipped[broken[3]]
    )
    assert len([record for record in caplog.records if "skipping sample" in record.message]) == 2
    assert_same(
        whole[6:],
        batches(TrainingData(broken, (48, 64), AugmentOptions(), seed=1, skip_bad=True), 3, 6, 10),
    )


def test_skipping_takes_the_next_sample_that_can_be_read(broken):
    data = TrainingData(broken, (48, 64), seed=1, skip_bad=True)
    for number in range(10):
        later = next(n for n in range(number, 20) if data.sample(n) not in (broken[1], broken[3]))
        only = TrainingData([data.sample(later)], (48, 64), seed=1)
        np.testing.assert_array_equal(data.load(number).frame1, only.load(number).frame1)


def test_skipping_changes_nothing_where_all_is_well(samples):
    assert_same(
        batches(TrainingData(samples, (48, 64), seed=1), 2, 0, 3),
        batches(TrainingData(samples, (48, 64), seed=1, skip_bad=True), 2, 0, 3),
    )


def test_nothing_that_can_be_read(broken):
    data = TrainingData([broken[1], broken[3]], (48, 64), skip_bad=True)
    for number in (0, 1, 7):
        with pytest.raises(ValueError, match="got none of 2; the last: .*(cut.flo|absent.png)"):
            data.load(number)


def test_crop_that_does_not_fit_is_not_skipped(samples):
    with pytest.raises(ValueError, match="64x96.*128x64.*frame_0003.png"):
        TrainingData(samples, (128, 64), skip_bad=True).load(0)
