"""Training from scratch: initial weights, matching loss, cosine schedule, averaged weights."""

import math

import numpy as np
import pytest
from scipy.special import log_softmax

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.evaluation.scoring import Totals, evaluate_samples
from pwcnet.inference.predictor import Predictor
from pwcnet.model.config import LEVELS, ModelConfig
from pwcnet.model.network import pwc_net
from pwcnet.model.warp import warp
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.initializers import aligned_kernel, coarse_to_fine
from pwcnet.training.matching_loss import matching_loss
from pwcnet.training.options import TrainingOptions
from pwcnet.training.run_folder import RunFolder
from pwcnet.training.schedules import learning_rate
from pwcnet.training.trainer import train
from pwcnet.training.validation import Validation
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.golden import assert_close
from tests.helpers.training import train_light_network


@pytest.mark.parametrize("level", [6, 5, 4, 3])
def test_the_warp_undoes_what_up_flow_upsamples(level):
    """The flow of `level`, through the kernel and the warp, undoes a shift of frame 2 by (u, v)."""
    u, v = 4, -2
    first = np.random.RandomState(0).rand(1, 32, 32, 3).astype(np.float32)
    second = np.roll(first, (v, u), axis=(1, 2))
    coarse = np.broadcast_to(np.float32([u / 2, v / 2]), (1, 16, 16, 2)).copy()  # pixels of `level`
    with tf.Graph().as_default(), tf.Session() as session:
        up_flow = tf.nn.conv2d_transpose(
            tf.constant(coarse),
            tf.constant(aligned_kernel(level)),
            [1, 32, 32, 2],
            [1, 2, 2, 1],
            "SAME",
        )
        back = session.run(warp(tf.constant(second), up_flow * (20.0 / 2 ** (level - 1))))
    np.testing.assert_allclose(back[:, 8:-8, 8:-8], first[:, 8:-8, 8:-8], atol=1e-5)


def test_other_variables_keep_their_initial_values():
    with tf.Graph().as_default(), tf.Session() as session:
        pwc_net(tf.zeros([1, 2, 64, 64, 3]), ModelConfig.small())
        variables = tf.trainable_variables()
        initialize = coarse_to_fine(variables)
        session.run(tf.global_variables_initializer())
        before = session.run(variables)
        session.run(initialize)
        changed = {
            v.op.name: (a, b)
            for v, a, b in zip(variables, before, session.run(variables))
            if not np.array_equal(a, b)
        }
        with pytest.raises(ValueError, match="variables"):
            coarse_to_fine([])
    assert sorted(changed) == sorted(
        ["pwcnet/upsample/up_flow%d/kernel" % level for level in (3, 4, 5, 6)]
        + ["pwcnet/ctxt/dc_conv27/kernel"]
        + ["pwcnet/predict_flow/flow%d/kernel" % level for level in LEVELS]
    )
    before, after = changed["pwcnet/predict_flow/flow2/kernel"]
    np.testing.assert_allclose(after, before / 10, rtol=1e-6)


def plain_matching_loss(first, second, ground_truth, valid):
    """The same, pixel by pixel, in NumPy."""
    levels = []
    for level in (2, 3, 4):
        a, b = (
            first[level].astype(np.float64),
            np.pad(second[level].astype(np.float64), ((0, 0), (4, 4), (4, 4), (0, 0))),
        )
        batch, height, width, channels = a.shape
        step, total = 2**level, 0.0
        for n, y, x in np.ndindex(batch, height, width):
            if not valid[n, y * step, x * step]:
                continue
            costs = log_softmax(
                [
                    (a[n, y, x] * b[n, y + dy, x + dx]).sum() / math.sqrt(channels)
                    for dy in range(9)
                    for dx in range(9)
                ]
            )
            u, v = ground_truth[n, y * step, x * step] / step
            for dy, dx in np.ndindex(9, 9):
                total -= (
                    max(0, 1 - abs(v - (dy - 4)))
                    * max(0, 1 - abs(u - (dx - 4)))
                    * costs[dy * 9 + dx]
                )
        levels.append(total / (batch * height * width))
    return np.mean(levels) * 0.005 * ground_truth.shape[1] * ground_truth.shape[2] / 16


@pytest.mark.parametrize("target", ["host", "ascend"])
def test_matching_loss(target):
    random = np.random.RandomState(0)
    sizes = {
        level: (2, 64 >> level, 64 >> level, channels)
        for level, channels in ((2, 32), (3, 64), (4, 96))
    }
    first, second = (
        {level: random.randn(*size).astype(np.float32) for level, size in sizes.items()}
        for _ in range(2)
    )
    ground_truth = random.uniform(-24, 24, (2, 64, 64, 2)).astype(np.float32)
    valid = random.rand(2, 64, 64) < 0.7
    with tf.Graph().as_default(), tf.Session() as session:
        loss = session.run(
            matching_loss(
                {level: tf.constant(f) for level, f in first.items()},
                {level: tf.constant(f) for level, f in second.items()},
                tf.constant(ground_truth),
                tf.constant(valid),
                target,
            )
        )
    assert_close(loss, plain_matching_loss(first, second, ground_truth, valid), 1e-5)


