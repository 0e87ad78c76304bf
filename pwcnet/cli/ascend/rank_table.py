"""Writes the rank table with which HCCL joins Ascend NPUs, or checks one.

Ranks count on through the servers in the order given. The addresses are those of the NPUs, as in
/etc/hccn.conf or printed by hccn_tool -i 0 -ip -g.
"""

from __future__ import annotations

import argparse
import json
import os

from pwcnet.ascend.rank_table import rank_table, ranks_of_servers, read_rank_table
from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import remedy
from pwcnet.io.atomic import write_text


def main(argv: list[str], prog: str) -> None:
    """Writes or checks the table and prints its ranks and the environment for it.

    Raises:
        ValueError, OSError: Servers or a table that HCCL does not take, a file that cannot be read
            or written.
    """
    options = parser(prog)
    args = options.parse_args(argv)
    if args.check:
        if args.server or args.output:
            options.error("--check goes without --server and --output")
        with remedy("--server and --output write a correct one", (ValueError,)):
            table = read_rank_table(args.check)
    else:
        if not args.server or not args.output:
            options.error("--output and at least one --server are needed, or --check")
        table = rank_table(args.server)
        write_text(args.output, json.dumps(table, indent=4) + "\n")
    servers = ranks_of_servers(table)
    for name, devices in servers:
        ranks = ",".join(map(str, devices))
        print("%s: ranks %s on devices %s" % (name, ranks, ",".join(devices.values())))
    path = os.path.abspath(args.check or args.output)
    size = sum(len(devices) for _, devices in servers)
    print("RANK_TABLE_FILE=%s RANK_SIZE=%d" % (path, size))


def server(text: str) -> tuple[str, list[tuple[str, str]]]:
    """(id, [(device, address), ...]) of ID=[DEVICE:]IP,...; without DEVICE they are 0, 1, ..."""
    name, equals, listed = text.partition("=")
    if not name or not equals or not listed:
        raise argparse.ArgumentTypeError(
            "expected ID=IP,IP,... or ID=DEVICE:IP,DEVICE:IP,..., got %r" % text
        )
    devices = []
    for index, entry in enumerate(listed.split(",")):
        device, colon, address = entry.strip().partition(":")
        if colon and device.isdigit():
            devices.append((device, address))
        else:
            devices.append((str(index), entry.strip()))
    return name, devices


def parser(prog: str) -> ArgumentParser:
    """The options."""
    options = ArgumentParser(
        prog=prog,
        description=__doc__,
        examples="""pwcnet ascend rank-table --output t.json --server node_0=192.168.1.8,192.168.1.9
        pwcnet ascend rank-table --output t.json --server node_0=4:192.168.1.8,5:192.168.1.9
        pwcnet ascend rank-table --check t.json""",
    )
    options.add_argument(
        "--server",
        type=server,
        action="append",
        metavar="ID=[DEVICE:]IP,...",
        help="a server and its 1, 2, 4 or 8 NPUs; without DEVICE they are 0, 1, ...; repeat it "
        "for every server",
    )
    options.add_argument("--output", metavar="FILE", help="the table to write")
    options.add_argument("--check", metavar="FILE", help="check this table instead of writing one")
    return options
