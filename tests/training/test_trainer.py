"""Training runs: data order, resuming, what stays on disk, how they stop."""

import dataclasses
import os
import threading

import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.options import TrainingOptions
from pwcnet.training.run_folder import Keeper
from pwcnet.training.trainer import Start, train
from pwcnet.weights.checkpoint import Checkpoint, assign, list_checkpoints


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    write_sintel(
        str(folder), [("one", demo_scene(0, 64, 96, 4, 4)), ("two", demo_scene(1, 64, 96, 3, 4))]
    )
    return sintel_samples(str(folder), mode="train_noval")


def options(**changes):
    values = dict(
        steps=4,
        batch_size=2,
        crop=(64, 64),
        loss="multiscale",
        schedule="constant",
        learning_rate=1e-4,
        display=1,
        save_every=2,
        threads=1,
        seed=3,
    )
    values.update(changes)
    return TrainingOptions(**values)


def run(samples, folder, start=Start(None, False), validation=None, **changes):
    chosen = options(**changes)
    data = TrainingData(samples, chosen.crop, chosen.augment, chosen.seed)
    with Keeper(str(folder), chosen.keep, chosen.keep_every, chosen.keep_best) as keeper:
        return train(data, ModelConfig.small(), chosen, keeper, start, validation=validation)


def weights(prefix):
    checkpoint = Checkpoint(prefix)
    return {name: checkpoint._tensor(full) for name, full in checkpoint._stored.items()}


def batches(data, batch_size, first, last, workers):
    with tf.Graph().as_default(), tf.Session() as session:
        batch, start = data.batches(batch_size, first, last, workers)
        session.run(start)
        return [session.run(batch) for _ in range(last - first)]


def test_batches_do_not_depend_on_workers_or_where_they_start(samples):
    data = TrainingData(samples, (64, 64), options().augment, seed=5)
    one = batches(data, 2, 0, 6, workers=1)
    four = batches(data, 2, 0, 6, workers=4)
    late = batches(data, 2, 4, 6, workers=2)
    for left, right in list(zip(one, four)) + list(zip(one[4:], late)):
        for a, b in zip(left, right):
            np.testing.assert_array_equal(a, b)
    assert [list(batch.numbers) for batch in late] == [[8, 9], [10, 11]]
    assert (
        one[0].pair.shape == (2, 2, 64, 64, 3) and 0 <= one[0].pair.min() and one[0].pair.max() <= 1
    )


def test_each_epoch_has_every_sample_once_in_another_order(samples):
    data = TrainingData(samples, (64, 64), seed=5)
    epochs = [[data.sample(n).id for n in range(e * 5, e * 5 + 5)] for e in range(3)]
    assert all(sorted(epoch) == sorted(s.id for s in samples) for epoch in epochs)
    assert epochs[0] != epochs[1] or epochs[1] != epochs[2]


def test_resuming_is_as_if_it_had_not_stopped(samples, tmp_path):
    whole = run(samples, tmp_path / "whole", steps=4)
    run(samples, tmp_path / "parts", steps=2)
    parts = run(samples, tmp_path / "parts", Start(None, True), steps=4)
    expected, resumed = weights(whole), weights(parts)
    assert set(expected) == set(resumed) and any(name.endswith("/Adam_1") for name in expected)
    for name in expected:
        np.testing.assert_array_equal(expected[name], resumed[name], err_msg=name)
    assert (
        run(samples, tmp_path / "parts", Start(None, True), steps=4) == parts
    )  # complete: nothing to do


def test_resuming_after_updates_that_the_loss_scale_skipped(samples, tmp_path, monkeypatch):
    """A checkpoint is named after its place in the data; its global_step, which the schedule follows, stays behind."""
    scale = tf.train.experimental.DynamicLossScale
    monkeypatch.setattr(
        tf.train.experimental, "DynamicLossScale", lambda: scale(initial_loss_scale=2.0**127)
    )
    steps = dict(loss_scale="dynamic", save_every=10)
    whole = run(samples, tmp_path / "whole", steps=20, **steps)
    assert 0 < Checkpoint(whole).step < 20 and whole.endswith("-20")
    run(samples, tmp_path / "parts", steps=10, **steps)
    parts = run(samples, tmp_path / "parts", Start(None, True), steps=20, **steps)
    expected, resumed = weights(whole), weights(parts)
    for name in expected:
        np.testing.assert_array_equal(expected[name], resumed[name], err_msg=name)
    assert run(
        samples, tmp_path / "parts", Start(None, True), steps=20, **steps
    ) == parts and sorted(list_checkpoints(str(tmp_path / "parts"))) == [10, 20]


def test_a_folder_with_checkpoints_needs_resume(samples, tmp_path):
    run(samples, tmp_path, steps=1)
    with pytest.raises(ValueError, match="--resume"):
        run(samples, tmp_path, steps=2)
    with open(str(tmp_path / "options.json")) as stream:
        before = stream.read()
    with pytest.raises(ValueError, match="does not fit"):
        run(samples, tmp_path, Start(None, True), steps=2, optimizer="momentum")
    with open(str(tmp_path / "options.json")) as stream:
        assert stream.read() == before


