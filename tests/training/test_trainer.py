"""Training runs: resuming, what they write, how they stop."""

import dataclasses
from unittest import mock

import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import tf
from pwcnet.training import initial_weights
from pwcnet.training.options import TrainingOptions
from pwcnet.training.run_folder import RunFolder
from pwcnet.training.session import TrainingSession
from pwcnet.training.trainer import train
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import list_checkpoints
from pwcnet.weights.variables import assign
from tests.helpers.training import checkpoint_tensors, fail_at, train_light_network


@pytest.fixture(autouse=True)
def _light_network(monkeypatch, request):
    if not request.node.get_closest_marker("full"):
        train_light_network(monkeypatch.setattr)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    write_sintel(
        str(folder), [("one", demo_scene(0, 64, 96, 4, 4)), ("two", demo_scene(1, 64, 96, 3, 4))]
    )
    return sintel_samples(str(folder), mode="train_noval")


def options(**changes):
    values = {
        "steps": 4,
        "batch_size": 2,
        "crop": (64, 64),
        "loss": "multiscale",
        "schedule": "constant",
        "learning_rate": 1e-4,
        "display": 1,
        "save_every": 2,
        "threads": 1,
        "seed": 3,
    }
    values.update(changes)
    return TrainingOptions(**values)


def run(samples, folder, pretrained=None, resume=False, **changes):
    chosen = options(**changes)
    data = TrainingData(samples, chosen.crop, chosen.augment, chosen.seed)
    with RunFolder(str(folder), chosen.retention) as run_folder:
        return train(data, ModelConfig.small(), chosen, run_folder, pretrained, resume)


@pytest.mark.full
def test_resuming_after_updates_that_the_loss_scale_skipped(samples, tmp_path, monkeypatch):
    """Checkpoints are named after the place in the data; the schedule's global_step lags behind."""
    scale = tf.train.experimental.DynamicLossScale
    monkeypatch.setattr(
        tf.train.experimental, "DynamicLossScale", lambda: scale(initial_loss_scale=2.0**127)
    )
    steps = {"loss_scale": "dynamic", "save_every": 10}
    whole = run(samples, tmp_path / "whole", steps=20, **steps)
    assert 0 < Checkpoint(whole).step < 20 and whole.endswith("-20")
    run(samples, tmp_path / "parts", steps=10, **steps)
    parts = run(samples, tmp_path / "parts", resume=True, steps=20, **steps)
    expected, resumed = checkpoint_tensors(whole), checkpoint_tensors(parts)
    for name in expected:
        np.testing.assert_array_equal(expected[name], resumed[name], err_msg=name)
    assert run(samples, tmp_path / "parts", resume=True, steps=20, **steps) == parts and sorted(
        list_checkpoints(str(tmp_path / "parts"))
    ) == [10, 20]


def test_a_folder_with_checkpoints_is_not_overwritten(samples, tmp_path):
    run(samples, tmp_path, steps=1)
    with pytest.raises(ValueError, match=str(tmp_path)):
        run(samples, tmp_path, steps=2)
    with open(str(tmp_path / "options.json")) as stream:
        before = stream.read()
    with pytest.raises(ValueError, match="pwcnet.ckpt-1"):
        run(samples, tmp_path, resume=True, steps=2, optimizer="momentum")
    with open(str(tmp_path / "options.json")) as stream:
        assert stream.read() == before


@pytest.mark.whole_on("tf2")
def test_options_that_differ_from_the_resumed_run_are_logged(samples, tmp_path, caplog):
    run(samples, tmp_path, steps=1)
    with caplog.at_level("WARNING"):
        run(samples, tmp_path, resume=True, steps=2, learning_rate=2e-4)
    assert "training.learning_rate 0.0002, where the run so far had 0.0001" in caplog.text


def test_weights_that_are_not_finite_are_not_saved(samples, tmp_path, monkeypatch):
    run_step = TrainingSession.step

    def step(self, number, detailed=False):
        values = run_step(self, number, detailed)
        if number == 2:
            bias = next(v for v in tf.trainable_variables() if v.op.name.endswith("flow2/bias"))
            assign(self.session, [bias], [np.array([np.inf, 0], np.float32)])
        return values

    monkeypatch.setattr(TrainingSession, "step", step)
    with pytest.raises(ValueError, match="step 2; .*ckpt-1;"):
        run(samples, tmp_path, steps=3, save_every=1)
    assert list(list_checkpoints(str(tmp_path))) == [1]


