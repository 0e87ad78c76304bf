"""The command `pwcnet`: finds the subcommand and hands the arguments over to its module.

Modules are imported when their subcommand runs, so that `pwcnet --help` is there at once.
"""

from __future__ import annotations

import difflib
import sys
from typing import NamedTuple, Sequence

from pwcnet._version import __version__
from pwcnet.cli.common import run
from pwcnet.cli.streams import set_up_streams


class Command(NamedTuple):
    """A subcommand.

    Attributes:
        summary: one line for the list of subcommands.
        module: whose `main(argv, prog)` runs it; empty for a group.
        members: subcommands of a group, {name: Command}.
    """

    summary: str
    module: str = ""
    members: dict[str, Command] = {}


INSPECT = {
    "checkpoint": Command(
        "variant, step, parameters; missing or extra variables", "pwcnet.cli.inspect_checkpoint"
    ),
    "dataset": Command(
        "pairs, sizes, motion, broken files; a contact sheet", "pwcnet.cli.inspect_dataset"
    ),
    "graph": Command(
        "nodes, operations, GFLOP and shapes of a frozen graph (.pb)", "pwcnet.cli.inspect_graph"
    ),
}
ASCEND = {
    "prepare": Command(
        "a data set -> raw input files for offline inference", "pwcnet.cli.ascend.prepare"
    ),
    "infer": Command(
        "a frozen graph over raw files on this machine, as msame would", "pwcnet.cli.ascend.infer"
    ),
    "score": Command(
        "raw predictions of msame, ais_bench or infer -> EPE", "pwcnet.cli.ascend.score"
    ),
    "run": Command("an offline model (OM) with msame or ais_bench", "pwcnet.cli.ascend.run"),
    "rank-table": Command(
        "write or check the rank table that joins NPUs", "pwcnet.cli.ascend.rank_table"
    ),
}
COMMANDS: tuple[tuple[str, dict[str, Command]], ...] = (
    (
        "flow",
        {
            "predict": Command(
                "optical flow of two images, a folder of images or a video", "pwcnet.cli.predict"
            ),
            "extract": Command(
                "flow of whole archives, each video or folder exactly once", "pwcnet.cli.extract"
            ),
            "convert": Command("color, draw, score and convert flow files", "pwcnet.cli.convert"),
        },
    ),
    (
        "evaluation",
        {
            "evaluate": Command(
                "end-point error and further measures on a data set", "pwcnet.cli.evaluate"
            ),
            "compare": Command("two evaluations of the same data", "pwcnet.cli.compare"),
            "submit": Command(
                "the files that the Sintel and KITTI benchmarks ask for", "pwcnet.cli.submit"
            ),
        },
    ),
    (
        "training",
        {
            "train": Command("train or fine-tune, by a preset or by options", "pwcnet.cli.train"),
            "launch": Command(
                "several training processes on one or more machines", "pwcnet.cli.launch"
            ),
            "scenes": Command("write synthetic scenes with exact flow", "pwcnet.cli.scenes"),
            "plot": Command("loss and EPE curves of training runs", "pwcnet.cli.plot"),
        },
    ),
    (
        "weights and graphs",
        {
            "export": Command(
                "weights as a program for another runtime, .npz or checkpoint", "pwcnet.cli.export"
            ),
            "inspect": Command("what a checkpoint, data set or graph holds", members=INSPECT),
        },
    ),
    (
        "Ascend",
        {
            "ascend": Command("offline inference on Ascend 310, rank tables", members=ASCEND),
        },
    ),
    (
        "this machine",
        {
            "benchmark": Command(
                "time and memory on the installed runtimes", "pwcnet.cli.benchmark"
            ),
            "info": Command("versions, devices and weights that are found", "pwcnet.cli.info"),
        },
    ),
)
EXAMPLES = """examples:
  pwcnet predict frame1.png frame2.png              flow of two images, with the shipped weights
  pwcnet predict clip.mp4 --save video --legend     colors of a whole video
  pwcnet evaluate --data sintel-clean=/data --report report
  pwcnet train --list-presets
  pwcnet predict --help                             the options of a subcommand
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Runs `pwcnet` with these arguments, by default those of the program, and ends the program."""
    set_up_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = {name: command for _, group in COMMANDS for name, command in group.items()}
    _dispatch("pwcnet", commands, arguments)


def _dispatch(prog: str, commands: dict[str, Command], arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_help(prog, commands))
        sys.exit(0 if arguments else 2)
    if arguments[0] in ("--version", "-V") and prog == "pwcnet":
        print("pwcnet " + __version__)
        sys.exit(0)
    name = arguments[0]
    if name not in commands:
        close = difflib.get_close_matches(name, commands, 1)
        hint = "did you mean %s? " % close[0] if close else ""
        print(
            "%s: error: no subcommand %r; %s%s --help lists them" % (prog, name, hint, prog),
            file=sys.stderr,
        )
        sys.exit(2)
    prog, command = "%s %s" % (prog, name), commands[name]
    if command.members:
        _dispatch(prog, command.members, arguments[1:])
    run(command.module, arguments[1:], prog)


def _help(prog: str, commands: dict[str, Command]) -> str:
    if prog != "pwcnet":
        return "usage: %s SUBCOMMAND [options]\n\n%s" % (prog, _listed(commands))
    groups = "\n\n".join("%s:\n%s" % (title, _listed(group)) for title, group in COMMANDS)
    return (
        "usage: pwcnet SUBCOMMAND [options]\n\nPWC-Net optical flow: where every pixel of a frame "
        "moves to in the next.\n\n%s\n\noptions:\n  -h, --help      this help\n  --version       "
        "the version\n\n%s" % (groups, EXAMPLES.rstrip())
    )


def _listed(commands: dict[str, Command]) -> str:
    return "\n".join("  %-14s  %s" % (name, command.summary) for name, command in commands.items())
