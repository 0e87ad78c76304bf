"""What the command lines that evaluate have in common: options, the run itself, and what they print."""

from pwcnet.cli.common import progress_bar
from pwcnet.cli.options import add_device_options, add_weights_option
from pwcnet.data.splits import PARTS
from pwcnet.evaluation.measures import format_totals
from pwcnet.evaluation.scoring import evaluate_samples
from pwcnet.flow.colors import flow_to_color
from pwcnet.io.flow_files import write_flow
from pwcnet.io.images import write_image
from pwcnet.runtime.choices import PRECISIONS


def add_evaluation_options(options):
    """Adds what to evaluate, and how; --output and its companions are each command's own."""
    add_weights_option(options, "--ckpt")
    options.add_argument(
        "--precision",
        default="float32",
        choices=PRECISIONS,
        help="the type that features are computed in; bfloat16 needs TensorFlow 2",
    )
    options.add_argument(
        "--mode",
        default="val_notrain",
        choices=[mode for mode in PARTS if mode != "test"],
        help="which pairs: val_notrain (the default) is all; the others are parts of a training run's split",
    )
    options.add_argument(
        "--masked",
        action="store_true",
        help="leave out the pixels that Sintel marks invalid; published numbers count them",
    )
    add_device_options(options)


def check_saving(options, args):
    """Ends the program where files are to be saved, but nothing says where."""
    if (args.save_flow or args.save_pictures) and not args.output:
        options.error("--save_flow and --save_pictures need --output DIR")


def evaluated(predictor, samples, masked, done=0):
    """The results of the samples, with a bar; done: how many pairs there are beside them already."""
    if not samples:
        return ()
    return progress_bar(
        evaluate_samples(predictor, samples, masked),
        total=done + len(samples),
        initial=done,
        unit="pair",
    )


def save(result, flow=None, picture=None):
    """Writes a pair's flow and its colours to these paths, where they are given, each completely or not at all."""
    if flow:
        write_flow(flow, result.flow)
    if picture:
        write_image(picture, flow_to_color(result.flow))


def report(samples, what, masked, totals, further=()):
    """Prints what was evaluated, the table, further lines, and last the line of the published program."""
    counted = "dense, every pixel of known flow counts, as in published numbers"
    if masked:
        counted = "masked, without invalid pixels (%d of the pairs have a mask)" % sum(
            sample.invalid is not None for sample in samples
        )
    print("{} pairs of {}: {}".format(len(samples), what, counted))
    print("\n".join((format_totals(totals.as_dict()),) + tuple(further)))
    print(
        "Average EPE={:.2f}, mean inference time={:.2f}ms".format(
            totals.measures["EPE"].per_image, 1000 * totals.mean_seconds
        )
    )
