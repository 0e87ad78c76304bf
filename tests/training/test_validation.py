"""Validation during training: its numbers, the best checkpoints, what is written for TensorBoard."""

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
from pwcnet.training.run_folder import Keeper
from pwcnet.training.trainer import Start, train
from pwcnet.training.validation import Validation
from pwcnet.weights.checkpoint import Checkpoint, list_checkpoints


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    write_sintel(
        str(folder), [("one", demo_scene(0, 70, 100, 3, 4)), ("two", demo_scene(1, 64, 64, 2, 4))]
    )  # sizes that differ, and want padding
    return sintel_samples(str(folder), mode="train_noval")


@pytest.fixture(scope="module")
def trained(samples, tmp_path_factory):
    """(folder, what the validation of each step came to) of a run of 6 steps, validated at each."""
    folder, found = str(tmp_path_factory.mktemp("run")), {}

    class Noting(Validation):
        def run(self, *arguments):
            validated = super().run(*arguments)
            found[len(found) + 1] = validated
            return validated

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
    with Keeper(folder, 1, 0, options.keep_best) as keeper:
        train(
            TrainingData(samples, (64, 64)),
            ModelConfig.small(),
            options,
            keeper,
            Start(None, False),
            validation=Noting(samples),
        )
    return folder, found


def test_it_is_what_evaluation_finds(trained, samples):
    folder, found = trained
    totals = Totals()
    with Predictor(folder) as predictor:
        for result in evaluate_samples(predictor, samples, masked=True):
            totals.add(result)
    np.testing.assert_allclose(found[6].epe, totals.measures["EPE"].per_image.value, rtol=1e-4)
    assert set(found[6].pairs) == {sample.id for sample in samples}


def test_the_best_are_kept_apart_from_the_latest(trained):
    folder, found = trained
    wanted = sorted(found, key=lambda step: found[step].epe)[:2]
    assert sorted(list_checkpoints(os.path.join(folder, "best"))) == sorted(wanted)
    with open(os.path.join(folder, "best", "best.json")) as stream:
        noted = json.load(stream)
    assert noted == {str(step): validated.epe for step, validated in found.items()}
    assert (
        list(list_checkpoints(folder)) == [6]
        and Checkpoint(os.path.join(folder, "best")).config.name == "sm-6-2"
    )


@pytest.mark.parametrize("at", [2, 4])
def test_a_validation_that_was_cut_off_is_made_up_for(samples, tmp_path, at):
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
        with Keeper(str(tmp_path), 2, 0, options.keep_best) as keeper:
            train(
                TrainingData(samples, (64, 64)),
                ModelConfig.small(),
                options,
                keeper,
                Start(None, resume),
                validation=validation,
            )
            return keeper.validated(), sorted(list_checkpoints(keeper.best_folder))

    with pytest.raises(KeyboardInterrupt):
        go(Stopping(samples), False)
    validated, best = go(Validation(samples), True)
    assert sorted(validated) == best == [2, 4]
    validation = Stopping(samples)
    assert (
        go(validation, True) == (validated, best) and validation.runs == 0
    )  # complete: nothing to do


def test_each_sample_counts_once(samples):
    with pytest.raises(ValueError, match="an id each"):
        Validation(samples + samples[:1])


def test_pictures_of_fixed_samples(trained, samples):
    _, found = trained
    pictured = {name.rsplit("/", 1)[0] for name in found[1].pictures}
    assert len(pictured) == 2 and pictured <= {sample.id for sample in samples}
    assert set(found[1].pictures) == set(found[6].pictures)
    assert all(image.dtype == np.uint8 and image.ndim == 3 for image in found[1].pictures.values())


def test_nothing_to_validate_on():
    with pytest.raises(ValueError, match="at least one sample to validate on"):
        Validation([])
