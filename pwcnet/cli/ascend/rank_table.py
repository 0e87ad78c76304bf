"""Writes the rank table with which HCCL joins Ascend NPUs, or checks one.

    python scripts/make_rank_table.py --output rank_table.json --server node_0=192.168.1.8,192.168.1.9
    python scripts/make_rank_table.py --output rank_table.json --server node_0=4:192.168.1.8,5:192.168.1.9 --server node_1=192.168.2.8,192.168.2.9
    python scripts/make_rank_table.py --check rank_table.json

Ranks count on through the servers in the order given. The addresses are those of the NPUs: /etc/hccn.conf, or hccn_tool -i 0 -ip -g.
"""

import argparse
import json
import os

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.io.atomic import write_text


def main(argv, prog=None):
    options = parser(prog)
    args = options.parse_args(argv)
    from pwcnet.ascend.rank_table import rank_table, ranks_of_servers, read_rank_table

    if args.check:
        if args.server or args.output:
            options.error("--check goes alone")
        table = read_rank_table(args.check)
    else:
        if not args.server or not args.output:
            options.error("--output and at least one --server are needed, or --check")
        table = rank_table(args.server)
        write_text(args.output, json.dumps(table, indent=4) + "\n")
    for name, devices in ranks_of_servers(table):
        print(
            "%s: ranks %s on devices %s"
            % (name, ",".join(map(str, devices)), ",".join(devices.values()))
        )
    path = os.path.abspath(args.check or args.output)
    print(
        "RANK_TABLE_FILE=%s RANK_SIZE=%d"
        % (path, sum(len(devices) for _, devices in ranks_of_servers(table)))
    )


def server(text):
    """ "node_0=4:192.168.1.8,192.168.1.9" -> ("node_0", [("4", "192.168.1.8"), ("1", "192.168.1.9")])."""
    name, equals, listed = text.partition("=")
    if not name or not equals or not listed:
        raise argparse.ArgumentTypeError(
            "expected ID=IP,IP,... or ID=DEVICE:IP,DEVICE:IP,..., got %r" % text
        )
    devices = []
    for place, each in enumerate(listed.split(",")):
        device, colon, address = each.strip().partition(":")
        devices.append(
            (device, address) if colon and device.isdigit() else (str(place), each.strip())
        )
    return name, devices


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--server",
        type=server,
        action="append",
        metavar="ID=[DEVICE:]IP,...",
        help="a server and its 1, 2, 4 or 8 NPUs; without DEVICE they are 0, 1, ...; once for each server",
    )
    options.add_argument("--output", metavar="FILE", help="the table to write")
    options.add_argument(
        "--check", metavar="FILE", help="check this table in the place of writing one"
    )
    return options