def test_the_cosine_rises_and_ends_annealed():
    def rate(step, steps):
        return session.run(
            learning_rate(tf.constant(step, tf.int64), "cosine", constant=1e-3, steps=steps)
        )

    with tf.Graph().as_default(), tf.Session() as session:
        assert rate(0, 10000) == pytest.approx(1e-3 / 500, rel=1e-4)
        assert rate(499, 10000) == pytest.approx(
            1e-3 * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * 0.0499))), rel=1e-4
        )
        assert rate(5000, 10000) == pytest.approx(1e-3 * 0.505, rel=1e-4)
        assert rate(10000, 10000) == rate(12000, 10000) == pytest.approx(1e-5, rel=1e-3)
        assert rate(9, 100) == pytest.approx(
            1e-3 * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * 0.09))), rel=1e-4
        )  # short runs rise faster
        with pytest.raises(ValueError, match="number of steps"):
            learning_rate(0, "cosine", constant=1e-3)
        with pytest.raises(ValueError, match="learning rate for the cosine schedule"):
            learning_rate(0, "cosine", steps=10)


@pytest.mark.parametrize(
    "changes",
    [
        {"initializer": "zero"},
        {"matching": -1.0},
        {"average_decay": 1.0},
        {"schedule": "cosine", "learning_rate": None},
    ],
)
def test_wrong_options(changes):
    with pytest.raises(ValueError, match="expected"):
        TrainingOptions(**dict({"steps": 1}, **changes))


@pytest.mark.whole_on("tf2")
def test_averages_are_validated_and_kept_as_the_best(tmp_path, monkeypatch, request):
    """The averages are recomputed from the checkpoints of each step.

    TensorFlow's average has a decay of (1 + n) / (10 + n) where that is smaller. Without --full a
    light network is trained.
    """
    whole = {"matching": 20.0, "initializer": "coarse_to_fine"}
    if not request.config.getoption("--full"):
        whole = {}
        train_light_network(monkeypatch.setattr)
    write_sintel(str(tmp_path / "scenes"), [("one", demo_scene(0, 64, 64, 2, 4))])
    samples = sintel_samples(str(tmp_path / "scenes"), mode="train_noval")
    options = TrainingOptions(
        steps=3,
        batch_size=1,
        crop=(64, 64),
        loss="multiscale",
        schedule="cosine",
        learning_rate=1e-3,
        augment=None,
        display=1,
        save_every=1,
        keep=5,
        validate_every=3,
        average_decay=0.5,
        threads=1,
        seed=2,
        **whole,
    )
    with RunFolder(str(tmp_path / "run"), options.retention) as run_folder:
        last = train(
            TrainingData(samples, options.crop, None, options.seed),
            ModelConfig.small(),
            options,
            run_folder,
            validation=Validation(samples),
        )
    name, shape = "pwcnet/predict_flow/flow2/kernel", (3, 3, 32, 2)
    first, second, third = (
        Checkpoint(run_folder.prefix(step)).weight(name, shape) for step in (1, 2, 3)
    )
    averages = [
        Checkpoint(run_folder.prefix(step), averaged=True).weight(name, shape) for step in (1, 2, 3)
    ]
    assert (
        np.abs(averages[0] - first).max() <= 0.5 * 1.1e-3
    )  # it starts at the weights, and not at the initializer's: within a step of Adam
    for step, (before, weights, after) in enumerate(
        zip(averages, (second, third), averages[1:]), 2
    ):
        decay = min(0.5, (1 + step) / (10 + step))
        np.testing.assert_allclose(
            after, decay * before + (1 - decay) * weights, rtol=1e-4, atol=1e-7
        )
    best = Checkpoint(run_folder.best_folder)
    np.testing.assert_array_equal(best.weight(name, shape), averages[-1])
    assert not np.array_equal(averages[-1], Checkpoint(last).weight(name, shape)) and not any(
        "Average" in each for each in best.shapes
    )
    with pytest.raises(ValueError, match="Average"):
        Checkpoint(best.path, averaged=True)
    assert sorted(run_folder.validation_scores()) == [3]
    if not whole:
        return
    totals = Totals()
    with Predictor(best.path, quality="plain") as predictor:
        for result in evaluate_samples(predictor, samples, masked=True):
            totals.add(result)
    epe = totals.measures["EPE"].per_image.value
    assert run_folder.validation_scores()[3] == pytest.approx(epe, rel=1e-4)
