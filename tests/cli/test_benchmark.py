"""`pwcnet benchmark` runs, prints its table and compares; how fast anything is, is not tested."""

import json
import os
import sys

import pytest

from pwcnet.cli import benchmark
from pwcnet.runtime.tensorflow import TF_RELEASE
from tests.helpers.subcommands import call, only_line, run

TINY = ["--variant", "small", "--size", "64x64", "--training-size", "64x64", "--repeats", "1"]
TINY += ["--runtimes", "this=" + sys.executable]


@pytest.mark.full
def test_small_run_and_comparison(tmp_path, capsys, request):
    output, earlier = tmp_path / "benchmark.json", tmp_path / "earlier.json"
    cases = [{"case": "inference", "runtime": "this", "seconds": 1000.0}]
    earlier.write_text(json.dumps({"cases": cases}))
    what = ["inference"] + ["training"] * request.config.getoption("--full")
    command = ["--what", *what] + TINY
    call("benchmark", *(command + ["--output", output, "--compare", earlier]))
    printed = capsys.readouterr().out
    for words in (
        "plain formulation, one pair",
        "frozen graph nodes: host",
        "of the bare convolution's",
        "before",
        "0.00x",
    ):
        assert words in printed
    cases = {result["case"]: result for result in json.loads(output.read_text())["cases"]}
    assert cases["inference"]["seconds"] > 0
    assert all(cases[case]["peak_mib"] > 50 for case in what)


INPUT = ["--what", "input", "--input-batch-size", "1", "--readers", "2"] + TINY


@pytest.mark.whole_on("tf1")
def test_input_of_synthetic_scenes(tmp_path, capsys):
    output = tmp_path / "input.json"
    call("benchmark", *(INPUT + ["--no-augment", "--output", output]))
    printed = capsys.readouterr().out
    assert "samples/s with 2 readers" in printed and "MB/s delivered" in printed
    (result,) = json.loads(output.read_text())["cases"]
    assert result["readers"] == 2 and result["delivered_bytes"] == 64 * 64 * 15
    assert result["seconds"] > 0 and result["loop_seconds"] > 0 and result["read_bytes"] > 0


def test_a_case_that_fails_says_why(tiny_sintel):
    """Frames of 60x120 hold no crop of 64x64."""
    with pytest.raises(ValueError, match="case input failed on the runtime this: .*64x64"):
        call("benchmark", *(INPUT + ["--data", "sintel-clean=" + tiny_sintel]))


@pytest.mark.parametrize("group", ["startup", "formats"])
def test_a_program_that_is_no_python(tmp_path, group):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    with pytest.raises(ValueError, match="runtime mine: %s answers 'hello" % program):
        call("benchmark", "--what", group, "--runtimes", "mine=%s" % program, "--repeats", 1)


def test_runtimes_by_name(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no program")
    monkeypatch.setattr(benchmark, "ENVIRONMENTS", {"tf1": "/nowhere/tf1", "tf2": sys.executable})
    assert benchmark.find_runtimes(None) == {"tf2": sys.executable}
    assert benchmark.find_runtimes(["current", "mine=" + sys.executable]) == {
        "current": sys.executable,
        "mine": sys.executable,
    }
    for python in (str(tmp_path), str(tmp_path / "file"), ""):
        with pytest.raises(FileNotFoundError, match="%r.*mine" % python):
            benchmark.find_runtimes(["mine=" + python])
    with pytest.raises(FileNotFoundError, match="/nowhere/tf1"):
        benchmark.find_runtimes(["tf1"])
    with pytest.raises(ValueError, match="tf3.*tf1, tf2, current"):
        benchmark.find_runtimes(["tf3"])
    monkeypatch.setattr(benchmark, "ENVIRONMENTS", {})
    assert benchmark.find_runtimes(None) == {"current": sys.executable}


def test_wrong_input(tmp_path, capsys):
    (tmp_path / "old.json").write_text("[]")
    with pytest.raises(ValueError, match="old.json"):
        call("benchmark", "--compare", tmp_path / "old.json")
    with pytest.raises(FileNotFoundError, match="absent"):
        call("benchmark", "--data", "sintel-clean=%s" % (tmp_path / "absent"))
    with pytest.raises(IsADirectoryError):
        call("benchmark", "--output", tmp_path)
    with pytest.raises(SystemExit):
        call("benchmark", "--size", "60x64")
    assert "multiples of 64" in capsys.readouterr().err


def test_a_refusal_is_one_line(tmp_path):
    done = run("benchmark", "--runtimes", "mine=nowhere", cwd=str(tmp_path))
    assert "nowhere" in only_line(done) and not os.listdir(str(tmp_path))


@pytest.mark.full
def test_other_runtimes(tmp_path, capsys):
    """Those that are installed; the others are named on stderr."""
    output = tmp_path / "formats.json"
    call("benchmark", "--what", "formats", *TINY, "--output", output)
    cases = {result["case"]: result for result in json.loads(output.read_text())["cases"]}
    assert cases["inference"]["seconds"] > 0
    if not TF_RELEASE.startswith("1."):
        assert cases["xla"]["difference"][1] < 1e-3 > cases["tflite"]["difference"][1]
        assert cases["tflite"]["file_mib"] > 10 and cases["tflite"]["load_seconds"] > 0


@pytest.mark.full
def test_quality_levels(tmp_path, capsys):
    output = tmp_path / "quality.json"
    call("benchmark", "--what", "quality", *TINY, "--output", output)
    cases = {result["case"]: result for result in json.loads(output.read_text())["cases"]}
    assert list(cases) == ["quality-plain", "quality-balanced", "quality-best"]
    assert all(case["seconds"] > 0 for case in cases.values())
    assert "one pair, quality best" in capsys.readouterr().out
