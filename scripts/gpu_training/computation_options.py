"""The options of `train.py run` that decide how, not what, is computed."""

from __future__ import annotations

from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_int, thread_count


def add_computation_options(running: ArgumentParser) -> None:
    """Adds their group."""
    computation = running.add_argument_group("computation; what is given is not tried")
    computation.add_argument(
        "--channel-multiple",
        type=positive_int,
        nargs="+",
        default=(),
        metavar="N",
        help="channels are filled up to a multiple (default: 8 and 1 are tried on a GPU)",
    )
    computation.add_argument(
        "--costs",
        choices=("tiles", "rows"),
        nargs="+",
        default=(),
        help="how the cost volume is computed (default: both are tried on a GPU)",
    )
    computation.add_argument(
        "--dilated",
        choices=("direct", "batch"),
        nargs="+",
        default=(),
        help="how dilated convolutions are computed (default: both are tried on a GPU)",
    )
    computation.add_argument("--eager", action="store_true", help="no captured graph")
    computation.add_argument("--profile", action="store_true", help="log what takes the time")
    computation.add_argument(
        "--threads", type=thread_count, default=0, help="of the CPU (default: all cores)"
    )
    computation.add_argument(
        "--seed", type=non_negative_int, default=0, help="of scenes and random weights"
    )
