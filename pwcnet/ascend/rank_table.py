"""Rank tables: which NPUs of which servers train together, as HCCL reads it."""

import ipaddress
import json

CARDS = (1, 2, 4, 8)  # that a server may have
TOP = {"status": "completed", "version": "1.0"}


def rank_table(servers):
    """The table as a dict of strings. servers: list of (server_id, [(device_id, device_ip), ...]), in the order of their ranks.

    Raises ValueError where `check_rank_table` does.
    """
    table, rank = dict(TOP, server_count=str(len(servers)), server_list=[]), 0
    for server_id, devices in servers:
        listed = []
        for device_id, ip in devices:
            listed.append({"device_id": str(device_id), "device_ip": ip, "rank_id": str(rank)})
            rank += 1
        table["server_list"].append({"server_id": server_id, "device": listed})
    return check_rank_table(table, "the servers that were asked for")


def read_rank_table(path):
    """The checked table of a file. Raises ValueError naming the file, or OSError."""
    with open(path, encoding="utf-8") as stream:
        try:
            table = json.load(stream)
        except ValueError as error:
            raise ValueError(
                "expected a rank table in JSON, got something else in %s (%s)" % (path, error)
            )
    return check_rank_table(table, path)


def check_rank_table(table, place):
    """The table itself. Raises ValueError naming `place`, and what in it is wrong."""

    def expect(condition, expected, got):
        if not condition:
            raise ValueError("expected %s, got %s in %s" % (expected, json.dumps(got), place))

    expect(isinstance(table, dict), "a rank table", table)
    for key, value in TOP.items():
        expect(table.get(key) == value, '%s "%s"' % (key, value), table.get(key))
    servers = table.get("server_list")
    expect(
        isinstance(servers, list) and servers and all(isinstance(each, dict) for each in servers),
        "a server_list",
        servers,
    )
    expect(
        table.get("server_count") == str(len(servers)),
        'server_count "%d"' % len(servers),
        table.get("server_count"),
    )
    names = [server.get("server_id") for server in servers]
    expect(
        all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names),
        "server_ids that are different strings",
        names,
    )
    for server in servers:
        _check_server(server, expect)
    ranks = [device["rank_id"] for server in servers for device in server["device"]]
    expect(
        sorted(ranks) == sorted(str(rank) for rank in range(len(ranks))),
        'rank_ids from "0" to "%d", each once' % (len(ranks) - 1),
        ranks,
    )
    addresses = [device["device_ip"] for server in servers for device in server["device"]]
    expect(len(set(addresses)) == len(addresses), "device_ips that are all different", addresses)
    return table


def _check_server(server, expect):
    name, devices = server["server_id"], server.get("device")
    expect(
        isinstance(devices, list) and len(devices) in CARDS,
        "%s devices of %s" % (" or ".join(map(str, CARDS)), name),
        len(devices) if isinstance(devices, list) else devices,
    )
    for device in devices:
        expect(
            isinstance(device, dict)
            and all(
                isinstance(device.get(key), str) for key in ("device_id", "device_ip", "rank_id")
            ),
            "device_id, device_ip and rank_id of %s as strings" % name,
            device,
        )
        expect(
            device["device_id"].isdigit() and int(device["device_id"]) < max(CARDS),
            "a device_id from 0 to 7 of %s" % name,
            device["device_id"],
        )
        expect(
            _is_address(device["device_ip"]),
            "an IP address as device_ip of %s" % name,
            device["device_ip"],
        )
    expect(
        len({device["device_id"] for device in devices}) == len(devices),
        "device_ids of %s that are all different" % name,
        [device["device_id"] for device in devices],
    )


def ranks_of_servers(table):
    """[(server_id, {rank: device_id}), ...] of a checked table."""
    return [
        (
            server["server_id"],
            {int(device["rank_id"]): device["device_id"] for device in server["device"]},
        )
        for server in table["server_list"]
    ]


def _is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
