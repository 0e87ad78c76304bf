"""The flow files that `pwcnet convert` finds in a folder."""

import numpy as np

from pwcnet.cli.flow_inputs import flow_inputs
from pwcnet.io.flow_files import write_flow


def test_litter_of_a_nas_is_no_flow(tmp_path):
    names = ["scene/a", "#recycle/a", "scene/@eaDir/b", ".git/c", "scene/._a", "scene/.partial-1-a"]
    for name in names:
        write_flow(str(tmp_path / (name + ".flo")), np.zeros((4, 6, 2), np.float32))
    assert [found.name for found in flow_inputs([str(tmp_path)])] == ["scene/a"]


def test_confidence_beside_flow_is_no_flow(tmp_path):
    write_flow(str(tmp_path / "a.npz"), np.zeros((4, 6, 2), np.float32))
    np.savez_compressed(str(tmp_path / "a_confidence.npz"), confidence=np.ones((4, 6), np.float16))
    (tmp_path / "damaged.npz").write_bytes(b"no archive")
    assert [found.name for found in flow_inputs([str(tmp_path)])] == ["a", "damaged"]
