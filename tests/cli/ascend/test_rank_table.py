"""Writing and checking rank tables by the command line."""

import json
import os

import pytest

from pwcnet.cli.ascend import rank_table


def run(*arguments):
    rank_table.main([str(argument) for argument in arguments], "pwcnet ascend rank-table")


def test_several_servers_then_check(tmp_path, capsys):
    path = str(tmp_path / "rank_table.json")
    run(
        "--output",
        path,
        "--server",
        "node_0=4:192.168.1.8,5:192.168.1.9",
        "--server",
        "node_1=192.168.2.8,192.168.2.9",
    )
    written = (
        "node_0: ranks 0,1 on devices 4,5\nnode_1: ranks 2,3 on devices 0,1\n"
        "RANK_TABLE_FILE=%s RANK_SIZE=4\n" % path
    )
    assert capsys.readouterr().out == written
    with open(path) as stream:
        table = json.load(stream)
    assert table["server_list"][1]["device"][1] == {
        "device_id": "1",
        "device_ip": "192.168.2.9",
        "rank_id": "3",
    }
    run("--check", path)
    assert capsys.readouterr().out == written


def test_three_npus_of_a_server_are_refused(tmp_path):
    servers = "node_0=10.0.0.1,10.0.0.2,10.0.0.3"
    with pytest.raises(ValueError, match="node_0"):
        run("--output", tmp_path / "table.json", "--server", servers)
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
        run(*arguments)
    assert "error: " in capsys.readouterr().err
