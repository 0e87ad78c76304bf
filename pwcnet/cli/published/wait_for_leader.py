"""For train_v2.sh on several cards: waits for the leader's last checkpoint of step 1."""

from __future__ import annotations

from typing import Sequence

from pwcnet.cli.arguments import ArgumentParser, positive_float
from pwcnet.cli.common import start_messages

DESCRIPTION = """For train_v2.sh where a platform starts it once for each card: waits, between the
steps, until RANK_ID 0 has written its last checkpoint of step 1.

A leader on this machine writes FOLDER/finished; from another machine the file comes through --url,
and the leader's checkpoints with it."""
LIMIT = 1800.0  # seconds


def main(argv: Sequence[str], prog: str | None = None) -> None:
    """Waits. Raises TimeoutError at the end of the time, OSError where copying fails."""
    args = parser(prog).parse_args(argv)
    from pwcnet.ascend.remote_run import RemoteRun

    start_messages()
    results = RemoteRun(args.url or args.folder, args.folder)
    results.wait_for_leader(args.limit, [args.checkpoint] if args.checkpoint else [])


def parser(prog: str | None = None) -> ArgumentParser:
    """Returns the parser."""
    options = ArgumentParser(prog=prog, description=DESCRIPTION, published=True)
    options.add_argument(
        "--folder", required=True, metavar="DIR", help="folder of step 1's checkpoints"
    )
    options.add_argument(
        "--url",
        help="obs:// URL or folder that the leader's checkpoints of step 1 are copied to, if any",
    )
    options.add_argument(
        "--checkpoint",
        metavar="NAME",
        help="a checkpoint to copy besides the last one, where it exists",
    )
    options.add_argument(
        "--limit",
        type=positive_float,
        default=LIMIT,
        metavar="SECONDS",
        help="time to wait",
    )
    return options
