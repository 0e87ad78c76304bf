"""Makes a synthetic data set with exact flow, in MPI-Sintel's layout: small scenes for trying the other programs without a download, or pairs to train on."""

from pwcnet.cli.arguments import (
    ArgumentParser,
    non_negative_float,
    non_negative_int,
    positive_float,
    positive_int,
)
from pwcnet.cli.common import progress_bar
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.scenes import Scene, demo_scene, generate_pair
from pwcnet.data.synthetic.sintel_layout import write_sintel

STYLES = {
    "demo": ("scenes", "frames", "max_motion"),
    "training": ("pairs", "median_motion", "largest_motion"),
}  # and the options that only it has


def main(argv, prog=None):
    """Writes the scenes; returns None. Raises ValueError for a folder that holds other files, or sizes that make no scene."""
    options = parser(prog)
    arguments = options.parse_args(argv)
    for style, names in STYLES.items():
        for name in names:
            if style != arguments.style and getattr(arguments, name) != options.get_default(name):
                raise ValueError(
                    "expected --%s with --style %s alone, got it with --style %s; try one of them"
                    % (name, style, arguments.style)
                )
    name, count, make = _demo(arguments) if arguments.style == "demo" else _training(arguments)

    def named(first, last):
        for number in range(first, last):
            yield name % (number + 1), make(number)
            progress.update()

    with progress_bar(total=count + 1, unit="scene", desc=arguments.output) as progress:
        write_sintel(arguments.output, named(0, count), named(count, count + 1))
    print("%d training scenes and 1 test scene in %s" % (count, arguments.output))


def _demo(arguments):
    """(form of the scenes' names, how many, number -> Scene)."""
    size = arguments.height, arguments.width, arguments.frames, arguments.max_motion
    return "scene_%02d", arguments.scenes, lambda number: demo_scene(arguments.seed + number, *size)


def _training(arguments):
    options = SceneOptions(
        height=arguments.height,
        width=arguments.width,
        median_motion=arguments.median_motion,
        largest_motion=arguments.largest_motion,
    )

    def make(number):
        pair = generate_pair(arguments.seed, number, options)
        return Scene([pair.frame1, pair.frame2], [pair.flow], [pair.occlusion], [~pair.valid])

    return "pair_%06d", arguments.pairs, make


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--output",
        required=True,
        help="folder to write MPI-Sintel-complete into; refused where it holds files made by others",
    )
    options.add_argument(
        "--style",
        choices=list(STYLES),
        default="demo",
        help="demo: scenes of several frames. training: pairs that are as varied as can be",
    )
    options.add_argument(
        "--scenes",
        type=positive_int,
        default=8,
        help="demo: training scenes; one more goes to the test split",
    )
    options.add_argument(
        "--frames", type=positive_int, default=6, help="demo: frames a scene, at least 2"
    )
    options.add_argument(
        "--pairs",
        type=positive_int,
        default=1000,
        help="training: scenes of two frames; one more goes to the test split",
    )
    options.add_argument("--height", type=positive_int, default=192, help="pixels")
    options.add_argument("--width", type=positive_int, default=256, help="pixels")
    options.add_argument(
        "--max_motion",
        type=positive_float,
        default=12.0,
        help="demo: no pixel moves further from frame to frame, in pixels",
    )
    options.add_argument(
        "--median_motion",
        type=non_negative_float,
        default=6.0,
        help="training: about half of all pixels move further, in pixels",
    )
    options.add_argument(
        "--largest_motion",
        type=positive_float,
        default=60.0,
        help="training: no pixel moves further, in pixels",
    )
    options.add_argument(
        "--seed",
        type=non_negative_int,
        default=0,
        help="the same seed gives the same scenes; demo: scene n takes seed + n",
    )
    return options
