"""run_msame.sh and run_ais_bench.sh, as they are run, with stand-ins for the tools."""

import os
import subprocess

import numpy as np
import pytest

from tests.helpers.commands import ROOT, run_main

NAMES = ["a-frames_0001_0002", "b-frames_0001_0002", "b-frames_0002_0003"]
SIZE = ["--height", "64", "--width", "128", "--frame_height", "60", "--frame_width", "120"]


@pytest.mark.parametrize("tool", ["msame", "ais_bench"])
def test_a_run_and_its_evaluation(tool, tmp_path, monkeypatch, programs, capsys):
    """The stand-ins predict no motion; the ground truth is (3, 4) everywhere."""
    for kind in ("image", "gt"):
        (tmp_path / "bins" / kind).mkdir(parents=True)
        for name in NAMES:
            path = str(tmp_path / "bins" / kind / (name + ".bin"))
            np.tile(np.float32([3, 4]), (64, 128, 1)).tofile(path)
    (tmp_path / "pwcnet_1batch.om").write_bytes(b"IMOD")
    monkeypatch.chdir(tmp_path)
    script = os.path.join(ROOT, "offline_infer", "run_%s.sh" % tool)
    done = subprocess.run(
        ["sh", script, "--om", "pwcnet_1batch.om", "--input", "bins/image", "--output", "a/b"]
        + ["--device=1"],
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    expected = "--model pwcnet_1batch.om --input bins/image --output a/b --outfmt BIN --device 1"
    assert programs() == [expected.split()] and expected in done.stdout
    run_main("offline_infer/evaluation.py", "--gt_path", "bins/gt", "--output_path", "a/b", *SIZE)
    assert capsys.readouterr().out.splitlines()[-1] == "Average EPE =  5.000000"
