"""Writing and checking rank tables."""

import json
import os

import pytest

from tests.conftest import run_command, run_main

SCRIPT = "scripts/make_rank_table.py"


def test_several_servers_then_check(tmp_path, capsys):
    path = str(tmp_path / "rank_table.json")
    run_main(
        SCRIPT,
        "--output",
        path,
        "--server",
        "node_0=4:192.168.1.8,5:192.168.1.9",
        "--server",
        "node_1=192.168.2.8,192.168.2.9",
    )
    written = (
        "node_0: ranks 0,1 on devices 4,5\nnode_1: ranks 2,3 on devices 0,1\nRANK_TABLE_FILE=%s RANK_SIZE=4\n"
        % path
    )
    assert capsys.readouterr().out == written
    with open(path) as stream:
        table = json.load(stream)
    assert table["server_list"][1]["device"][1] == {
        "device_id": "1",
        "device_ip": "192.168.2.9",
        "rank_id": "3",
    }
    run_main(SCRIPT, "--check", path)
    assert capsys.readouterr().out == written


def test_what_is_wrong_is_one_line(tmp_path):
    done = run_command(
        SCRIPT, "--output", tmp_path / "table.json", "--server", "node_0=10.0.0.1,10.0.0.2,10.0.0.3"
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert (
        "expected 1 or 2 or 4 or 8 devices of node_0, got 3 in the servers that were asked for; name other servers"
        in done.stderr
    )
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--output", "t.json"],
        ["--check", "t.json", "--server", "a=10.0.0.1"],
        ["--output", "t.json", "--server", "a"],
    ],
)
def test_flags_that_do_not_fit(arguments, capsys):
    with pytest.raises(SystemExit):
        run_main(SCRIPT, *arguments)
    assert "error: " in capsys.readouterr().err
