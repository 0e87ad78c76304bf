"""Makes a small synthetic data set with exact flow, in MPI-Sintel's layout: for trying the other programs without a download."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # runs from any directory, without installation
import argparse  # noqa: E402

from scripts.command_line import non_negative_int, positive_float, positive_int, progress_bar, run  # noqa: E402  first: it checks that the packages are there

from pwcnet.data.scenes import make_scene, write_sintel  # noqa: E402


def main(argv):
    """Writes the scenes; returns None. Raises ValueError for a folder that holds other files, or sizes that make no scene."""
    arguments = parser().parse_args(argv)
    size = arguments.height, arguments.width, arguments.frames, arguments.max_motion

    def named(first, last):
        for number in range(first, last):
            yield "scene_%02d" % (number + 1), make_scene(arguments.seed + number, *size)
            progress.update()

    with progress_bar(total=arguments.scenes + 1, unit="scene", desc=arguments.output) as progress:
        write_sintel(arguments.output, named(0, arguments.scenes), named(arguments.scenes, arguments.scenes + 1))
    print("%d training scenes and 1 test scene in %s" % (arguments.scenes, arguments.output))


def parser():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    options.add_argument("--output", required=True, help="folder to write MPI-Sintel-complete into; refused where it holds files made by others")
    options.add_argument("--scenes", type=positive_int, default=8, help="training scenes; one more goes to the test split")
    options.add_argument("--frames", type=positive_int, default=6, help="frames a scene, at least 2")
    options.add_argument("--height", type=positive_int, default=192, help="pixels")
    options.add_argument("--width", type=positive_int, default=256, help="pixels")
    options.add_argument("--max_motion", type=positive_float, default=12.0, help="no pixel moves further from frame to frame, in pixels")
    options.add_argument("--seed", type=non_negative_int, default=0, help="the same seed makes the same scenes; scene n takes seed + n")
    return options


if __name__ == "__main__":
    run(main)
