"""Prints what a checkpoint holds: variant, step, parameters, and what is missing or extra."""

from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import load_tensorflow


def main(argv, prog=None):
    parser = ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument(
        "checkpoint",
        help="pwcnet.ckpt-<step>, one of its files, or a folder of checkpoints (the latest is taken)",
    )
    args = parser.parse_args(argv)
    load_tensorflow()

    from pwcnet.weights.checkpoint import Checkpoint

    checkpoint = Checkpoint(args.checkpoint)
    found = checkpoint.inspect()
    print("checkpoint  %s" % checkpoint.path)
    print(
        "variant     %s (dense connections: %s, context network at every level: %s)"
        % (found.config.name, yes_no(found.config.dense), yes_no(found.config.context_everywhere))
    )
    print("step        %s" % ("not stored" if found.step is None else found.step))
    print("parameters  {:,}".format(found.parameters))
    for name in found.missing:
        print("missing     %s" % name)
    for name, stored, expected in found.reshaped:
        print("reshaped    %s is %s, expected %s" % (name, list(stored), list(expected)))
    for name in found.not_finite:
        print("not finite  %s" % name)
    for name in found.extra:
        print("extra       %s" % name)
    complete = not (found.missing or found.reshaped or found.not_finite)
    print("complete    %s" % yes_no(complete))
    return 0 if complete else 1


def yes_no(value):
    return "yes" if value else "no"
