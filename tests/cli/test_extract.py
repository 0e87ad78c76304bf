"""`pwcnet extract`: whole archives, once, whatever stops it."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import pwcnet
from pwcnet.cli.extract import parser
from pwcnet.cli.extract_options import extract_options
from pwcnet.cli.extract_status import print_failures
from pwcnet.io.folder_lock import folder_locked
from pwcnet.io.frames import open_frames
from tests.helpers.archives import contents, dis_flows, write_archive, write_folder
from tests.helpers.commands import ROOT
from tests.helpers.frames import moving_frames
from tests.helpers.subcommands import call, only_line, run
from tests.helpers.videos import write_video

ENVIRONMENT = dict(os.environ, PYTHONPATH=ROOT)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("archive"))


def manifest(folder, kind):
    with open(os.path.join(str(folder), "manifest.jsonl")) as stream:
        return [record for record in map(json.loads, stream) if record["kind"] == kind]


def test_an_archive(archive, tmp_path, capsys):
    assert call("extract", archive, "--output", tmp_path, "--classical", "dis") == 0
    assert "3 of 3 items" in capsys.readouterr().out
    flows = pwcnet.open_flow(tmp_path)
    for name, source in (("a/x", "a/x.avi"), ("a/y", "a/y.avi"), ("b/z", "b/z")):
        expected = dis_flows(os.path.join(archive, source)).astype(np.float16)
        np.testing.assert_array_equal(flows[name].flow, expected)
    before = contents(tmp_path)
    assert call("extract", archive, "--output", tmp_path, "--classical", "dis") == 0
    assert "3 were before" in capsys.readouterr().out
    assert contents(tmp_path) == before and len(manifest(tmp_path, "item")) == 3


def test_the_level_is_recorded():
    for weights, given, expected in (
        ("small", [], "balanced"),
        ("a.pb", [], "plain"),
        ("a.pb", ["--quality", "best"], "best"),
        ("", ["--classical", "dis"], None),
    ):
        args = parser("pwcnet extract").parse_args(["in", "--output", "out", *given])
        assert extract_options(args, weights, None).recorded()["quality"] == expected


def test_the_network(archive, tmp_path):
    source = os.path.join(archive, "b")
    arguments = (source, "--dtype", "float32", "--quality", "plain", "--backward")
    assert call("extract", *arguments, "--output", tmp_path) == 0
    item = pwcnet.open_flow(tmp_path)["z"]
    frames = [frame.image for frame in open_frames([item.path]).frames]
    with pwcnet.Predictor(quality="plain") as predictor:
        pairs = predictor.both_ways(zip(frames, frames[1:]))
        for place, (_, forward, backward) in enumerate(pairs):
            np.testing.assert_allclose(item.flow[place], forward, atol=1e-3)
            np.testing.assert_allclose(item.backward[place], backward, atol=1e-3)


def test_broken_items_are_named_and_do_not_stop_the_others(archive, tmp_path, capfd):
    write_archive(tmp_path / "in")
    for name in ("a/broken.mp4", "empty.mp4"):
        (tmp_path / "in" / name).write_bytes(b"no video" * (len(name) > 9))
    done = run("extract", tmp_path / "in", "--output", tmp_path / "out", "--classical", "dis")
    assert done.returncode == 1
    assert "3 of 5 items" in done.stdout
    for name in ("a/broken", "empty"):
        assert done.stdout.count("failed: %s: " % name) == 1
    assert done.stderr == ""
    os.remove(str(tmp_path / "in" / "empty.mp4"))
    write_video(tmp_path / "in" / "empty.avi", moving_frames(3, 48, 64))
    done = run("extract", tmp_path / "in", "--output", tmp_path / "out", "--classical", "dis")
    assert done.returncode == 1 and "4 of 5 items" in done.stdout and "3 were" in done.stdout


def test_shards_and_status(archive, tmp_path, capsys):
    for number in (1, 2, 3):
        call(
            *("extract", archive, "--output", tmp_path, "--classical", "dis"),
            *("--shard", "%d/3" % number),
        )
    assert len(pwcnet.open_flow(tmp_path)) == 3
    assert {name for name in os.listdir(str(tmp_path)) if name.startswith("manifest")} == {
        "manifest-%d-of-3.jsonl" % number for number in (1, 2, 3)
    }
    capsys.readouterr()
    assert call("extract", "--status", tmp_path) == 0
    shown = capsys.readouterr().out
    assert "items: 3 of 3 complete, 0 failed" in shown and "pairs: 16 of about 16" in shown
    call("extract", archive, "--output", tmp_path / "whole", "--classical", "dis")
    assert contents(tmp_path / "whole") == {
        name: data for name, data in contents(tmp_path).items() if not name.startswith("whole")
    }


def test_dry_run(archive, tmp_path, capsys):
    arguments = (archive, "--classical", "dis", "--dry-run", "--output", tmp_path / "out")
    assert call("extract", *arguments) == 0
    shown = capsys.readouterr().out
    assert "items: 3" in shown and "pairs: 16" in shown and "disk: 198 kB" in shown
    assert not os.path.exists(str(tmp_path / "out"))


def test_a_dry_run_counts_what_is_missing(archive, tmp_path, capsys):
    options = ("--output", tmp_path, "--classical", "dis")
    call("extract", os.path.join(archive, "a"), *options)
    call("extract", archive, *options)
    os.remove(str(tmp_path / "a" / "y.npz"))
    capsys.readouterr()
    call("extract", archive, *options, "--dry-run")
    shown = capsys.readouterr().out
    assert "items: 1\n" in shown and "pairs: 8" in shown


def test_frames_may_be_left_out_later(tmp_path, capsys):
    source = write_folder(tmp_path / "in" / "seq", 6)
    write_folder(tmp_path / "in" / "whole", 3)
    with open(os.path.join(source, "f_003.png"), "wb"):
        pass
    arguments = (tmp_path / "in", "--output", tmp_path / "out", "--classical", "dis")
    assert call("extract", *arguments) == 1
    assert call("extract", *arguments, "--skip-bad") == 0
    shown = capsys.readouterr().out
    assert "1 were before" in shown and "left out: seq: " in shown and "f_003.png" in shown
    assert pwcnet.open_flow(tmp_path / "out")["seq"].frames[:, 0].tolist() == [1, 4, 5]
    assert call("extract", *arguments) == 1  # what lacks frames does not count then


@pytest.mark.whole_on("tf2")
def test_the_names_of_shipped_weights(archive, tmp_path):
    arguments = (archive, "--output", tmp_path, "--save", "motion", "--weights", "large")
    assert call("extract", *arguments, "--dry-run", "--scale", "0.5") == 0


def test_other_options_and_overwriting(archive, tmp_path):
    call("extract", archive, "--output", tmp_path, "--classical", "dis")
    (tmp_path / "a" / "mine.txt").write_text("kept")
    other = ("extract", archive, "--output", tmp_path, "--classical", "dis", "--save", "flo")
    assert str(tmp_path) in only_line(run(*other))
    assert call(*other, "--overwrite") == 0
    names = set(contents(tmp_path))
    assert "a/mine.txt" in names and "a/x.npz" not in names and "a/x/flow_00005.flo" in names
    (tmp_path / "b" / "new").mkdir()
    (tmp_path / "b" / "new" / "mine.txt").write_text("kept")
    source = write_folder(tmp_path / "more" / "b" / "new", 3)
    options = ("--output", tmp_path, "--classical", "dis", "--save", "flo")
    assert call("extract", os.path.dirname(os.path.dirname(source)), *options) == 1
    assert (tmp_path / "b" / "new" / "mine.txt").read_text() == "kept"


@pytest.mark.parametrize(
    "arguments, named",
    [
        ([], "--list"),
        (["IN"], "--output"),
        (["IN/absent", "--output", "OUT"], "absent"),
        (["IN", "--output", "OUT", "--save", "png"], "png"),
        (["IN", "--output", "OUT", "--shard", "4/3"], "4/3"),
        (["IN", "--output", "OUT", "--every", "2", "--sample-fps", "5"], "rate"),
        (["IN", "--output", "OUT", "--classical", "dis", "--weights", "small"], "--weights"),
        (["IN", "--output", "OUT", "--weights", "IN/none"], "IN/none"),
        (["IN", "--output", "IN/a/x.avi"], "x.avi"),
        (["--status", "IN"], "IN"),
        (["IN", "--output", "OUT", "--address", "10.0.0.1"], "--engine ray"),
    ],
)
def test_wrong_input(archive, tmp_path, arguments, named):
    places = {"IN": archive, "OUT": str(tmp_path / "out")}
    for short, path in places.items():
        arguments = [argument.replace(short, path) for argument in arguments]
        named = named.replace(short, path)
    assert named in only_line(run("extract", *arguments))
    assert not os.path.exists(str(tmp_path / "out"))


def start(*arguments):
    command = [sys.executable, "-m", "pwcnet", "extract", *map(str, arguments)]
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(path):
    until = time.time() + 60
    while not os.path.exists(str(path)) and time.time() < until:
        time.sleep(0.01)


def test_sigterm_ends_in_order(tmp_path):
    for number in range(30):
        write_folder(tmp_path / "in" / ("s%02d" % number), 5)
    arguments = (tmp_path / "in", "--output", tmp_path / "out", "--classical", "dis")
    program = start(*arguments)
    wait_for(tmp_path / "out" / "s01.npz")
    program.send_signal(signal.SIGTERM)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 143 and "second" in err
    done = len(manifest(tmp_path / "out", "item"))
    assert 1 < done < 30 and "%d of 30 items" % done in out
    assert len(contents(tmp_path / "out")) == done
    assert call("extract", *arguments) == 0
    assert len(manifest(tmp_path / "out", "item")) == 30


def kill_and_repeat(arguments, output, kills, seed):
    """Kills the driver or a worker again and again at random, then lets the job end."""
    chance = random.Random(seed)
    for _ in range(kills):
        program = start(*arguments)
        wait_for(os.path.join(str(output), "manifest.jsonl"))
        time.sleep(chance.uniform(0.2, 2.0))
        victims = [program.pid]
        if chance.random() < 0.5:
            with open("/proc/%d/task/%d/children" % (program.pid, program.pid)) as stream:
                victims = [int(pid) for pid in stream.read().split()] or victims
        os.kill(chance.choice(victims), signal.SIGKILL)
        if victims == [program.pid]:
            program.communicate(timeout=60)
        else:
            time.sleep(chance.uniform(0, 1))
            program.kill()
            program.communicate(timeout=60)
    assert call("extract", *arguments) == 0


def assert_complete_after_kills(tmp_path, items, frames, kills):
    for number in range(items):
        write_folder(tmp_path / "in" / ("s%03d" % number), frames, seed=number)
    arguments = (tmp_path / "in", "--classical", "dis", "--workers", 2, "--save", "npz,flo")
    output = tmp_path / "killed"
    kill_and_repeat((*arguments, "--output", output), output, kills, seed=items)
    call("extract", *arguments, "--output", tmp_path / "whole")
    assert contents(output) == contents(tmp_path / "whole")
    assert not [name for name in os.listdir(str(output)) if name.startswith(".")]


@pytest.mark.whole_on("tf2")
def test_killed_at_random(tmp_path):
    assert_complete_after_kills(tmp_path, items=40, frames=5, kills=2)


@pytest.mark.full
def test_a_job_of_200_items_killed_five_times(tmp_path):
    assert_complete_after_kills(tmp_path, items=200, frames=8, kills=5)


def test_folders_of_others(archive, tmp_path, capsys):
    (tmp_path / "manifest.jsonl").write_text('{"kind": "item", "file": "a.wav"}\n')
    with pytest.raises(ValueError, match="manifest.jsonl.*; move it"):
        call("extract", archive, "--output", tmp_path, "--classical", "dis", "--overwrite")
    os.remove(str(tmp_path / "manifest.jsonl"))
    with folder_locked(str(tmp_path), ".extract-1-of-2.lock", "extraction"), pytest.raises(
        OSError, match="%s; wait" % tmp_path
    ):
        call("extract", archive, "--output", tmp_path, "--classical", "dis")


def test_failures_are_a_line_each(capsys):
    print_failures({"a": {"name": "a\nb\udcff \u00e9", "error": "is a\nb broken"}})
    assert capsys.readouterr().out == "failed: a\\nb\\udcff \u00e9: is a\\nb broken\n"
