"""Values at pixels without ground truth never reach the loss, the EPE or the gradients.

From the files to every level of the pyramid.
"""

import dataclasses

import cv2
import numpy as np
import pytest

from pwcnet.data.augment.affine import AffineOptions
from pwcnet.data.augment.augmentation import AugmentOptions
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.sample import Sample
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.io.flow_binary import FLO_HEADER, FLO_MAGIC
from pwcnet.io.images import write_image
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.losses import LOSSES, endpoint_error

SIZE, CROP = (96, 160), (64, 128)
JUNK = (0.0, np.nan, np.inf, -np.inf, 1e10, -3e38)
AUGMENTS = {
    "crop": None,
    "default": AugmentOptions(flip_left_right=1, translate=1, scale=1),
    "affine": AugmentOptions(affine=AffineOptions(common=1, relative=1, smallest=0.8)),
}


@pytest.fixture(scope="module")
def scene():
    return demo_scene(7, SIZE[0], SIZE[1], 2, 6)


@pytest.fixture(scope="module")
def masks():
    """A fifth of the pixels, as KITTI has them, and nearly all.

    64 is the step of the coarsest level.
    """
    sparse = np.random.RandomState(0).uniform(size=SIZE) < 0.2
    dense = np.ones(SIZE, bool)
    dense[30:50, 40:80] = dense[::32, ::32] = False
    return {"sparse": sparse, "dense": dense}


def sample_with(folder, scene, valid, junk):
    """A sample whose unknown pixels hold `junk`.

    They are marked by the value, as Middlebury's threshold has it, or by the `invalid` mask.
    """
    paths = {name: str(folder / name) for name in ("one.png", "two.png", "flow.flo", "invalid.png")}
    write_image(paths["one.png"], scene.frames[0])
    write_image(paths["two.png"], scene.frames[1])
    flow = np.where(valid[..., None], scene.flows[0], np.float32(junk)).astype("<f4")
    with open(paths["flow.flo"], "wb") as stream:
        stream.write(FLO_HEADER.pack(FLO_MAGIC, SIZE[1], SIZE[0]) + flow.tobytes())
    cv2.imwrite(paths["invalid.png"], 255 * (~valid).astype(np.uint8))
    return Sample(
        "pair",
        paths["one.png"],
        paths["two.png"],
        flow=paths["flow.flo"],
        invalid=paths["invalid.png"],
    )


@pytest.fixture(scope="module")
def results():
    """(flow, valid) of a batch -> losses, EPE and gradients for a pyramid of random flows."""
    with tf.Graph().as_default(), tf.Session() as session:
        random = np.random.RandomState(1)
        flow, valid = (
            tf.placeholder(tf.float32, (2,) + CROP + (2,)),
            tf.placeholder(tf.bool, (2,) + CROP),
        )
        full, *pyramid = [
            tf.constant(random.randn(2, CROP[0] >> level, CROP[1] >> level, 2).astype(np.float32))
            for level in (0, 6, 5, 4, 3, 2)
        ]
        epe = endpoint_error(full, flow, valid)
        fetched = [epe, tf.gradients(epe, full)[0]]
        for name in sorted(LOSSES):
            loss = tf.add_n(list(LOSSES[name](pyramid, flow, valid).values()))
            fetched += [loss] + tf.gradients(loss, pyramid)
        yield lambda flow_value, valid_value: session.run(
            fetched, {flow: flow_value, valid: valid_value}
        )


def measured(results, sample, augment, masked):
    """[valid, then `results`] of a batch of the sample."""
    data = TrainingData([sample], CROP, augment, seed=4, masked=masked)
    with tf.Graph().as_default(), tf.Session() as session:
        tensors, start = data.batches(2, 0, 1, 1)
        session.run(start)
        batch = session.run(tensors)
    return [batch.valid] + results(batch.flow, batch.valid)


@pytest.mark.parametrize("augment", sorted(AUGMENTS))
@pytest.mark.parametrize("kind", ["sparse", "dense"])
def test_junk_at_invalid_pixels_changes_nothing(kind, augment, results, scene, masks, tmp_path):
    expected = measured(
        results, sample_with(tmp_path, scene, masks[kind], 777.0), AUGMENTS[augment], masked=True
    )
    assert 0.02 < expected[0].mean() < (0.3 if kind == "sparse" else 0.97) and all(
        np.isfinite(value).all() for value in expected
    )
    assert expected[1] > 0 and (expected[2][~expected[0]] == 0).all()
    for junk in JUNK:
        for left, right in zip(
            expected,
            measured(
                results,
                sample_with(tmp_path, scene, masks[kind], junk),
                AUGMENTS[augment],
                masked=True,
            ),
        ):
            np.testing.assert_array_equal(left, right)


def test_unknown_values_are_invalid_without_a_mask(results, scene, masks, tmp_path):
    expected = measured(
        results, sample_with(tmp_path, scene, masks["sparse"], 777.0), None, masked=True
    )
    for junk in (np.nan, 1e10, -np.inf):
        for left, right in zip(
            expected,
            measured(
                results, sample_with(tmp_path, scene, masks["sparse"], junk), None, masked=False
            ),
        ):
            np.testing.assert_array_equal(left, right)


def test_mask_counts_only_where_it_is_asked_for(results, scene, masks, tmp_path):
    sample = sample_with(tmp_path, scene, masks["dense"], 5.0)
    assert (
        not measured(results, sample, None, masked=True)[0].all()
        and measured(results, sample, None, masked=False)[0].all()
    )
    assert measured(results, dataclasses.replace(sample, invalid=None), None, masked=True)[0].all()


def test_losses_do_not_look_at_invalid_ground_truth_themselves(results, masks):
    """Even where the ground truth is not zeroed beforehand."""
    valid = np.stack([masks["sparse"][:64, :128], masks["dense"][:64, :128]])
    flow = np.random.RandomState(1).randn(2, 64, 128, 2).astype(np.float32)
    expected = results(flow, valid)
    for junk in JUNK:
        for left, right in zip(
            expected, results(np.where(valid[..., None], flow, np.float32(junk)), valid)
        ):
            assert np.isfinite(right).all()
            np.testing.assert_array_equal(left, right)
