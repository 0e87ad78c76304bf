"""The better of several flows at each pixel."""

import cv2
import numpy as np

from pwcnet.flow.choice import OUTSIDE, census, choose, flow_cost


def texture(height, width):
    noise = np.random.RandomState(0).randint(0, 256, (height, width)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.5)


def test_census_compares_neighbours():
    image = np.full((5, 5), 100, np.uint8)
    image[2, 3], image[1, 2], image[3, 2] = 120, 80, 102
    code = census(image)[:, 2, 2].reshape(2, 12)
    assert code[1, 0] == 1 and code[0, 7] == -1  # right of the centre, above it
    assert np.abs(code).sum() == 2  # 102 counts as equal


def test_each_half_takes_the_flow_that_fits_it():
    first = texture(80, 240)
    left, right = (np.full((80, 240, 2), (u, 0), np.float32) for u in (3, -4))
    second = first.copy()
    second[:, 3:120], second[:, 120:236] = first[:, :117], first[:, 124:]
    chosen = choose(first, second, [left, right])
    assert (chosen[20:60, 20:80, 0] == 3).all() and (chosen[20:60, 160:220, 0] == -4).all()


def test_of_two_that_fit_alike_the_smooth_one_is_taken():
    plain = np.full((60, 80), 90, np.uint8)
    rough, smooth = np.random.RandomState(0).normal(0, 1, (2, 60, 80, 2)).astype(np.float32)
    chosen = choose(plain, plain, [rough, 0 * smooth])
    assert (chosen[20:40, 20:60] == 0).all()


def test_equal_costs_take_the_first():
    image = np.zeros((20, 30), np.uint8)
    flows = [np.full((20, 30, 2), value, np.float32) for value in (0, 1)]
    np.testing.assert_array_equal(choose(image, image, flows)[5:-5, 5:-5], flows[0][5:-5, 5:-5])
    assert choose(image, image, flows[:1]) is flows[0]


def test_what_leaves_the_frame_costs_the_same_everywhere():
    image = texture(100, 200)
    flow = np.full((100, 200, 2), (500, 0), np.float32)
    np.testing.assert_allclose(flow_cost(census(image), image, flow), OUTSIDE, rtol=1e-5)