def test_other_failures_save_first(samples, tmp_path, monkeypatch):
    fail_at(monkeypatch, 3, OSError("the disk is gone"))
    with pytest.raises(OSError, match="the disk is gone"):
        run(samples, tmp_path, steps=9, save_every=1000)
    assert list(list_checkpoints(str(tmp_path))) == [2]


def test_pretrained_gives_weights_but_not_step_or_optimizer(samples, tmp_path):
    first = run(samples, tmp_path / "first", steps=3)
    second = run(samples, tmp_path / "second", pretrained=first, steps=1, learning_rate=1e-30)
    assert Checkpoint(second).step == 1
    before, after = checkpoint_tensors(first), checkpoint_tensors(second)
    for name in before:
        if name.startswith("pwcnet/") and not name.endswith(("Adam", "Adam_1")):
            np.testing.assert_allclose(after[name], before[name], atol=1e-12, err_msg=name)


def test_the_last_step_is_saved_whatever_the_interval(samples, tmp_path):
    assert run(samples, tmp_path, steps=3, save_every=1000).endswith("pwcnet.ckpt-3")


def test_interrupt_saves_first(samples, tmp_path, monkeypatch):
    fail_at(monkeypatch, 3, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(samples, tmp_path, steps=9, save_every=1000)
    assert sorted(list_checkpoints(str(tmp_path))) == [2]


def test_non_finite_loss_names_step_samples_and_last_good_checkpoint(samples, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"step \d+ with samples (one|two)/frames_\d+_\d+, (one|two)/frames.*checkpoint: none",
    ):
        run(samples, tmp_path, steps=6, optimizer="sgd", learning_rate=1e30, save_every=100)
    assert not list_checkpoints(str(tmp_path))


def test_a_broken_file_is_named(samples, tmp_path):
    broken = tmp_path / "frame_0001.flo"
    broken.write_bytes(b"PIEH")
    with pytest.raises(ValueError, match=str(broken)):
        run([dataclasses.replace(samples[0], flow=str(broken))], tmp_path / "run", steps=1)


def test_a_later_batch_that_cannot_be_read_hides_no_other_error(samples):
    """In a step without a network, whose session fails."""

    class FailingSession:
        def run(self, fetches):
            raise tf.errors.UnknownError(None, None, "another worker has gone")

    session = TrainingSession.__new__(TrainingSession)
    session.session, session.steps_per_run, session._train_op = FailingSession(), 1, None
    session.options, session._shard = options(batch_size=2), (0, 1)
    session.graph = session._batch = mock.MagicMock()
    session._data = TrainingData(samples, (64, 64))
    session._data.failures[4] = ValueError("frame_0001.flo")  # of step 3
    with pytest.raises(ValueError, match="2 .*another worker has gone"):
        session.step(2)
    with pytest.raises(ValueError, match="frame_0001.flo"):
        session.step(3)


def test_two_runs_in_one_folder(samples, tmp_path):
    with RunFolder(str(tmp_path)), pytest.raises(OSError, match=str(tmp_path)):
        run(samples, tmp_path, steps=1)


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"steps": 0}, "steps"),
        ({"crop": (60, 64)}, "multiples of 64"),
        ({"loss": "l3"}, "loss"),
        ({"schedule": "never"}, "schedule"),
        ({"learning_rate": None}, "learning rate"),
        ({"optimizer": "x"}, "optimizer"),
        ({"clip_norm": 0}, "clip_norm"),
        ({"precision": "int8"}, "precision"),
        ({"loss_scale": "none"}, "loss_scale"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"initializer": "zero"}, "initializer"),
        ({"keep_range": (2, 1, 1)}, "keep_range"),
        ({"seed": 2**32}, "seed"),
    ],
)
def test_options_are_checked_where_they_are_made(changes, word):
    with pytest.raises(ValueError, match=word):
        options(**changes)


@pytest.mark.parametrize("pretrained", [False, True])
def test_a_run_from_random_weights_that_stays_at_zero_flow(
    pretrained, samples, tmp_path, monkeypatch, caplog
):
    """With a rate that changes nothing; flow heads of random kernels are worse than zero flow."""
    caplog.set_level("INFO")
    monkeypatch.setattr(initial_weights, "FIRST_STEP", 3)
    monkeypatch.setattr(initial_weights, "WINDOW", 1)
    weights = run(samples, tmp_path / "first", steps=1) if pretrained else None
    caplog.clear()
    run(samples, tmp_path / "run", weights, steps=4, learning_rate=1e-9)
    hint = [message for message in caplog.messages if initial_weights.RANDOM_START in message]
    assert len(hint) == (0 if pretrained else 2)
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == (
        not pretrained
    )
