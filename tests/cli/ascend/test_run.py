"""Runs of msame and ais_bench with stand-ins for both."""

import json

import numpy as np
import pytest

from pwcnet.ascend.result_folders import find_results
from pwcnet.cli.ascend import run as command

NAMES = ["a-frames_0001_0002", "b-frames_0001_0002", "b-frames_0002_0003"]


@pytest.fixture
def here(tmp_path, monkeypatch, programs):
    """The current folder: an OM, three inputs and their ground truth, all of it (3, 4) pixels."""
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
    given = ["--tool", tool, "--om", "pwcnet_1batch.om", "--output", "not/there/result"]
    command.main(given + list(arguments), "pwcnet ascend run")


def record(here):
    """time.json of the only run."""
    found = list((here / "not" / "there" / "result").glob("**/time.json"))
    assert len(found) == 1
    return json.loads(found[0].read_text())


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


def test_a_folder_with_ais_bench(here, programs):
    run("--input", "bins/image", "--output-dirname", "mine", tool="ais_bench")
    found = json.loads((here / "not" / "there" / "result" / "mine" / "time.json").read_text())
    assert {name: value for name, value in found.items() if isinstance(value, float)} == {
        "min_ms": 1201.5,
        "max_ms": 1210.25,
        "mean_ms": 1204.125,
        "median_ms": 1203.5,
        "percentile_99_ms": 1210.0,
        "throughput": 0.8304785632720855,
    }
    with pytest.raises(ValueError, match="mine is already in not/there/result"):
        run("--input", "bins/image", "--output-dirname", "mine", tool="ais_bench")
    assert len(programs()) == 1


@pytest.mark.parametrize("tool, mean", [("msame", 1204.5), ("ais_bench", 1204.125)])
@pytest.mark.parametrize("source", [(), ("--input", "bins/image")])
def test_performance(source, tool, mean, here, programs):
    run("--mode", "performance", "--loop", "50", *source, tool=tool)
    assert record(here)["mean_ms"] == mean and record(here)["loop"] == 50
    assert programs()[0][-2:] == ["--loop", "50"] and (
        "bins/image/%s.bin" % NAMES[0] in programs()[0]
    ) == bool(source)


@pytest.mark.parametrize("tool", ["msame", "ais_bench"])
@pytest.mark.parametrize(
    "fault, words",
    [
        ("skip", "%s in not/there/result/2" % NAMES[1]),
        ("exit", "exit code 1"),
        ("no_time", "msame|ais_bench"),
    ],
)
def test_failures(fault, words, tool, here, monkeypatch):
    monkeypatch.setenv("STANDIN_FAULT", fault)
    with pytest.raises(ValueError, match=words):
        run("--input", "bins/image", tool=tool)
    assert fault != "skip" or record(here)["missing"] == [NAMES[1]]


def test_refused_before_the_run(here, programs):
    (here / "x.bins").mkdir()
    (here / "x.bins" / "c.1.bin").write_bytes(b"")
    for arguments, words in (
        (("--input", "x.bins"), "x.bins"),
        (("--input", "absent"), "absent"),
        ((), "input folder"),
        (("--input", "bins/image", "--loop", "9"), "got 9"),
        (("--mode", "performance", "--loop", "101"), "1 to 100"),
        (("--input", "bins/image", "--output-dirname", "x"), "got x"),
        (("--input", "bins/image", "--om", "absent.om"), "pb2om.sh"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=words):
            run(*arguments)
    (here / "x.bins" / "c.2.bin").write_bytes(b"")
    with pytest.raises(ValueError, match="x.bins"):
        run("--input", "x.bins", tool="ais_bench")
    assert not programs() and not (here / "not").exists()


def test_the_program_is_missing(here, without_programs):
    with pytest.raises(FileNotFoundError, match="set_env.sh"):
        run("--input", "bins/image")
    with pytest.raises(FileNotFoundError, match="/python3 .*ais_bench.*aclruntime"):
        run("--input", "bins/image", tool="ais_bench")


def test_times_are_not_taken_for_predictions(here, monkeypatch):
    monkeypatch.setenv("STANDIN_FORM", "later")  # names two folders of the same second apart
    run("--input", "bins/image", "--output", "result")
    found = find_results("result")
    run("--input", "bins/image", "--output", "result", "--mode", "performance", "--loop", "2")
    assert len(list((here / "result").iterdir())) == 2 and find_results("result") == found
