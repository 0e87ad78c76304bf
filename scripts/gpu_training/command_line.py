"""The command line of train.py."""

from __future__ import annotations

import signal
from argparse import ArgumentTypeError, Namespace

from pwcnet.cli.arguments import ArgumentParser, non_negative_int, positive_int, thread_count
from pwcnet.cli.common import remedy
from pwcnet.data.datasets.registry import Source, parse_source
from pwcnet.io.atomic import check_output_file
from pwcnet.weights.files import ARCHIVE_EXTENSION
from scripts.gpu_training.options import TrainingOptions
from scripts.gpu_training.pytorch import require_pytorch
from scripts.gpu_training.run_options import add_run_options

START_REMEDY = (
    "`pwcnet export --weights CHECKPOINT --output W.npz` makes an archive of a checkpoint; small "
    "and large are the shipped weights"
)
STATE_REMEDY = "give the options that it began with, or another --state"
DESCRIPTION = """Trains PWC-Net on a GPU with PyTorch, where TensorFlow is absent.

Scenes are rendered on the GPU, without end; nothing is downloaded. Weights carry TensorFlow's
names and layouts: pwcnet takes them as any others. Without a GPU it runs on the CPU, slowly."""
EXAMPLES = """
train.py run --start small --output trained --budget 3600
train.py run --start small --output trained --budget 3600 --photos PHOTOS --validate real.npz
train.py run --matching 20 --output scratch --budget 36000
train.py run --start trained/weights.npz --large --batch-size 12 --output large --budget 7200
train.py revive old.npz revived.npz
train.py pack --data sintel-clean=/data --output real.npz
"""
RUN_EXAMPLES = """
train.py run --start small --output trained --budget 3600
train.py run --start W.npz --output A --budget 800 --state S.pt --stop-after 570
train.py run --start W.npz --output A --budget 800 --state S.pt
train.py run --start revived.npz --matching 2 --matching-levels 4 5 6 --weight-decay 0 --output B
"""


def main(argv: list[str], prog: str) -> None:
    """Runs a subcommand."""
    args = parser(prog).parse_args(argv)
    require_pytorch()
    args.work(args)


def parser(prog: str) -> ArgumentParser:
    """The command line's options."""
    result = ArgumentParser(prog=prog, description=DESCRIPTION, examples=EXAMPLES)
    commands = result.add_subparsers(dest="command", required=True, metavar="COMMAND")
    running = commands.add_parser("run", help="trains", description=DESCRIPTION)
    add_run_options(running)
    running.epilog = "examples:\n" + "".join("  %s\n" % x for x in RUN_EXAMPLES.strip().split("\n"))
    running.set_defaults(work=run)
    _add_other_commands(commands)
    return result


def _add_other_commands(commands):
    packing = commands.add_parser("pack", help="puts real pairs into one file, for --validate")
    packing.add_argument(
        "--data",
        type=_source,
        nargs="+",
        required=True,
        metavar="NAME=FOLDER",
        help="data sets, as `pwcnet evaluate --data` names them",
    )
    packing.add_argument("--output", type=_archive, required=True, help="the file, .npz")
    packing.add_argument("--most", type=positive_int, default=4, help="pairs of each data set")
    packing.set_defaults(work=pack)
    merging = commands.add_parser("merge", help="joins the parts of weights")
    merging.add_argument("files", nargs="+", metavar="PART.npz")
    merging.add_argument("--output", type=_archive, required=True, help="the file, .npz")
    merging.set_defaults(work=merge)
    reviving = commands.add_parser(
        "revive",
        help="starts dead coarse levels from scratch",
        description="Gives levels 5 and 6, whose kernels are near 0, weights that can learn; the "
        "flow of the levels below stays. Train on with: run --start OUT.npz --matching 2 "
        "--matching-levels 4 5 6 --weight-decay 0",
    )
    reviving.add_argument("input", metavar="IN.npz", help="weights of the small network")
    reviving.add_argument("output", type=_archive, metavar="OUT.npz")
    reviving.add_argument(
        "--copy-heads",
        action="store_true",
        help="levels 5 and 6 begin with the flow head of level 4 instead of flow 0: lower errors "
        "there sooner, but until then the flow below suffers",
    )
    reviving.add_argument(
        "--threads", type=thread_count, default=0, help="of the CPU (default: all cores)"
    )
    reviving.add_argument("--seed", type=non_negative_int, default=0)
    reviving.set_defaults(work=revive)


def run(args: Namespace) -> None:
    """Trains."""
    from scripts.gpu_training.run_folder import StateError
    from scripts.gpu_training.trainer import Trainer
    from scripts.gpu_training.weights import MissingWeightsError

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # saves as Ctrl-C does
    values = {name: value for name, value in vars(args).items() if name not in ("work", "command")}
    options = TrainingOptions(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
    )
    with remedy("choose another folder, or --overwrite", (FileExistsError,)), remedy(
        START_REMEDY, (MissingWeightsError,)
    ), remedy(STATE_REMEDY, (StateError,)):
        trainer = Trainer(options)
    with remedy("try a lower --learning-rate", (ValueError,)):
        paths = trainer.run()
    print("%s written" % ", ".join(paths))


def pack(args: Namespace) -> None:
    """Puts real pairs into one file."""
    from scripts.gpu_training.real_pairs import pack as pack_pairs

    print(pack_pairs(args.data, args.output, args.most))


def merge(args: Namespace) -> None:
    """Joins parts of weights."""
    from scripts.gpu_training.weights import merge as merge_parts

    check_output_file(args.output)
    merge_parts(args.files, args.output)


def revive(args: Namespace) -> None:
    """Starts dead coarse levels from scratch."""
    from scripts.gpu_training.revival import revive_file

    revive_file(args.input, args.output, args.seed, args.copy_heads, args.threads)


def _source(text: str) -> Source:
    try:
        return parse_source(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _archive(text: str) -> str:
    if not text.endswith(ARCHIVE_EXTENSION):
        raise ArgumentTypeError("expected the name of an .npz file, got %r" % text)
    return text
