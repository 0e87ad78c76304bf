"""One process for each Ascend NPU: what the launcher, and train_v1.sh above it, set for them."""

import json
import os
import subprocess
import sys

import pytest

from pwcnet.ascend.rank_table import rank_table
from tests.conftest import ROOT, run_command

SHOW = (
    "import os, sys; open(sys.argv[1] + '/' + os.environ['RANK_ID'], 'w').write("
    "' '.join(os.environ[name] for name in ('RANK_SIZE', 'ASCEND_DEVICE_ID', 'JOB_ID', 'RANK_TABLE_FILE', 'PWCNET_ENGINE')))"
)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.json"
    servers = [
        ("a", [("4", "10.0.1.4"), ("5", "10.0.1.5")]),
        ("b", [("0", "10.0.2.0"), ("1", "10.0.2.1")]),
    ]
    path.write_text(json.dumps(rank_table(servers)) + "")
    return str(path)


def launch(*flags, **options):
    return run_command("scripts/launch.py", "--engine", "hccl", *flags, timeout=60, **options)


def test_environment_of_the_second_server(table, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    environ = dict(os.environ, RANK_TABLE_FILE="table.json")
    done = run_command(
        os.path.join(ROOT, "scripts/launch.py"),
        "--engine",
        "hccl",
        "--workers",
        2,
        "--first_rank",
        2,
        "--",
        sys.executable,
        "-c",
        SHOW,
        out,
        env=environ,
        cwd=str(tmp_path),
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "2": "4 0 10087 %s hccl" % table,
        "3": "4 1 10087 %s hccl" % table,
    }


def test_a_rank_that_fails(table):
    done = launch(
        "--workers",
        2,
        "--rank_table",
        table,
        "--grace",
        1,
        "--",
        sys.executable,
        "-c",
        "import os, time; os.environ['RANK_ID'] == '1' and os._exit(7); time.sleep(60)",
    )
    assert done.returncode == 7
    assert "launch: worker 1 ended with exit code 7; all were stopped" in done.stderr


def test_what_does_not_fit(table, tmp_path):
    done = launch("--workers", 4, "--rank_table", table, "--", "true")
    assert done.returncode == 2
    assert (
        "expected the ranks of one server of %s, got --workers 4 from --first_rank 0; the servers are a with ranks 0,1; b with ranks 2,3"
        % table
        in done.stderr
    )
    done = launch(
        "--workers",
        2,
        "--",
        "true",
        env={name: value for name, value in os.environ.items() if name != "RANK_TABLE_FILE"},
    )
    assert (
        done.returncode == 2
        and "expected --rank_table or RANK_TABLE_FILE for the engine hccl, got neither"
        in done.stderr
    )
    done = launch("--workers", 2, "--rank_table", tmp_path / "none.json", "--", "true")
    assert done.returncode == 2 and "none.json: No such file or directory" in done.stderr


@pytest.mark.parametrize(
    "settings, program",
    [
        (
            {"RANK_SIZE": "2"},
            [
                "scripts/launch.py",
                "--engine",
                "hccl",
                "--workers",
                "2",
                "--",
                "scripts/pwcnet_finetune",
            ],
        ),
        ({"RANK_SIZE": "2", "RANK_ID": "1"}, ["scripts/pwcnet_finetune"]),
        ({"RANK_SIZE": "1"}, ["scripts/pwcnet_finetune"]),
        ({}, ["scripts/pwcnet_finetune"]),
    ],
)
def test_train_v1_starts_the_cards_that_no_platform_starts(settings, program, tmp_path):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    environ = {
        name: value for name, value in os.environ.items() if name not in ("RANK_ID", "RANK_SIZE")
    }
    done = subprocess.run(
        ["sh", os.path.join(ROOT, "train_v1.sh"), "--resume"],
        env=dict(environ, PYTHON=str(python), **settings),
        stdout=subprocess.PIPE,
        universal_newlines=True,
    )
    words = done.stdout.replace(ROOT + "/", "").split()
    assert [word.split("_lg")[0] for word in words[: len(program)]] == program and words[
        -1
    ] == "--resume"


def test_a_rank_size_that_is_no_number():
    done = subprocess.run(
        ["sh", os.path.join(ROOT, "train_v1.sh")],
        env=dict(os.environ, RANK_SIZE="two"),
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert (
        done.returncode == 2
        and done.stderr
        == "train_v1: error: expected the number of NPUs in RANK_SIZE, got 'two'; unset it for one\n"
    )


STUB = """#!/bin/sh
case "$1" in
    *wait_for_leader.py) exec "$REAL" "$@" ;;
    *) echo "$RANK_ID $*" >>"$NOTES" ;;
esac
"""


@pytest.fixture
def recipe(tmp_path):
    """Starts train_v2.sh as a platform does, for a rank, with a training that does nothing but note its arguments."""
    python = tmp_path / "python"
    python.write_text("" + STUB)
    python.chmod(0o755)
    (tmp_path / "v2").mkdir()

    def start(rank, **settings):
        environ = dict(
            os.environ,
            PYTHON=str(python),
            REAL=sys.executable,
            NOTES=str(tmp_path / "notes"),
            RANK_SIZE="2",
            RANK_ID=str(rank),
            **settings,
        )
        return subprocess.run(
            ["sh", os.path.join(ROOT, "train_v2.sh"), "--save_path", str(tmp_path / "v2")],
            env=environ,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=60,
        )

    return start


def test_step_2_of_the_others_waits_for_the_leaders_step_1(recipe, tmp_path):
    done = recipe(1, PWCNET_WAIT="0.1")
    assert done.returncode == 2
    assert (
        "wait_for_leader.py: error: expected the leader's last checkpoint, found no %s"
        % (tmp_path / "v2" / "finished")
        in done.stderr
    )
    assert len((tmp_path / "notes").read_text().splitlines()) == 1
    assert recipe(0).returncode == 0 and (tmp_path / "v2" / "finished").exists()
    done = recipe(1)
    assert done.returncode == 0, done.stderr
    assert [line[0] for line in (tmp_path / "notes").read_text().splitlines()] == [
        "1",
        "0",
        "0",
        "1",
        "1",
    ]


def test_step_2_starts_from_the_checkpoint_of_all_cards_batch(recipe, tmp_path):
    for step in (88000, 100000, 176000):
        (tmp_path / "v2" / ("pwcnet.ckpt-%d.index" % step)).write_text("")
    assert recipe(0).returncode == 0
    assert (tmp_path / "notes").read_text().split()[-1] == str(
        tmp_path / "v2" / "pwcnet.ckpt-88000"
    )
