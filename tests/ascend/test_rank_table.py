"""Rank tables, exactly as HCCL reads them."""

import copy
import json

import pytest

from pwcnet.ascend.rank_table import check_rank_table, rank_table, ranks_of_servers, read_rank_table


def devices(count, server=0):
    return [(str(number), "192.168.%d.%d" % (server, number + 8)) for number in range(count)]


def test_the_documented_table():
    assert rank_table([("node_0", [("0", "192.168.1.8")])]) == json.loads(
        '{"status":"completed","version":"1.0","server_count":"1","server_list":[{"server_id":"node_0",'
        '"device":[{"device_id":"0","device_ip":"192.168.1.8","rank_id":"0"}]}]}'
    )


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_ranks_count_on_through_the_servers(count, tmp_path):
    table = rank_table([("a", devices(count, 1)), ("b", devices(count, 2))])
    (tmp_path / "table.json").write_text(json.dumps(table) + "")
    assert read_rank_table(str(tmp_path / "table.json")) == table and table["server_count"] == "2"
    assert ranks_of_servers(table)[1] == (
        "b",
        {count + number: str(number) for number in range(count)},
    )


def set_in(*path):
    def change(table):
        for key in path[:-2]:
            table = table[key]
        table[path[-2]] = path[-1]

    return change


DEVICE = ("server_list", 0, "device", 0)


@pytest.mark.parametrize(
    "change, message",
    [
        (
            set_in("status", "initializing"),
            'status "completed" in table.json, got "initializing"',
        ),
        (set_in("version", 1.0), 'version "1.0" .*got 1.0'),
        (set_in("server_count", 1), 'server_count "1" .*got 1'),
        (set_in("server_list", []), r"server_list .*got \[\]"),
        (
            set_in("server_list", 0, "device", []),
            "1 or 2 or 4 or 8 devices of node_0 .*got 0",
        ),
        (
            set_in("server_list", 0, "server_id", 0),
            "server_ids that are different strings",
        ),
        (
            set_in(*DEVICE, "rank_id", 0),
            "device_id, device_ip and rank_id of node_0",
        ),
        (
            set_in(*DEVICE, "rank_id", "1"),
            r'rank_ids from "0" to "1".* got \["1", "1"\]',
        ),
        (set_in(*DEVICE, "device_id", "8"), "device_id from 0 to 7 of node_0"),
        (set_in(*DEVICE, "device_id", "1"), "device_ids of node_0"),
        (
            set_in(*DEVICE, "device_ip", "192.168.0.300"),
            "device_ip of node_0",
        ),
        (set_in(*DEVICE, "device_ip", "192.168.0.9"), "device_ips"),
    ],
)
def test_tables_that_are_wrong(change, message):
    table = copy.deepcopy(rank_table([("node_0", devices(2))]))
    change(table)
    with pytest.raises(ValueError, match=message):
        check_rank_table(table, "table.json")


def test_files_that_are_no_tables(tmp_path):
    path = tmp_path / "table.json"
    path.write_text("rank 0")
    with pytest.raises(ValueError, match="table.json"):
        read_rank_table(str(path))
    path.write_text("[]")
    with pytest.raises(ValueError, match="table.json"):
        read_rank_table(str(path))
