#!/usr/bin/env python
"""Draws scenes, and measures how well frame 2 fits frame 1 along their flow; --help says how."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path.insert(0, root)

from pwcnet.cli.arguments import ArgumentParser, image_size, non_negative_int, positive_int
from pwcnet.cli.common import run
from pwcnet.io.atomic import check_output_file
from scripts.gpu_training.pytorch import require_pytorch

DESCRIPTION = """Draws scenes of the GPU training: in each row frame 1, frame 2, the flow, and frame
2 brought back along the flow, black where frame 1 is not visible in it."""
EXAMPLES = """
sheet.py layers --output layers.png
sheet.py worlds --output worlds.png --photos PHOTOS --scenes 6
"""
TEXTURES = 24


def parser(prog: str) -> ArgumentParser:
    """The command line's options."""
    result = ArgumentParser(prog=prog, description=DESCRIPTION, examples=EXAMPLES)
    result.add_argument("kind", choices=("layers", "worlds"))
    result.add_argument("--output", required=True, metavar="FILE", help="image")
    result.add_argument("--photos", metavar="FOLDER", help="images, 0.6 of the surfaces")
    result.add_argument("--scenes", type=positive_int, default=12, help="how many")
    result.add_argument(
        "--size", type=image_size, default=(256, 448), metavar="HxW", help="(default: 256x448)"
    )
    result.add_argument("--seed", type=non_negative_int, default=4)
    return result


def main(argv: list[str], prog: str) -> None:
    """Draws, and prints the measurements."""
    args = parser(prog).parse_args(argv)
    require_pytorch()
    import torch

    from pwcnet.data.synthetic.options import SceneOptions
    from pwcnet.io.images import written_extension
    from scripts.gpu_training.bank import Bank
    from scripts.gpu_training.scenes import check_size
    from scripts.gpu_training.validation import KINDS

    written_extension(args.output)
    check_output_file(args.output)
    options = SceneOptions(height=args.size[0], width=args.size[1], largest_motion=160.0)
    check_size(options)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    bank = Bank(device, TEXTURES, photographs=args.photos)
    try:
        scenes = KINDS[args.kind](options, bank, args.seed)
        batch = scenes.batch(args.scenes)
    finally:
        bank.close()
    print("\n".join(measurements(batch, scenes.here)))
    draw(batch, scenes.here, args.output)


def measurements(batch, here):
    """Lines of text about a `Batch`."""
    from scripts.gpu_training.sampling import sample

    known = batch.flow.isfinite().all(1)
    length = batch.flow.norm(dim=1)[known]
    yield "|flow|: mean %.2f px, median %.2f, largest %.1f; known %.3f, visible in both %.3f" % (
        length.mean(),
        length.median(),
        length.max(),
        known.float().mean(),
        batch.visible.float().mean(),
    )
    first, second = (batch.pairs.float() / 255).unbind(1)
    flow = batch.flow.nan_to_num(0)
    for name, tried in (("the flow", flow), ("zero flow", flow * 0), ("minus the flow", -flow)):
        difference = (first - sample(second, here + tried)).abs().mean(1)
        yield "mean |frame 1 - frame 2 brought back by %s|, where visible: %.4f" % (
            name,
            difference[batch.visible].mean(),
        )


def draw(batch, here, path):
    """Writes the rows of a `Batch` as an image."""
    import numpy as np

    from pwcnet.flow.colors import flow_to_color
    from pwcnet.io.images import write_image
    from scripts.gpu_training.sampling import sample

    second = batch.pairs[:, 1].float()
    back = sample(second, here + batch.flow.nan_to_num(0)) * batch.visible[:, None]
    frames = [
        value.permute(0, 2, 3, 1).byte().cpu().numpy() for value in (*batch.pairs.unbind(1), back)
    ]
    flows = batch.flow.nan_to_num(0).permute(0, 2, 3, 1).cpu().numpy()
    colors = [flow_to_color(flow) for flow in flows]
    rows = [
        np.concatenate((first, second, color, brought), 1)
        for first, second, color, brought in zip(frames[0], frames[1], colors, frames[2])
    ]
    write_image(path, np.concatenate(rows))


if __name__ == "__main__":
    run(main)
