"""Colours and the eraser: reproducible, in range, and the flow stays."""

import dataclasses
import json

import numpy as np
import pytest

from pwcnet.data.augment.augmentation import AugmentOptions, augment, sample_random
from pwcnet.data.augment.eraser import EraserOptions, erase
from pwcnet.data.augment.photometric import (
    LUMA,
    ColorChange,
    PhotometricOptions,
    change_colors,
    color_matrix,
    jitter_colors,
)
from pwcnet.data.sample import LoadedSample
from pwcnet.data.synthetic.scenes import demo_scene

QUIET = dict.fromkeys(("brightness", "contrast", "saturation", "hue", "gamma", "noise"), 0)


@pytest.fixture(scope="module")
def example():
    scene = demo_scene(number=3, height=96, width=128, frames=2, max_motion=5)
    return LoadedSample(
        scene.frames[0], scene.frames[1], scene.flows[0], ~scene.occlusions[0] & ~scene.invalids[0]
    )


def test_frames_change_alike_or_apart(example):
    frame = example.frame1
    for number in range(5):
        alike = jitter_colors(
            frame, frame, PhotometricOptions(asymmetric=0, noise=0), sample_random(0, number)
        )
        np.testing.assert_array_equal(alike[0], alike[1])
        apart = jitter_colors(
            frame, frame, PhotometricOptions(asymmetric=1, noise=0), sample_random(0, number)
        )
        assert (
            np.abs(apart[0].astype(int) - apart[1]).mean() > 1
            and np.abs(alike[0].astype(int) - frame).mean() > 1
        )
        assert all(
            changed.dtype == np.uint8 and changed.shape == frame.shape for changed in alike + apart
        )


def test_grain_is_never_the_same_in_both_frames(example):
    frame = np.full((96, 128, 3), 128, np.uint8)
    one, two = jitter_colors(
        frame,
        frame,
        PhotometricOptions(**dict(QUIET, asymmetric=0, noise=0.1)),
        sample_random(0, 1),
    )
    one, two = one.astype(float) - 128, two.astype(float) - 128
    assert (
        one.std() > 1
        and abs((one * two).mean()) < 0.05 * one.std() * two.std()
        and abs(one.mean()) < 0.05 * one.std()
    )


def test_nothing_changes_without_reach_or_probability(example):
    for options in (PhotometricOptions(**QUIET), PhotometricOptions(probability=0)):
        for before, after in zip(
            example[:2], jitter_colors(example.frame1, example.frame2, options, sample_random(0, 0))
        ):
            np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    "change, expected",
    [
        (ColorChange(brightness=1.2), [120, 60, 180]),
        (ColorChange(gamma=2.0), [39, 10, 88]),
        (ColorChange(saturation=0.5), [87, 62, 112]),
        (ColorChange(contrast=0.5), [87, 62, 112]),
    ],
)
def test_changes_do_what_their_names_say(change, expected):
    frame = np.tile(
        np.uint8([100, 50, 150]), (4, 4, 1)
    )  # luma 76.35, which is the image's mean too
    changed = change_colors([frame], change, None)[0][0, 0].astype(int)
    if change.contrast != 1:
        expected = np.rint(LUMA @ frame[0, 0] + 0.5 * (frame[0, 0] - LUMA @ frame[0, 0]))
    elif change.saturation != 1:
        expected = np.rint(0.5 * (LUMA @ frame[0, 0]) + 0.5 * frame[0, 0])
    assert np.abs(changed - expected).max() <= 1


def test_turning_the_hue_keeps_greys_and_luma_and_comes_full_circle():
    np.testing.assert_allclose(color_matrix(1, 2 * np.pi), np.eye(3), atol=1e-9)
    matrix = color_matrix(0.7, 1.1)
    np.testing.assert_allclose(matrix @ [90, 90, 90], [90, 90, 90], atol=1e-3)
    assert LUMA @ (matrix @ [80, 120, 40]) == pytest.approx(LUMA @ [80, 120, 40], abs=1e-3)
    third = color_matrix(1, 2 * np.pi / 3) @ [1, 0, 0]
    assert third.argmax() != 0


def test_colours_and_eraser_leave_geometry_and_truth(example):
    plain = augment(example, (64, 96), sample_random(2, 5), AugmentOptions())
    changed = augment(
        example,
        (64, 96),
        sample_random(2, 5),
        AugmentOptions(photometric=PhotometricOptions(), eraser=EraserOptions(probability=1)),
    )
    np.testing.assert_array_equal(plain.flow, changed.flow)
    np.testing.assert_array_equal(plain.valid, changed.valid)
    assert (plain.frame1 != changed.frame1).any()


def test_eraser_paints_rectangles_of_the_mean_colour(example):
    options = EraserOptions(probability=1, rectangles=2, smallest=10, largest=20)
    before = example.frame2.copy()
    sizes = []
    for number in range(20):
        erased = erase(example.frame2, options, sample_random(0, number))
        changed = (erased != example.frame2).any(axis=-1)
        colour = np.rint(example.frame2.reshape(-1, 3).mean(axis=0))
        assert (erased[changed] == colour).all()
        sizes.append(changed.sum())
    assert max(sizes) <= 2 * 20 * 20 and max(sizes) > 20 * 20 / 2
    np.testing.assert_array_equal(before, example.frame2)
    assert (
        erase(example.frame2, EraserOptions(probability=0), sample_random(0, 0)) is example.frame2
    )


def test_options_go_through_json():
    options = AugmentOptions(photometric=PhotometricOptions(hue=0.1), eraser=EraserOptions())
    written = json.loads(json.dumps(dataclasses.asdict(options)))
    assert (
        written["photometric"]["hue"] == 0.1
        and written["eraser"]["largest"] == 100
        and written["affine"] is None
    )
    assert PhotometricOptions(**written["photometric"]) == options.photometric


@pytest.mark.parametrize(
    "wrong",
    [
        {"brightness": 1.0},
        {"hue": 0.6},
        {"noise": -0.1},
        {"asymmetric": 2.0},
        {"gamma": float("nan")},
    ],
)
def test_photometric_options_are_checked(wrong):
    with pytest.raises(ValueError, match="expected %s in 0.." % list(wrong)[0]):
        PhotometricOptions(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"probability": -1}, {"rectangles": 0}, {"smallest": 0}, {"largest": 10}]
)
def test_eraser_options_are_checked(wrong):
    with pytest.raises(ValueError, match="expected (probability|1 or more)"):
        EraserOptions(**wrong)


def test_augment_options_refuse_other_things():
    with pytest.raises(ValueError, match="photometric as PhotometricOptions or None, got True"):
        AugmentOptions(photometric=True)
