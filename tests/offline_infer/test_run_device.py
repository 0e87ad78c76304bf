"""Runs of msame and ais_bench with stand-ins for both, and the evaluation of what they leave."""

import json
import os
import subprocess

import numpy as np
import pytest

from pwcnet.ascend.result_folders import find_results
from tests.conftest import ROOT, run_main

RUN = "offline_infer/run_device.py"
NAMES = ["a-frames_0001_0002", "b-frames_0001_0002", "b-frames_0002_0003"]
SIZE = ["--height", "64", "--width", "128", "--frame_height", "60", "--frame_width", "120"]


@pytest.fixture
def here(tmp_path, monkeypatch, standins):
    """A folder with an OM, three inputs and their truth, all of it (3, 4) pixels; the current one."""
    for kind in ("image", "gt"):
        (tmp_path / "bins" / kind).mkdir(parents=True)
        for name in NAMES:
            np.tile(np.float32([3, 4]), (64, 128, 1)).tofile(
                str(tmp_path / "bins" / kind / (name + ".bin"))
            )
    (tmp_path / "pwcnet_1batch.om").write_bytes(b"IMOD")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, tool="msame"):
    run_main(
        RUN, "--tool", tool, "--om", "pwcnet_1batch.om", "--output", "not/there/result", *arguments
    )


def record(here):
    """time.json of the only run."""
    found = list((here / "not" / "there" / "result").glob("**/time.json"))
    assert len(found) == 1
    return json.loads(found[0].read_text())


@pytest.mark.parametrize("tool", ["msame", "ais_bench"])
def test_as_it_is_run(tool, here, standins, capsys):
    done = subprocess.run(
        [
            "sh",
            os.path.join(ROOT, "offline_infer", "run_%s.sh" % tool),
            "--om",
            "pwcnet_1batch.om",
            "--input",
            "bins/image",
            "--output",
            "a/b",
            "--device=1",
        ],
        universal_newlines=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr
    expected = [
        "--model",
        "pwcnet_1batch.om",
        "--input",
        "bins/image",
        "--output",
        "a/b",
        "--outfmt",
        "BIN",
        "--device",
        "1",
    ]
    assert standins() == [expected] and " ".join(expected) in done.stdout
    run_main("offline_infer/evaluation.py", "--gt_path", "bins/gt", "--output_path", "a/b", *SIZE)
    assert capsys.readouterr().out.splitlines()[-1] == "Average EPE =  5.000000"


@pytest.mark.parametrize("form", ["2021", "later", "none"])
def test_a_folder_with_msame(form, here, monkeypatch):
    monkeypatch.setenv("STANDIN_FORM", form)
    run("--input", "bins/image")
    assert record(here) == {
        "mean_ms": 1205.25,
        "mean_without_first_ms": 1203.75,
        "tool": "msame",
        "mode": "accuracy",
        "om": "pwcnet_1batch.om",
        "loop": 1,
        "missing": [],
    }


def test_earlier_results_are_not_taken(here, monkeypatch):
    old = here / "not" / "there" / "result" / "20990101_000000"
    old.mkdir(parents=True)
    run("--input", "bins/image")
    assert not list(old.iterdir()) and record(here)["missing"] == []


def test_a_folder_with_ais_bench(here, standins):
    run("--input", "bins/image", "--output_dirname", "mine", tool="ais_bench")
    found = json.loads((here / "not" / "there" / "result" / "mine" / "time.json").read_text())
    assert {name: value for name, value in found.items() if isinstance(value, float)} == {
        "min_ms": 1201.5,
        "max_ms": 1210.25,
        "mean_ms": 1204.125,
        "median_ms": 1203.5,
        "percentile_99_ms": 1210.0,
        "throughput": 0.8304785632720855,
    }
    with pytest.raises(ValueError, match="expected a new --output_dirname, got mine"):
        run("--input", "bins/image", "--output_dirname", "mine", tool="ais_bench")
    assert len(standins()) == 1


@pytest.mark.parametrize("tool, mean", [("msame", 1204.5), ("ais_bench", 1204.125)])
@pytest.mark.parametrize("source", [(), ("--input", "bins/image")])
def test_performance(source, tool, mean, here, standins):
    run("--mode", "performance", "--loop", "50", *source, tool=tool)
    assert record(here)["mean_ms"] == mean and record(here)["loop"] == 50
    assert standins()[0][-2:] == ["--loop", "50"] and (
        "bins/image/%s.bin" % NAMES[0] in standins()[0]
    ) == bool(source)


@pytest.mark.parametrize("tool", ["msame", "ais_bench"])
@pytest.mark.parametrize(
    "fault, words",
    [
        ("skip", "none for 1: %s in not/there/result/2" % NAMES[1]),
        ("exit", "got 1; look"),
        ("no_time", "expected a line"),
    ],
)
def test_failures(fault, words, tool, here, monkeypatch):
    monkeypatch.setenv("STANDIN_FAULT", fault)
    with pytest.raises(ValueError, match=words):
        run("--input", "bins/image", tool=tool)
    assert fault != "skip" or record(here)["missing"] == [NAMES[1]]


def test_refused_before_the_run(here, standins):
    (here / "x.bins").mkdir()
    for arguments, words in (
        (("--input", "x.bins"), "without .bin in its path"),
        (("--input", "absent"), "absent"),
        ((), "expected --input"),
        (("--input", "bins/image", "--loop", "9"), "--mode performance"),
        (("--mode", "performance", "--loop", "101"), "1 to 100"),
        (("--input", "bins/image", "--output_dirname", "x"), "no --output_dirname"),
        (("--input", "bins/image", "--om", "absent.om"), "pb2om.sh"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=words):
            run(*arguments)
    for name in ("c.1.bin", "c.2.bin"):
        (here / "x.bins" / name).write_bytes(b"")
    with pytest.raises(ValueError, match="before the first dot"):
        run("--input", "x.bins", tool="ais_bench")
    assert not standins() and not (here / "not").exists()


def test_the_program_is_missing(here, without_standins):
    with pytest.raises(FileNotFoundError, match="set_env.sh"):
        run("--input", "bins/image")
    with pytest.raises(
        FileNotFoundError,
        match="expected ais_bench in .*/python3, found none; install the wheels aclruntime and ais_bench there",
    ):
        run("--input", "bins/image", tool="ais_bench")


def test_times_are_not_taken_for_predictions(here, monkeypatch):
    monkeypatch.setenv("STANDIN_FORM", "later")  # names two folders of the same second apart
    run("--input", "bins/image", "--output", "result")
    found = find_results("result")
    run("--input", "bins/image", "--output", "result", "--mode", "performance", "--loop", "2")
    assert len(list((here / "result").iterdir())) == 2 and find_results("result") == found
