"""The memory that predictions really take, in processes of their own."""

import os
import subprocess
import sys

import pytest

from pwcnet.inference.memory import GRAPH_BYTES, frame_bytes, pass_bytes
from pwcnet.model.config import ModelConfig

PROGRAM = """
import resource, sys
import numpy as np
from pwcnet import Predictor
from pwcnet.runtime.devices import session_config

quality, height, width, memory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
random = np.random.RandomState(0)
frames = random.randint(0, 256, (2, height, width, 3)).astype(np.uint8)
with Predictor(
    sys.argv[4], session_config(2, "cpu"), quality=quality, memory=float(sys.argv[5])
) as predictor:
    predictor.flow(frames[0, :64, :64], frames[1, :64, :64])  # what the libraries take
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    predictor.flow(*frames)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def taken(quality, size, weights, gigabytes):
    """The bytes by which the peak of a process grows with a prediction."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    command = [sys.executable, "-c", PROGRAM, quality, *map(str, size), weights, str(gigabytes)]
    return int(
        subprocess.run(
            command, env=dict(os.environ, PYTHONPATH=root), check=True, stdout=subprocess.PIPE
        ).stdout
    )


@pytest.mark.full
def test_a_plain_pass_takes_what_is_estimated(small_checkpoint):
    size = (832, 1536)
    estimate = GRAPH_BYTES[False] + pass_bytes(ModelConfig.small(), size)
    assert 0.5 * estimate < taken("plain", size, small_checkpoint, 4) < 1.1 * estimate


@pytest.mark.full
@pytest.mark.parametrize("quality", ["balanced", "best"])
def test_levels_stay_within_what_is_allowed(small_checkpoint, quality):
    size = (1664, 3072)
    allowed = 0.75e9
    assert frame_bytes(size) < allowed < pass_bytes(ModelConfig.small(), size)
    assert taken(quality, size, small_checkpoint, allowed / 1e9) < allowed
