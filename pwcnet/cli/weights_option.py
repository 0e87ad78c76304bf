"""Which weights a command line runs: --ckpt, or the project's own."""

import logging

from pwcnet.weights.files import shipped_weights

log = logging.getLogger(__name__)


def add_weights_option(options, frozen=True):
    """Adds --ckpt. frozen: whether the program takes a frozen graph too."""
    options.add_argument(
        "--ckpt",
        help="checkpoint (pwcnet.ckpt-<step>, or a folder: its latest)%s or .npz file of weights; by default the project's own, "
        "a small network trained on generated scenes" % (", frozen graph (.pb)" if frozen else ""),
    )


def chosen_weights(args):
    """The path that --ckpt gives; without it, that of the project's own weights, and says so. Raises FileNotFoundError."""
    if args.ckpt:
        return args.ckpt
    path = shipped_weights()
    log.info(
        "no --ckpt: the project's own weights, %s (small network, trained on generated scenes)",
        path,
    )
    return path
