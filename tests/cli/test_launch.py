"""`pwcnet launch`: what workers run and are told, how they end, with small programs as commands."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from pwcnet.ascend.rank_table import rank_table
from pwcnet.cli import launch
from tests.helpers.commands import ROOT

STOPS = """
import os, signal, sys, time
rank = os.environ["PWCNET_RANK"]
def stop(number, _):
    open(sys.argv[1] + "/stopped-" + rank, "w").close()
    sys.exit(130)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
open(sys.argv[1] + "/started-" + rank, "w").close()
time.sleep(60)
"""
ENVIRONMENT = (
    "import json, os, sys; json.dump(dict(os.environ), "
    "open(os.path.join(sys.argv[1], os.environ.get('PWCNET_RANK') or os.environ['RANK_ID']), 'w'))"
)


def run(*arguments):
    """The exit code of `pwcnet launch`."""
    return launch.main([str(argument) for argument in arguments], "pwcnet launch")


def collective(program, *arguments, options=()):
    """The exit code of two workers that run a program."""
    command = ("--", sys.executable, "-c", program) + arguments
    return run("--workers", 2, "--engine", "collective", *options, *command)


def environments(folder):
    """{rank: environment} that the program ENVIRONMENT wrote."""
    return {path.name: json.loads(path.read_text()) for path in folder.iterdir()}


def test_the_leaders_output_is_shown_alone(capfd):
    code = collective(
        "import os; print(os.environ['PWCNET_RANK'], os.environ['PWCNET_ENGINE'], "
        "len(os.environ['PWCNET_ADDRESSES'].split(',')))"
    )
    assert code == 0 and tuple(capfd.readouterr()) == ("0 collective 2\n", "")


def test_ranks_of_one_of_several_machines(tmp_path):
    options = ["--first-rank", 2, "--addresses", "a:1,a:2, b:1,b:2"]
    assert collective(ENVIRONMENT, tmp_path, options=options) == 0
    workers = environments(tmp_path)
    assert sorted(workers) == ["2", "3"]
    assert {worker["PWCNET_ADDRESSES"] for worker in workers.values()} == {"a:1,a:2,b:1,b:2"}


def test_ports_are_held_until_a_server_takes_them():
    with launch._free_addresses(2) as addresses:
        for address in addresses:
            host, port = address.split(":")
            with socket.socket() as other, pytest.raises(OSError):
                other.bind((host, int(port)))
            with socket.socket() as server:  # as a server of TensorFlow does
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.bind(("", int(port)))
                server.listen()
                socket.create_connection((host, int(port)), 5).close()


def test_workers_of_one_machine_share_a_secret(tmp_path, monkeypatch):
    monkeypatch.delenv("PWCNET_SECRET", raising=False)
    assert collective(ENVIRONMENT, tmp_path) == 0
    (secret,) = {worker["PWCNET_SECRET"] for worker in environments(tmp_path).values()}
    assert len(secret) == 32
    assert collective(ENVIRONMENT, tmp_path) == 0
    assert {worker["PWCNET_SECRET"] for worker in environments(tmp_path).values()} != {secret}


def test_a_failing_worker_ends_all_and_says_why(tmp_path, caplog):
    program = STOPS.replace(
        "time.sleep(60)", "time.sleep(60) if rank == '0' else sys.exit('cannot read x.png')"
    )
    assert collective(program, tmp_path, options=["--grace", 1]) == 1
    assert caplog.messages == [
        "worker 1: cannot read x.png",
        "launch: worker 1 ended with exit code 1; all were stopped; continue with --resume",
    ]


def test_a_leader_that_hangs_is_killed(caplog):
    program = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "time.sleep(60) if os.environ['PWCNET_RANK'] == '0' else os.abort()"
    )
    assert collective(program, options=["--grace", 0.5]) == 128 + signal.SIGABRT
    assert "worker 1 was killed by SIGABRT; all were stopped" in caplog.messages[-1]


def test_a_worker_that_does_not_end_with_the_leader_is_stopped(caplog):
    program = "import os, time; os.environ['PWCNET_RANK'] == '0' or time.sleep(60)"
    assert collective(program, options=["--grace", 0.5]) == 0
    assert "worker 1 was still running" in caplog.messages[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_goes_to_the_leader(number, tmp_path):
    """In a real process, without installation, from another directory."""
    command = ["-m", "pwcnet", "launch", "--workers", "2", "--engine", "collective", "--"]
    process = subprocess.Popen(
        [sys.executable] + command + [sys.executable, "-c", STOPS, str(tmp_path)],
        env=dict(os.environ, PYTHONPATH=ROOT),
        cwd="/",
    )
    until = time.time() + 30
    while len(os.listdir(str(tmp_path))) < 2 and time.time() < until:
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(30) == 130
    assert sorted(os.listdir(str(tmp_path))) == ["started-0", "started-1", "stopped-0"]


def test_python_files_subcommands_and_programs(tmp_path, monkeypatch):
    """A subcommand runs where the package is not installed, too."""
    script = tmp_path / "show.py"
    script.write_text(ENVIRONMENT)
    (tmp_path / "out").mkdir()
    options = ["--workers", 1, "--engine", "collective"]
    assert run(*options + ["--", script, tmp_path / "out"]) == 0
    assert "0" in environments(tmp_path / "out")

    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    command, environment = launch._program(["train", "--steps", "1"])
    assert command == [sys.executable, "-m", "pwcnet", "train", "--steps", "1"]
    assert environment == {"PYTHONPATH": ROOT + os.pathsep + "/elsewhere"}
    assert launch._program(["horovodrun", "x"]) == (["horovodrun", "x"], {})


def test_a_subcommand_in_a_worker(monkeypatch, tmp_path, capfd):
    monkeypatch.chdir(tmp_path)
    assert run("--workers", 1, "--engine", "collective", "--", "launch", "--help") == 0
    assert capfd.readouterr().out.startswith("usage: pwcnet launch")


def test_options_of_the_command_stay_as_they_are():
    assert launch._split(["--workers", "2", "--", "x.py", "--first_rank", "1"]) == (
        ["--workers", "2"],
        ["x.py", "--first_rank", "1"],
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--engine", "collective", "--", "no-such-program"], "no-such-program"),
        (["--addresses", "a:1", "--", "true"], "--addresses names 1"),
        (["--engine", "hccl", "--addresses", "a:1,b:1", "--", "true"], "--engine hccl"),
    ],
)
def test_options_that_do_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        run("--workers", 2, *arguments)


def test_no_command(capsys):
    with pytest.raises(SystemExit) as caught:
        run("--workers", 2)
    assert caught.value.code == 2 and capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(importlib.util.find_spec("horovod") is not None, reason="Horovod is installed")
def test_horovod_that_is_not_installed():
    with pytest.raises(ValueError, match="HOROVOD_WITH_GLOO=1"):
        run("--workers", 2, "--engine", "horovod", "--", "true")


@pytest.fixture
def table(tmp_path):
    """A rank table of two servers with two NPUs each."""
    path = tmp_path / "table.json"
    servers = [
        ("a", [("4", "10.0.1.4"), ("5", "10.0.1.5")]),
        ("b", [("0", "10.0.2.0"), ("1", "10.0.2.1")]),
    ]
    path.write_text(json.dumps(rank_table(servers)))
    return str(path)


def test_environment_of_the_npus_of_the_second_server(table, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RANK_TABLE_FILE", "table.json")
    monkeypatch.delenv("JOB_ID", raising=False)
    command = ["--", sys.executable, "-c", ENVIRONMENT, out]
    assert run("--engine", "hccl", "--workers", 2, "--first_rank", 2, *command) == 0
    names = ("RANK_SIZE", "ASCEND_DEVICE_ID", "JOB_ID", "RANK_TABLE_FILE", "PWCNET_ENGINE")
    workers = environments(out)
    assert {rank: [workers[rank][name] for name in names] for rank in workers} == {
        "2": ["4", "0", "10087", table, "hccl"],
        "3": ["4", "1", "10087", table, "hccl"],
    }


def test_a_rank_that_fails(table, caplog):
    program = "import os, time; os.environ['RANK_ID'] == '1' and os._exit(7); time.sleep(60)"
    options = ["--engine", "hccl", "--workers", 2, "--rank-table", table, "--grace", 1]
    assert run(*options + ["--", sys.executable, "-c", program]) == 7
    assert "worker 1 ended with exit code 7; all were stopped" in caplog.messages[-1]


def test_rank_tables_that_do_not_fit(table, tmp_path, monkeypatch):
    monkeypatch.delenv("RANK_TABLE_FILE", raising=False)
    with pytest.raises(ValueError, match="table.json.*a: 0,1; b: 2,3"):
        run("--engine", "hccl", "--workers", 4, "--rank-table", table, "--", "true")
    with pytest.raises(ValueError, match="RANK_TABLE_FILE"):
        run("--engine", "hccl", "--workers", 2, "--", "true")
    with pytest.raises(FileNotFoundError, match="none.json"):
        run("--engine", "hccl", "--workers", 2, "--rank-table", tmp_path / "none.json", "--", "x")
