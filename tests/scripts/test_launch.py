"""Starting and ending workers, with small programs in the place of a training command."""

import importlib.util
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT, run_command

STOPS = """
import os, signal, sys, time
rank = os.environ["PWCNET_RANK"]
def stop(number, _):
    open(sys.argv[1] + "/told-" + rank, "w").close()
    sys.exit(130)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
open(sys.argv[1] + "/here-" + rank, "w").close()
time.sleep(60)
"""


def launch(program, *arguments, **options):
    flags = ["--workers", 2, "--engine", "collective"] + options.get("flags", [])
    return run_command(
        "scripts/launch.py", *flags, "--", sys.executable, "-c", program, *arguments, timeout=60
    )


def test_shows_the_leaders_output_alone():
    done = launch(
        "import os; print(os.environ['PWCNET_RANK'], os.environ['PWCNET_ENGINE'], len(os.environ['PWCNET_ADDRESSES'].split(',')))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 collective 2\n", "")


def test_ranks_of_one_of_several_machines():
    flags = ["--first_rank", 2, "--addresses", "a:1,a:2,b:1,b:2"]
    done = launch(
        "import os, sys; sys.exit('%(PWCNET_RANK)s of %(PWCNET_ADDRESSES)s' % os.environ)",
        flags=flags,
    )
    assert done.returncode == 1
    assert (
        "worker 2: 2 of a:1,a:2,b:1,b:2" in done.stderr
        or "worker 3: 3 of a:1,a:2,b:1,b:2" in done.stderr
    )


def test_a_failing_worker_ends_all_and_says_why(tmp_path):
    program = STOPS.replace(
        "time.sleep(60)", "time.sleep(60) if rank == '0' else sys.exit('cannot read x.png')"
    )
    done = launch(program, tmp_path, flags=["--grace", 1])
    assert done.returncode == 1
    assert "worker 1: cannot read x.png\n" in done.stderr
    assert (
        "launch: worker 1 ended with exit code 1; all were stopped; continue with --resume\n"
        in done.stderr
    )


def test_a_leader_that_hangs_is_killed():
    program = "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60) if os.environ['PWCNET_RANK'] == '0' else os.abort()"
    done = launch(program, flags=["--grace", 0.5])
    assert done.returncode == 128 + signal.SIGABRT
    assert "launch: worker 1 was killed by SIGABRT; all were stopped" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_for_the_leader(number, tmp_path):
    command = [
        sys.executable,
        "scripts/launch.py",
        "--workers",
        "2",
        "--engine",
        "collective",
        "--",
        sys.executable,
        "-c",
        STOPS,
        str(tmp_path),
    ]
    process = subprocess.Popen(command, cwd=ROOT)
    until = time.time() + 30
    while sorted(os.listdir(str(tmp_path))) != ["here-0", "here-1"] and time.time() < until:
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(30) == 130
    assert sorted(os.listdir(str(tmp_path))) == ["here-0", "here-1", "told-0"]


def test_a_command_that_does_not_exist():
    done = run_command(
        "scripts/launch.py", "--workers", 2, "--engine", "collective", "--", "no-such-program"
    )
    assert done.returncode == 2
    assert "expected a command that can be started, got no-such-program" in done.stderr


def test_addresses_that_do_not_reach():
    done = launch("", flags=["--addresses", "a:1"])
    assert done.returncode == 2
    assert "expected --addresses for workers 0 to 1, got 1 of them" in done.stderr


@pytest.mark.skipif(importlib.util.find_spec("horovod") is not None, reason="Horovod is installed")
def test_horovod_that_is_not_installed():
    done = run_command("scripts/launch.py", "--workers", 2, "--engine", "horovod", "--", "true")
    assert done.returncode == 2
    assert "install it with: HOROVOD_WITH_GLOO=1" in done.stderr
