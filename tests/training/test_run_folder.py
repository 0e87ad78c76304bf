"""Run folders: lock, checkpoint retention, options, and those that version 0.1 wrote."""

import json
import os
import shutil
from dataclasses import asdict
from unittest.mock import Mock

import numpy as np
import pytest

from pwcnet.data.datasets.registry import make_source
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import tf
from pwcnet.training import run_folder
from pwcnet.training.options import training_options
from pwcnet.training.retention import Retention
from pwcnet.training.run_folder import RunFolder
from pwcnet.training.trainer import train
from pwcnet.weights.files import list_checkpoints
from tests.helpers.golden import golden_variables
from tests.helpers.training import checkpoint_tensors, fail_at

OLD_OPTIONS = os.path.join(os.path.dirname(__file__), "run_folder_0_1", "options.json")
NEW_NAMES = {"start": "initializer", "workers": "readers"}


@pytest.fixture
def saved():
    """Function of a RunFolder and steps that saves a checkpoint of a single variable for each."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("pwcnet/a", initializer=1.0)
        saver = tf.train.Saver(max_to_keep=None)
        session.run(tf.global_variables_initializer())
        yield lambda folder, steps: [folder.save(session, saver, step) for step in steps]


def test_which_checkpoints_are_kept(saved, tmp_path):
    retention = Retention(keep=2, keep_every=5, keep_range=(7, 9, 2))
    prefixes = []
    with RunFolder(str(tmp_path), retention, on_save=prefixes.append) as folder:
        assert saved(folder, range(1, 13)) == prefixes
        assert sorted(list_checkpoints(str(tmp_path))) == [5, 7, 9, 10, 11, 12]
        assert (folder.latest(), folder.latest_step()) == (folder.prefix(12), 12)


def test_checkpoints_by_other_names_are_the_users(saved, tmp_path):
    with RunFolder(str(tmp_path), Retention(keep=1, keep_every=0)) as folder:
        saved(folder, [1])
        for name in os.listdir(str(tmp_path)):
            if name.startswith("pwcnet.ckpt-1."):
                os.rename(str(tmp_path / name), str(tmp_path / name.replace("pwcnet", "mine")))
        saved(folder, [2, 3])
        assert sorted(list_checkpoints(str(tmp_path))) == [1, 3]


@pytest.mark.parametrize("name", ["run[1]", "back\\slash", os.fsdecode(b"latin-\xfc")], ids=ascii)
def test_a_run_resumes_in_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "Checkpoint", lambda prefix: Mock())  # of a whole network
    with tf.Graph().as_default(), tf.Session() as session:
        variable = tf.get_variable("pwcnet/a", initializer=1.0)
        saver = tf.train.Saver(max_to_keep=None)
        session.run(tf.global_variables_initializer())
        with RunFolder(str(tmp_path / name)) as folder:
            folder.save(session, saver, 3)
            session.run(tf.assign(variable, 2.0))
            assert folder.restore(session, saver) == folder.prefix(3)
            assert folder.save_best(session, saver, 3, 0.5) is not None
        assert session.run(variable) == 1


def test_an_empty_folder(tmp_path):
    with RunFolder(str(tmp_path / "new")) as folder:
        assert (folder.latest(), folder.latest_step()) == (None, 0)
        assert folder.validation_scores() == folder.differences({"training": {"steps": 1}}) == {}


def test_one_run_at_a_time(tmp_path):
    with RunFolder(str(tmp_path)):
        with pytest.raises(OSError, match=str(tmp_path)):
            RunFolder(str(tmp_path))
        RunFolder(str(tmp_path), leader=False).close()
    RunFolder(str(tmp_path)).close()


def test_what_a_killed_run_was_writing_is_removed(tmp_path):
    for folder in (tmp_path, tmp_path / "best"):
        folder.mkdir(exist_ok=True)
        (folder / ".partial-folder").mkdir()
        (folder / ".partial-file").write_text("")
    RunFolder(str(tmp_path)).close()
    assert sorted(os.listdir(str(tmp_path))) == [".lock", "best"]
    assert not os.listdir(str(tmp_path / "best"))


def current_options(**changes):
    """What training now writes for the options of the old run folder."""
    with open(OLD_OPTIONS) as stream:
        old = json.load(stream)
    values = {NEW_NAMES.get(name, name): value for name, value in old["training"].items()}
    return {
        "preset": None,
        "data": [make_source("sintel-clean", "dataset", 1.0).record()],
        "mode": "train_noval",
        "masked": True,
        "model": asdict(ModelConfig.small()),
        "training": asdict(training_options(dict(values, **changes))),
        "workers": 1,
    }


def test_an_old_run_folder_does_not_differ(tmp_path):
    shutil.copy(OLD_OPTIONS, str(tmp_path))
    with RunFolder(str(tmp_path)) as folder:
        assert folder.differences(current_options()) == {}
        assert folder.differences(current_options(keep_range=[2, 4, 2])) == {}  # there was none
        changed = current_options(initializer="published", readers=3, crop=[64, 128], augment=None)
        different = folder.differences(changed)
        assert different.pop("training.augment")[1] is None
        assert different == {
            "training.initializer": ("coarse_to_fine", "published"),
            "training.readers": (2, 3),
            "training.crop": ([64, 64], [64, 128]),
        }


def test_options_that_differ(tmp_path):
    with RunFolder(str(tmp_path)) as folder:
        folder.write_options(current_options(keep_range=[2, 4, 2]))
        assert folder.differences(current_options(keep_range=[2, 4, 2])) == {}
        assert folder.differences(dict(current_options(), workers=2, mode="train_with_val")) == {
            "mode": ("train_noval", "train_with_val"),
            "training.keep_range": ([2, 4, 2], None),
        }


@pytest.mark.full
def test_an_old_run_folder_goes_on_as_if_it_had_not_stopped(tmp_path, monkeypatch, caplog):
    """Stopped at step 2 of 4; its options.json is then that of version 0.1."""
    write_sintel(str(tmp_path / "dataset"), [("one", demo_scene(0, 64, 96, 4, 4))])
    samples = sintel_samples(str(tmp_path / "dataset"), mode="train_noval")
    metadata = current_options()
    options = training_options(dict(metadata["training"], validate_every=0))
    metadata = {name: metadata[name] for name in ("preset", "data", "mode", "masked")}

    def run(name, resume=False):
        data = TrainingData(samples, options.crop, options.augment, options.seed)
        with RunFolder(str(tmp_path / name), options.retention) as folder:
            return train(
                data, ModelConfig.small(), options, folder, resume=resume, metadata=metadata
            )

    whole = run("whole")
    with monkeypatch.context() as patch:
        fail_at(patch, 3, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            run("parts")
    with open(OLD_OPTIONS) as stream:
        old = json.load(stream)
    old["training"]["validate_every"] = 0
    (tmp_path / "parts" / "options.json").write_text(json.dumps(old))
    parts = run("parts", resume=True)
    assert not [record for record in caplog.records if "resuming with" in record.getMessage()]
    expected, resumed = checkpoint_tensors(whole), checkpoint_tensors(parts)
    assert set(expected) == set(resumed) == old_names()
    for name in expected:
        np.testing.assert_array_equal(expected[name], resumed[name], err_msg=name)


def old_names():
    """The variables in the checkpoints of version 0.1, of a run with Adam and averages."""
    weights = set(golden_variables("sm"))
    slots = {
        "%s/%s" % (name, slot)
        for name in weights
        for slot in ("Adam", "Adam_1", "ExponentialMovingAverage")
    }
    return weights | slots | {"global_step", "beta1_power", "beta2_power"}
