"""Statistics of data sets, against plain NumPy."""

import numpy as np

from pwcnet.data.sample import LoadedSample
from pwcnet.data.statistics import LARGEST, Survey, evenly


def pair(flow=None, valid=None, size=(10, 20)):
    frame = np.zeros(size + (3,), np.uint8)
    return LoadedSample(
        frame,
        frame,
        flow,
        np.ones(size, bool) if flow is not None and valid is None else valid,
        None,
    )


def test_against_plain_numpy():
    random, survey, speeds = np.random.RandomState(0), Survey(), []
    for size in ((10, 20), (10, 20), (8, 30)):
        flow, valid = (30 * random.randn(*size + (2,))).astype(np.float32), random.rand(*size) < 0.5
        flow[~valid] = np.nan
        survey.add(pair(flow, valid, size))
        speeds.append(np.hypot(*flow[valid].T))
    speeds = np.concatenate(speeds)
    assert survey.sizes == {(10, 20): 2, (8, 30): 1} and survey.valid_share == speeds.size / 640
    motion = survey.motion
    assert np.isclose(motion.mean, speeds.mean()) and np.isclose(motion.largest, speeds.max())
    for percent, value in motion.percentiles.items():
        assert (
            abs(value - np.sort(speeds)[int(np.ceil(speeds.size * percent / 100.0)) - 1]) <= 0.011
        )
    assert np.isclose(motion.speeds["s0-10"], (speeds < 10).mean()) and np.isclose(
        sum(motion.speeds.values()), 1
    )


def test_speeds_beyond_the_bins():
    survey = Survey()
    survey.add(pair(np.full((10, 20, 2), 2.0 * LARGEST, np.float32)))
    assert (
        survey.motion.largest > 2 * LARGEST
        and survey.motion.speeds["s40+"] == 1
        and survey.motion.percentiles[50] >= LARGEST
    )


def test_pixels_that_the_limit_of_motion_made_unknown_add_up():
    survey = Survey()
    for count in (3, 0, 4):
        survey.add(pair(np.zeros((10, 20, 2), np.float32))._replace(beyond=count))
    assert survey.beyond == 7


def test_without_truth_or_known_pixels():
    survey = Survey()
    survey.add(pair())
    assert survey.sizes == {(10, 20): 1} and survey.valid_share is None and survey.motion is None
    survey.add(pair(np.zeros((10, 20, 2), np.float32), np.zeros((10, 20), bool)))
    assert survey.valid_share == 0 and survey.motion is None


def test_evenly():
    assert (
        evenly("abcdefghi", 3) == list("aei")
        and evenly("abc", 0) == evenly("abc", 5) == list("abc")
        and evenly("abc", 1) == ["a"]
    )
