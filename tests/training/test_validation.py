"""Validation during training: its numbers, the best checkpoints, its images."""

import json
import os

import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.evaluation.scoring import Totals, evaluate_samples
from pwcnet.inference.predictor import Predictor
from pwcnet.model.config import ModelConfig
from pwcnet.training.options import TrainingOptions
from pwcnet.training.run_folder import RunFolder
from pwcnet.training.trainer import train
from pwcnet.training.validation import Validation
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import list_checkpoints
from tests.helpers.training import train_light_network


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    write_sintel(
        str(folder), [("one", demo_scene(0, 70, 100, 3, 4)), ("two", demo_scene(1, 64, 64, 2, 4))]
    )  # sizes that differ, and want padding
    return sintel_samples(str(folder), mode="train_noval")


@pytest.fixture(scope="module")
def trained(samples, tmp_path_factory):
    """(folder, {step: ValidationResult}) of a run of 6 steps, validated at each."""
    folder, results = str(tmp_path_factory.mktemp("run")), {}

    class Recording(Validation):
        def run(self, *arguments):
            result = super().run(*arguments)
            results[len(results) + 1] = result
            return result

    options = TrainingOptions(
        steps=6,
        batch_size=1,
        crop=(64, 64),
        loss="multiscale",
        schedule="constant",
        learning_rate=1e-3,
        display=2,
        save_every=1,
        keep=1,
        keep_every=0,
        validate_every=1,
        keep_best=2,
    )
    with RunFolder(folder, options.retention) as run_folder:
        train(
            TrainingData(samples, (64, 64)),
            ModelConfig.small(),
            options,
            run_folder,
            validation=Recording(samples),
        )
    return folder, results


@pytest.mark.whole_on("tf2")
def test_it_gives_what_evaluation_gives(trained, samples):
    folder, results = trained
    totals = Totals()
    with Predictor(folder, quality="plain") as predictor:
        for result in evaluate_samples(predictor, samples, masked=True):
            totals.add(result)
    np.testing.assert_allclose(results[6].epe, totals.measures["EPE"].per_image.value, rtol=1e-4)
    assert set(results[6].pairs) == {sample.id for sample in samples}


@pytest.mark.whole_on("tf2")
def test_the_best_are_kept_apart_from_the_latest(trained):
    folder, results = trained
    wanted = sorted(results, key=lambda step: results[step].epe)[:2]
    assert sorted(list_checkpoints(os.path.join(folder, "best"))) == sorted(wanted)
    with open(os.path.join(folder, "best", "best.json")) as stream:
        recorded = json.load(stream)
    assert recorded == {str(step): result.epe for step, result in results.items()}
    assert (
        list(list_checkpoints(folder)) == [6]
        and Checkpoint(os.path.join(folder, "best")).config.name == "sm-6-2"
    )


@pytest.mark.whole_on("tf2")
@pytest.mark.parametrize("at", [2, 4])
def test_a_validation_that_was_cut_off_is_made_up_for(samples, tmp_path, at, monkeypatch):
    train_light_network(monkeypatch.setattr)

    class Stopping(Validation):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.runs = 0

        def run(self, *arguments):
            self.runs += 1
            if self.runs == at // 2:
                raise KeyboardInterrupt
            return super().run(*arguments)

    options = TrainingOptions(
        steps=4,
        batch_size=1,
        crop=(64, 64),
        loss="multiscale",
        schedule="constant",
        learning_rate=1e-3,
        display=4,
        save_every=2,
        validate_every=2,
        keep_best=2,
    )

    def go(validation, resume):
        with RunFolder(str(tmp_path), options.retention) as run_folder:
            train(
                TrainingData(samples, (64, 64)),
                ModelConfig.small(),
                options,
                run_folder,
                resume=resume,
                validation=validation,
            )
            best = sorted(list_checkpoints(run_folder.best_folder))
            return run_folder.validation_scores(), best

    with pytest.raises(KeyboardInterrupt):
        go(Stopping(samples), False)
    validated, best = go(Validation(samples), True)
    assert sorted(validated) == best == [2, 4]
    validation = Stopping(samples)
    assert (
        go(validation, True) == (validated, best) and validation.runs == 0
    )  # complete: nothing to do


def test_each_sample_counts_once(samples):
    with pytest.raises(ValueError, match="id"):
        Validation(samples + samples[:1])


@pytest.mark.whole_on("tf2")
def test_images_of_fixed_samples(trained, samples):
    _, results = trained
    ids = {name.rsplit("/", 1)[0] for name in results[1].images}
    assert len(ids) == 2 and ids <= {sample.id for sample in samples}
    assert set(results[1].images) == set(results[6].images)
    assert all(image.dtype == np.uint8 and image.ndim == 3 for image in results[1].images.values())


def test_nothing_to_validate_on():
    with pytest.raises(ValueError, match="sample"):
        Validation([])
