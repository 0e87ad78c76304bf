"""Writes a synthetic data set with exact flow, in MPI-Sintel's layout.

The style "demo" gives scenes of several frames that are easy to learn, for trying the other
commands without a download; "training" gives pairs of frames that vary as much as possible.
Scenes are layers that move over one another, or worlds of planes that a moving camera sees.
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from typing import Any, Callable, Iterator, NamedTuple

import numpy as np

from pwcnet.cli.arguments import (
    ArgumentParser,
    image_size,
    non_negative_float,
    non_negative_int,
    positive_float,
    positive_int,
)
from pwcnet.cli.common import progress_bar
from pwcnet.data.synthetic.content import CONTENTS, SEPARATOR, content_names
from pwcnet.data.synthetic.options import KINDS, SceneOptions
from pwcnet.data.synthetic.photos import photo_paths
from pwcnet.data.synthetic.scenes import Scene, demo_scene, generate_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel

STYLE_OPTIONS = {  # the options that only one style has
    "demo": ("scenes", "frames", "max_motion"),
    "training": ("pairs", "median_motion", "largest_motion"),
}
EXAMPLES = """
pwcnet scenes --output scenes
pwcnet scenes --output scenes --style training --pairs 2000 --size 320x448 --largest-motion 120
pwcnet scenes --output scenes --kind worlds --photos pictures --frames 10 --size 320x512
"""


class Recipe(NamedTuple):
    """How the scenes of a style are made.

    Attributes:
        name: pattern of the scenes' names, for a number from 1.
        scenes: number of training scenes; one more goes to the test split.
        generate: gives the scene of a number from 0.
    """

    name: str
    scenes: int
    generate: Callable[[int], Scene]


def main(argv: list[str], prog: str) -> None:
    """Generates the scenes and writes them."""
    options = parser(prog)
    args = options.parse_args(argv)
    for style, names in STYLE_OPTIONS.items():
        for name in names:
            if style != args.style and getattr(args, name) != options.get_default(name):
                option = "--" + name.replace("_", "-")
                options.error("%s is for --style %s only" % (option, style))
    if args.photos:
        photo_paths(args.photos)
    elif args.photo_share != options.get_default("photo_share"):
        options.error("--photo-share is for --photos only")
    recipe = demo_recipe(args) if args.style == "demo" else training_recipe(args)
    with progress_bar(total=recipe.scenes + 1, unit="scene", desc=args.output) as bar:

        def scenes(first: int, end: int) -> Iterator[tuple[str, Scene]]:
            for number in range(first, end):
                yield recipe.name % (number + 1), recipe.generate(number)
                bar.update()

        training, test = scenes(0, recipe.scenes), scenes(recipe.scenes, recipe.scenes + 1)
        write_sintel(args.output, training, test)
    print("%d training scenes and 1 test scene in %s" % (recipe.scenes, args.output))


def demo_recipe(args: Namespace) -> Recipe:
    """Scenes of several frames; scene n has the seed --seed + n."""
    size = args.size + (args.frames, args.max_motion)
    content = content_options(args)

    def generate(number: int) -> Scene:
        return demo_scene(args.seed + number, *size, **content)

    return Recipe("scene_%02d", args.scenes, generate)


def training_recipe(args: Namespace) -> Recipe:
    """Pairs of frames; every pixel whose flow is known is valid."""
    height, width = args.size
    options = SceneOptions(
        height=height,
        width=width,
        median_motion=args.median_motion,
        largest_motion=args.largest_motion,
        **content_options(args),
    )

    def generate(number: int) -> Scene:
        scene = generate_scene(args.seed, number, 2, options)
        return scene._replace(invalids=[np.isnan(flow[..., 0]) for flow in scene.flows])

    return Recipe("pair_%06d", args.pairs, generate)


def content_options(args: Namespace) -> dict[str, Any]:
    """The options of both styles that `SceneOptions` takes."""
    names = "kind", "content", "photos", "photo_share"
    return {name: getattr(args, name) for name in names}


def scene_content(text: str) -> str:
    """Names of further content, joined by "+"."""
    try:
        content_names(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
    return text


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet scenes`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    options.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder to write MPI-Sintel-complete into; scenes of an earlier run are replaced "
        "when the new ones are complete, other files are refused",
    )
    options.add_argument("--style", choices=list(STYLE_OPTIONS), default="demo")
    options.add_argument(
        "--size",
        type=image_size,
        default=(192, 256),
        metavar="HxW",
        help="pixels of a frame; default 192x256",
    )
    options.add_argument(
        "--seed",
        type=non_negative_int,
        default=0,
        metavar="N",
        help="the same seed gives the same scenes; demo: scene n takes seed + n",
    )
    _add_content_options(options)
    _add_style_options(options)
    return options


def _add_content_options(options: ArgumentParser) -> None:
    options.add_argument(
        "--kind",
        choices=KINDS,
        default=KINDS[0],
        help="layers that move and bend over one another, worlds of planes in space seen by a "
        "moving camera, or both by turns",
    )
    options.add_argument(
        "--content",
        type=scene_content,
        default="",
        metavar="NAMES",
        help="further content, each in a share of the scenes: %s, several joined by %s"
        % (", ".join(CONTENTS), SEPARATOR),
    )
    options.add_argument(
        "--photos",
        default="",
        metavar="DIR",
        help="folder of images of your own of which surfaces are cut",
    )
    options.add_argument(
        "--photo-share",
        type=non_negative_float,
        default=0.5,
        metavar="X",
        help="with --photos: the share of the surfaces that are cut from them, 0 to 1",
    )


def _add_style_options(options: ArgumentParser) -> None:
    demo = options.add_argument_group("style demo")
    demo.add_argument(
        "--scenes", type=positive_int, default=8, metavar="N", help="number of training scenes"
    )
    demo.add_argument(
        "--frames", type=positive_int, default=6, metavar="N", help="frames per scene, at least 2"
    )
    demo.add_argument(
        "--max-motion",
        type=positive_float,
        default=12.0,
        metavar="PX",
        help="no pixel moves further from frame to frame, in pixels",
    )
    training = options.add_argument_group("style training")
    training.add_argument(
        "--pairs", type=positive_int, default=1000, metavar="N", help="number of training pairs"
    )
    training.add_argument(
        "--median-motion",
        type=non_negative_float,
        default=6.0,
        metavar="PX",
        help="about half of all pixels move further, in pixels",
    )
    training.add_argument(
        "--largest-motion",
        type=positive_float,
        default=60.0,
        metavar="PX",
        help="no pixel moves further, in pixels",
    )
