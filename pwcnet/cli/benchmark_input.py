"""Measures how fast the input pipeline makes training samples, against a single-threaded loop that reads and augments the same ones; the two take turns.

Without --dataset it reads generated scenes of Sintel's size, which it removes afterwards. Medians over the rounds are printed.
"""

import json
import os
import tempfile

from pwcnet.cli.arguments import ArgumentParser, boolean, non_negative_int, positive_int
from pwcnet.cli.common import load_tensorflow
from pwcnet.io.atomic import check_output_file, write_text

SINTEL_SIZE, SCENES, FRAMES, MOTION = (436, 1024), 2, 5, 20.0


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    if args.output:
        check_output_file(args.output)
    load_tensorflow()
    with tempfile.TemporaryDirectory() as folder:
        if not args.dataset:
            write_scenes(folder, args)
        found = measure(args.dataset or folder, args)
    print(table(found, args))
    if args.output:
        write_text(
            args.output,
            json.dumps(dict(settings=vars(args), cores=os.cpu_count(), **found._asdict()), indent=2)
            + "\n",
        )
        print("wrote %s" % args.output)


def write_scenes(folder, args):
    """Scenes of Sintel's size, or of the crop's where that is larger."""
    from pwcnet.data.synthetic.scenes import demo_scene
    from pwcnet.data.synthetic.sintel_layout import write_sintel

    height, width = max(SINTEL_SIZE[0], args.crop_height), max(SINTEL_SIZE[1], args.crop_width)
    write_sintel(
        folder,
        [
            ("scene_%02d" % number, demo_scene(number, height, width, FRAMES, MOTION))
            for number in range(SCENES)
        ],
    )


def measure(folder, args):
    from pwcnet.data.augment.augmentation import AugmentOptions
    from pwcnet.data.datasets.sintel import sintel_samples
    from pwcnet.data.input_pipeline import TrainingData
    from pwcnet.data.throughput import measure_input

    data = TrainingData(
        sintel_samples(folder, args.render_pass),
        (args.crop_height, args.crop_width),
        AugmentOptions() if args.augment else None,
    )
    return measure_input(data, args.batch_size, args.steps, args.rounds, args.workers)


def table(found, args):
    """Both speeds as text, in samples and bytes, and their ratio."""
    lines = ["%-24s %10s %18s %14s" % ("", "samples/s", "delivered MB/s", "read MB/s")]
    for name, speed in (
        ("single-threaded loop", found.loop),
        ("pipeline, %s" % workers(args.workers), found.pipeline),
    ):
        lines.append(
            "%-24s %10.2f %18.1f %14.1f"
            % (name, speed, speed * found.delivered / 1e6, speed * found.read / 1e6)
        )
    return "\n".join(lines + ["ratio %.2f" % found.ratio])


def workers(count):
    count = count or os.cpu_count() or 1
    return "%d worker%s" % (count, "" if count == 1 else "s")


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--dataset",
        metavar="FOLDER",
        help="that holds MPI-Sintel-complete; default: generated scenes of 436x1024 pixels",
    )
    options.add_argument("--render_pass", choices=("clean", "final"), default="clean")
    options.add_argument("--crop_height", type=positive_int, default=384)
    options.add_argument("--crop_width", type=positive_int, default=768)
    options.add_argument(
        "--augment",
        type=boolean,
        default=True,
        help="flips, shifts and zoom; False: random crops alone",
    )
    options.add_argument("--batch_size", type=positive_int, default=4)
    options.add_argument(
        "--workers", type=non_negative_int, default=0, help="parallel readers; 0: one a core"
    )
    options.add_argument("--steps", type=positive_int, default=15, help="batches a round")
    options.add_argument("--rounds", type=positive_int, default=5)
    options.add_argument("--output", metavar="JSON", help="write the results here")
    return options
