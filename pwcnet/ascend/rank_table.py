"""Rank tables: which NPUs of which servers train together, as HCCL reads it."""

from __future__ import annotations

import ipaddress
import json
from typing import Any, Callable, Iterable, Sequence

NPUS_PER_SERVER = (1, 2, 4, 8)
HEADER = {"status": "completed", "version": "1.0"}


def rank_table(servers: Sequence[tuple[str, Iterable[tuple[str, str]]]]) -> dict[str, Any]:
    """Builds a rank table.

    Args:
        servers: (server_id, [(device_id, device_ip), ...]), in the order of their ranks.

    Returns:
        The table; all values in it are strings.

    Raises:
        ValueError: As `check_rank_table`.
    """
    rank, server_list = 0, []
    for server_id, devices in servers:
        listed = []
        for device_id, ip in devices:
            listed.append({"device_id": str(device_id), "device_ip": ip, "rank_id": str(rank)})
            rank += 1
        server_list.append({"server_id": server_id, "device": listed})
    table = dict(HEADER, server_count=str(len(server_list)), server_list=server_list)
    return check_rank_table(table, "the rank table of these servers")


def read_rank_table(path: str) -> dict[str, Any]:
    """Reads and checks a rank table.

    Raises:
        ValueError: The file is not a rank table; the message names it.
        OSError: The file cannot be read.
    """
    with open(path, encoding="utf-8") as stream:
        try:
            table = json.load(stream)
        except ValueError as error:
            raise ValueError("%s is not a rank table in JSON (%s)" % (path, error))
    return check_rank_table(table, path)


def check_rank_table(table: Any, source: str) -> dict[str, Any]:
    """Checks a rank table.

    Args:
        table: What JSON has read.
        source: What the table is called in messages.

    Returns:
        The table itself.

    Raises:
        ValueError: HCCL would not take it; the message names the source and what is wrong.
    """

    def expect(condition: Any, expected: str, got: Any) -> None:
        if not condition:
            raise ValueError("expected %s in %s, got %s" % (expected, source, json.dumps(got)))

    expect(isinstance(table, dict), "a rank table", table)
    for key, value in HEADER.items():
        expect(table.get(key) == value, '%s "%s"' % (key, value), table.get(key))
    servers, count = table.get("server_list"), table.get("server_count")
    expect(
        isinstance(servers, list) and servers and all(isinstance(each, dict) for each in servers),
        "a server_list",
        servers,
    )
    expect(count == str(len(servers)), 'server_count "%d"' % len(servers), count)
    names = [server.get("server_id") for server in servers]
    expect(
        all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names),
        "server_ids that are different strings",
        names,
    )
    for server in servers:
        _check_server(server, expect)
    devices = [device for server in servers for device in server["device"]]
    ranks = [device["rank_id"] for device in devices]
    expect(
        sorted(ranks) == sorted(str(rank) for rank in range(len(ranks))),
        'rank_ids from "0" to "%d", each once' % (len(ranks) - 1),
        ranks,
    )
    addresses = [device["device_ip"] for device in devices]
    expect(len(set(addresses)) == len(addresses), "device_ips that are all different", addresses)
    return table


def _check_server(server: dict[str, Any], expect: Callable[[Any, str, Any], None]) -> None:
    name, devices = server["server_id"], server.get("device")
    expect(
        isinstance(devices, list) and len(devices) in NPUS_PER_SERVER,
        "%s devices of %s" % (" or ".join(map(str, NPUS_PER_SERVER)), name),
        len(devices) if isinstance(devices, list) else devices,
    )
    for device in devices or ():
        _check_device(device, name, expect)
    ids = [device["device_id"] for device in devices or ()]
    expect(len(set(ids)) == len(ids), "device_ids of %s that are all different" % name, ids)


def _check_device(device: Any, server: str, expect: Callable[[Any, str, Any], None]) -> None:
    keys = "device_id", "device_ip", "rank_id"
    expect(
        isinstance(device, dict) and all(isinstance(device.get(key), str) for key in keys),
        "device_id, device_ip and rank_id of %s as strings" % server,
        device,
    )
    number = device["device_id"]
    expect(
        number.isdigit() and int(number) < max(NPUS_PER_SERVER),
        "a device_id from 0 to 7 of %s" % server,
        number,
    )
    address = device["device_ip"]
    expect(_is_address(address), "an IP address as device_ip of %s" % server, address)


def ranks_of_servers(table: dict[str, Any]) -> list[tuple[str, dict[int, str]]]:
    """Returns (server_id, device_id by rank) of each server of a checked table."""
    return [
        (
            server["server_id"],
            {int(device["rank_id"]): device["device_id"] for device in server["device"]},
        )
        for server in table["server_list"]
    ]


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
