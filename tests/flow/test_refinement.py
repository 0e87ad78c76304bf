"""Variational refinement by OpenCV."""

import cv2
import numpy as np
import pytest

from pwcnet.flow.refinement import check_refinement, grey, refine


def shifted_pair(height=60, width=80, shift=2):
    noise = np.random.RandomState(0).randint(0, 256, (height, width + shift)).astype(np.uint8)
    texture = cv2.GaussianBlur(noise, (0, 0), 2)
    return np.ascontiguousarray(texture[:, shift:]), np.ascontiguousarray(texture[:, :-shift])


def test_a_rough_flow_comes_closer_to_the_truth():
    first, second = shifted_pair()
    truth = np.zeros((60, 80, 2), np.float32)
    truth[..., 0] = 2
    rough = truth + np.random.RandomState(1).normal(0, 0.3, truth.shape).astype(np.float32)
    refined = refine(first, second, rough)
    inside = (slice(4, -4), slice(4, -4))
    error, before = (np.abs(flow - truth)[inside].mean() for flow in (refined, rough))
    assert refined.dtype == np.float32 and error < 0.3 * before
    assert np.abs(rough - truth).mean() > 0.2  # the argument is not written to


def test_small_frames_and_unfinite_flow_pass_through():
    frame = np.zeros((7, 100), np.uint8)
    flow = np.ones((7, 100, 2), np.float32)
    assert refine(frame, frame, flow) is flow
    frame, flow = np.zeros((9, 9), np.uint8), np.full((9, 9, 2), np.nan, np.float32)
    assert refine(frame, frame, flow) is flow


def test_grey_of_floats_is_that_of_bytes():
    frame = np.random.RandomState(0).randint(0, 256, (5, 6, 3)).astype(np.uint8)
    np.testing.assert_array_equal(grey(frame / np.float32(255)), grey(frame))


def test_an_opencv_without_it_is_named(monkeypatch):
    monkeypatch.delattr(cv2, "VariationalRefinement_create")
    with pytest.raises(ValueError, match="VariationalRefinement"):
        check_refinement()
