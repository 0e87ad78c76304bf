"""Generated pairs as a data set: their order, their parts, mixes with files."""

from dataclasses import replace

import numpy as np
import pytest

from pwcnet.data.datasets.registry import dataset_samples, parse_source
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.mixture import Mix
from pwcnet.data.sample import Sample
from pwcnet.io.images import write_image

SMALL = "seed=3,height=64,width=96,median=2,largest=9,textures=4"


def test_training_goes_on_in_order_and_never_ends():
    samples = dataset_samples("generated", SMALL + ",pairs=5")
    assert (
        len(samples) == 5
        and [sample.id for sample in samples][:2] == ["pair_3_000000", "pair_3_000001"]
        and samples[-1].id == "pair_3_000004"
    )
    data = TrainingData(samples, (64, 96))
    assert [data.sample(number).id for number in (0, 4, 5, 1000000)] == [
        "pair_3_%06d" % number for number in (0, 4, 5, 1000000)
    ]
    example = data.load(7)
    loaded = samples.sample(7).load()
    np.testing.assert_array_equal(example.frame1, loaded.frame1)
    np.testing.assert_array_equal(example.flow, loaded.flow)
    assert example.valid.all() and np.hypot(*np.moveaxis(loaded.flow, -1, 0)).max() <= 9.001
    with pytest.raises(IndexError):
        samples[5]


def test_validation_has_pairs_of_its_own():
    first = dataset_samples("generated", SMALL, "train_with_val")
    held_back = dataset_samples("generated", SMALL, "val")
    assert len(held_back) == 16
    assert not any(sample in first for sample in held_back)
    assert first.sample(10**9) in first
    with pytest.raises(ValueError, match="mode with ground truth"):
        dataset_samples("generated", SMALL, "test")


def test_worlds_of_photographs(tmp_path, monkeypatch):
    write_image(str(tmp_path / "photos" / "a.png"), np.full((64, 64, 3), 90, np.uint8))
    values = SMALL + ",kind=worlds,photo_share=1,photos=%s"
    samples = dataset_samples("generated", values % (tmp_path / "photos"))
    sample = samples.sample(1)
    assert sample.options.kind == "worlds" and "worlds" in sample.describe()
    loaded = sample.load()
    assert loaded.valid.mean() > 0.9 and loaded.occlusion is not None
    monkeypatch.chdir(tmp_path)
    assert dataset_samples("generated", values % "photos").sample(1).key == sample.key


def test_further_content():
    sample, plain = (
        dataset_samples("generated", SMALL + ",kind=both" + further).sample(1)
        for further in (",content=haze+thin", "")
    )
    assert sample.options.content == "haze+thin" and sample.key != plain.key
    assert (sample.load().frame1 != plain.load().frame1).any()


def test_mixed_with_files():
    files = [Sample("file_%d" % index, "1", "2", "flow") for index in range(3)]
    mix = Mix([(files, 1.0), (dataset_samples("generated", SMALL), 1.0)], seed=1)
    ids = [mix.sample(number).id for number in range(10000)]
    generated = [each for each in ids if each.startswith("pair")]
    assert len(generated) == 5000 and generated == [
        "pair_3_%06d" % number for number in range(5000)
    ]


def test_pairs_of_other_values_are_others():
    one = dataset_samples("generated", SMALL, "train_with_val")
    other = dataset_samples("generated", SMALL.replace("seed=3", "seed=4"), "train_with_val")
    assert one.sample(5) not in other and one.sample(5).key != other.sample(5).key
    renamed = replace(one.sample(5), id="set/pair")
    assert renamed in one and renamed.file_name == "set-pair"


def test_a_crop_that_does_not_fit_names_the_pair():
    data = TrainingData(dataset_samples("generated", SMALL), (128, 96))
    with pytest.raises(ValueError, match="pair_3_000002, median 2"):
        data.load(2)


def test_a_command_line_names_them():
    source = parse_source("generated=%s@0.5" % SMALL)
    assert (source.name, source.values, source.weight) == ("generated", SMALL, 0.5)


@pytest.mark.parametrize(
    "root, message",
    [
        ("colour=1", "expected NAME=NUMBER"),
        ("seed", "expected NAME=NUMBER"),
        ("height=x", "expected a whole number for height"),
        ("median=x", "expected a number for median_motion"),
        ("height=8", "32x32"),
        ("seed=-1", "expected a seed"),
        ("median=9,largest=3", "median_motion <= largest_motion"),
        ("pairs=0", "at least 1 pair"),
        ("kind=cubes", "cubes"),
        ("content=thin+rain", "rain"),
        ("photos=/nowhere/photos", "/nowhere/photos"),
    ],
)
def test_wrong_values_are_quoted(root, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        dataset_samples("generated", root)
