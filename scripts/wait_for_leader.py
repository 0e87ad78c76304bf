#!/usr/bin/env python
"""For train_v2.sh where a platform starts it once for each card: waits, between the steps, until RANK_ID 0 has written its last checkpoint of step 1.

A leader on this machine writes FOLDER/finished; from another machine it comes through --url, and its checkpoints with it.
"""

import os
import sys

sys.path.insert(
    0, os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)  # runs from any directory, without installation

import argparse  # noqa: E402

from pwcnet.cli.arguments import ArgumentParser, positive_float  # noqa: E402
from pwcnet.cli.common import load_tensorflow, run  # noqa: E402

LIMIT = 1800.0  # seconds


def main(argv, prog=None):
    args = parser().parse_args(argv)
    load_tensorflow()
    from pwcnet.ascend.modelarts import Results

    Results(args.url or args.folder, args.folder).wait_finished(
        args.limit, [args.checkpoint] if args.checkpoint else []
    )


def parser():
    options = ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--folder", required=True, help="of step 1's checkpoints")
    options.add_argument(
        "--url",
        help="obs:// URL or folder that the leader's checkpoints of step 1 are copied to, where there is one",
    )
    options.add_argument(
        "--checkpoint",
        metavar="NAME",
        help="a checkpoint that is wanted besides the last one, if it is there",
    )
    options.add_argument(
        "--limit", type=positive_float, default=LIMIT, help="seconds to wait; default 1800"
    )
    return options


if __name__ == "__main__":
    run(main)