def test_other_options_than_before_are_told(samples, tmp_path, caplog):
    run(samples, tmp_path, steps=1)
    with caplog.at_level("WARNING"):
        run(samples, tmp_path, Start(None, True), steps=2, learning_rate=2e-4)
    assert "training.learning_rate 0.0002, where the run so far had 0.0001" in caplog.text


def test_weights_that_are_not_finite_are_not_saved(samples, tmp_path, monkeypatch):
    from pwcnet.training import trainer

    step = trainer._Run._step

    def spoiling(self, session, number, detailed):
        found = step(self, session, number, detailed)
        if number == 2:
            bias = next(v for v in tf.trainable_variables() if v.op.name.endswith("flow2/bias"))
            assign(session, [bias], [np.array([np.inf, 0], np.float32)])
        return found

    monkeypatch.setattr(trainer._Run, "_step", spoiling)
    with pytest.raises(
        ValueError,
        match="expected finite weights, got others at step 2; last good checkpoint: .*ckpt-1;",
    ):
        run(samples, tmp_path, steps=3, save_every=1)
    assert list(list_checkpoints(str(tmp_path))) == [1]


def test_other_failures_save_first(samples, tmp_path, monkeypatch):
    from pwcnet.training import trainer

    step = trainer._Run._step

    def failing(self, session, number, detailed):
        if number == 3:
            raise OSError("the disk is gone")
        return step(self, session, number, detailed)

    monkeypatch.setattr(trainer._Run, "_step", failing)
    with pytest.raises(OSError, match="the disk is gone"):
        run(samples, tmp_path, steps=9, save_every=1000)
    assert list(list_checkpoints(str(tmp_path))) == [2]


def test_pretrained_gives_weights_but_not_step_or_optimizer(samples, tmp_path):
    first = run(samples, tmp_path / "first", steps=3)
    second = run(samples, tmp_path / "second", Start(first, False), steps=1, learning_rate=1e-30)
    assert Checkpoint(second).step == 1
    before, after = weights(first), weights(second)
    for name in before:
        if not name.endswith(("Adam", "Adam_1")):
            np.testing.assert_allclose(after[name], before[name], atol=1e-12, err_msg=name)


def test_which_checkpoints_stay(samples, tmp_path):
    (tmp_path / ".partial-killed").mkdir()  # what a killed run leaves
    run(samples, tmp_path, steps=7, save_every=1, keep=2, keep_every=3)
    assert sorted(list_checkpoints(str(tmp_path))) == [3, 6, 7]
    assert not [name for name in os.listdir(str(tmp_path)) if name.startswith(".partial")]


def test_the_last_step_is_saved_whatever_the_interval(samples, tmp_path):
    assert run(samples, tmp_path, steps=3, save_every=1000).endswith("pwcnet.ckpt-3")


def test_interrupt_saves_first(samples, tmp_path, monkeypatch):
    from pwcnet.training import trainer

    step = trainer._Run._step

    def interrupted(self, session, number, detailed):
        if number == 3:
            raise KeyboardInterrupt
        return step(self, session, number, detailed)

    monkeypatch.setattr(trainer._Run, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(samples, tmp_path, steps=9, save_every=1000)
    assert sorted(list_checkpoints(str(tmp_path))) == [2]


def test_non_finite_loss_names_step_samples_and_last_good_checkpoint(samples, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"at step \d+ with samples (one|two)/frames_\d+_\d+, (one|two)/frames.*last good checkpoint",
    ):
        run(samples, tmp_path, steps=6, optimizer="sgd", learning_rate=1e30, save_every=100)
    assert not list_checkpoints(str(tmp_path))


def test_a_broken_file_is_named(samples, tmp_path):
    broken = tmp_path / "frame_0001.flo"
    broken.write_bytes(b"PIEH")
    with pytest.raises(ValueError, match=str(broken)):
        run([dataclasses.replace(samples[0], flow=str(broken))], tmp_path / "run", steps=1)


def test_two_runs_in_one_folder(samples, tmp_path):
    held = Keeper(str(tmp_path), 1, 0)
    with pytest.raises(OSError, match="another training run"):
        run(samples, tmp_path, steps=1)
    held.close()


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
    ],
)
def test_options_are_checked_where_they_are_made(changes, word):
    with pytest.raises(ValueError, match=word):
        options(**changes)


def test_threads_of_readers_do_not_share_random_state(samples):
    data = TrainingData(samples, (64, 64), options().augment, seed=5)
    expected = [data.example(n) for n in range(4)]
    found = [None] * 4
    workers = [
        threading.Thread(target=lambda n=n: found.__setitem__(n, data.example(n))) for n in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for left, right in zip(expected, found):
        np.testing.assert_array_equal(left.frame1, right.frame1)
