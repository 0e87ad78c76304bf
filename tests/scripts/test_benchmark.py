"""The benchmark runs, prints its table and compares with an earlier run; what it measures is not tested here."""

import json
import sys

from tests.conftest import run_command


def test_small_run_and_comparison(tmp_path):
    output, earlier = str(tmp_path / "benchmark.json"), tmp_path / "earlier.json"
    earlier.write_text(
        json.dumps({"cases": [{"case": "inference", "runtime": "this", "seconds": 1000.0}]})
    )
    done = run_command(
        "scripts/benchmark.py",
        "--what",
        "inference",
        "training",
        "--variant",
        "small",
        "--size",
        "64x64",
        "--training_size",
        "64x64",
        "--repeats",
        "1",
        "--python",
        "this=" + sys.executable,
        "--output",
        output,
        "--compare",
        earlier,
    )
    assert done.returncode == 0, done.stderr
    for words in (
        "plain formulation, one pair",
        "one step",
        "frozen graph nodes: host",
        "of the bare convolution's",
        "before",
        "0.00x",
    ):
        assert words in done.stdout
    with open(output) as stream:
        cases = {each["case"]: each for each in json.load(stream)["cases"]}
    assert cases["inference"]["seconds"] > 0 and cases["training"]["peak_mib"] > 50


def test_wrong_input(tmp_path):
    done = run_command("scripts/benchmark.py", "--size", "60x64")
    assert done.returncode == 2 and "multiples of 64" in done.stderr
    (tmp_path / "old.json").write_text("[]")
    done = run_command("scripts/benchmark.py", "--compare", tmp_path / "old.json")
    assert done.returncode == 2 and "old.json" in done.stderr and "Traceback" not in done.stderr
