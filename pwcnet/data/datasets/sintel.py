"""MPI-Sintel: <root>/MPI-Sintel-complete/{training,test}/<kind>/<scene>/frame_%04d.{png,flo}."""

from __future__ import annotations

import os

from pwcnet.data.datasets.listing import (
    consecutive_pairs,
    find_folder,
    matches,
    not_empty,
    subfolders,
)
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, VALIDATION_FRACTION, checked_part, split_validation
from pwcnet.io.text_files import read_text

FOLDER = "MPI-Sintel-complete"
RENDER_PASSES = ("clean", "final")
FRAME = "frame_%04d.%s"


def sintel_samples(
    root: str,
    render_pass: str = "clean",
    mode: str = "val_notrain",
    part: str | None = None,
    id_files: bool = False,
) -> list[Sample]:
    """The samples of Sintel, or of any data set in its layout, sorted by scene and frame.

    Reads folder listings only; writes nothing. Masks are attached where their files exist.

    Args:
        root: the folder that holds MPI-Sintel-complete, or that folder itself.
        render_pass: "clean" or "final".
        mode: as in `pwcnet.data.splits`.
        part: as in `pwcnet.data.splits`.
        id_files: True takes the split from tfoptflow's files, <pass>_{train,val}_0.03split.txt in
            the data set's folder, instead of computing it.

    Raises:
        FileNotFoundError: names the missing folder or file.
        ValueError: for a wrong choice or a broken split file.
    """
    part = _checked_choice(render_pass, mode, part, id_files)
    folder = find_sintel(root)
    if mode == "test":
        return _test_samples(folder, render_pass)
    samples = _training_samples(folder, render_pass)
    if mode not in SPLIT_MODES:
        return samples
    by_id = {_tfoptflow_id(sample): sample for sample in samples}
    if id_files:
        name = "%s_%s_%ssplit.txt" % (render_pass, part, VALIDATION_FRACTION)
        chosen = _read_id_file(os.path.join(folder, name), by_id)
    else:
        chosen = split_validation(by_id)[("train", "val").index(part)]
    return [by_id[sample_id] for sample_id in sorted(chosen)]


def find_sintel(root: str) -> str:
    """The data set's folder: root/MPI-Sintel-complete, or root. Raises FileNotFoundError."""
    return find_folder(root, (FOLDER,), ("training", "test"))


def _checked_choice(render_pass, mode, part, id_files):
    if render_pass not in RENDER_PASSES:
        raise ValueError(
            "expected a render pass of %s, got %r" % (", ".join(RENDER_PASSES), render_pass)
        )
    part = checked_part(mode, part)
    if id_files and mode not in SPLIT_MODES:
        raise ValueError(
            "expected mode %s with id files, got %s, which has no split"
            % (" or ".join(SPLIT_MODES), mode)
        )
    return part


def _training_samples(folder, render_pass):
    frames, flows = (os.path.join(folder, "training", kind) for kind in (render_pass, "flow"))
    layout = "training/{%s,flow}/<scene>" % render_pass
    scenes = set(subfolders(frames, layout)) | set(subfolders(flows, layout))
    samples = []
    for scene in sorted(scenes):
        samples.extend(_scene_samples(folder, "training", render_pass, scene))
    return not_empty(samples, frames, "pairs of frames <scene>/frame_%04d.png")


def _test_samples(folder, render_pass):
    frames = os.path.join(folder, "test", render_pass)
    samples = []
    for scene in subfolders(frames, "test/%s/<scene>" % render_pass):
        samples.extend(_scene_samples(folder, "test", render_pass, scene))
    return not_empty(samples, frames, "pairs of frames <scene>/frame_%04d.png")


def _scene_samples(folder, split, render_pass, scene):
    """The samples of a scene; outside the training split without flow and masks.

    Frames may start at any number. In the training split they may have gaps that no flow crosses.
    """
    folders = {
        kind: os.path.join(folder, split, kind, scene)
        for kind in (render_pass, "flow", "occlusions", "invalid")
    }
    known = {kind: _numbers(folders[kind], kind == "flow") for kind in folders}

    def path(kind, number):
        return os.path.join(folders[kind], FRAME % (number, "flo" if kind == "flow" else "png"))

    def present(kind, number):
        return path(kind, number) if split == "training" and number in known[kind] else None

    numbers = consecutive_pairs(
        not_empty(known[render_pass], folders[render_pass], "frames frame_%04d.png"),
        known["flow"] if split == "training" else None,
        lambda number: path(render_pass, number),
        lambda number: path("flow", number),
        last_has_flow=False,
    )
    return [
        Sample(
            id="%s/frames_%04d_%04d" % (scene, number, number + 1),
            frame1=path(render_pass, number),
            frame2=path(render_pass, number + 1),
            flow=present("flow", number),
            occlusion=present("occlusions", number),
            invalid=present("invalid", number),
        )
        for number in numbers
    ]


def _numbers(folder, is_flow):
    pattern = r"frame_(\d{4})\.%s" % ("flo" if is_flow else "png")
    return {int(match.group(1)) for match in matches(folder, pattern)}


def _tfoptflow_id(sample):
    """("scene/frame_0001.png", "scene/frame_0002.png", "scene/frame_0001.flo")."""
    return tuple(
        "/".join(path.replace(os.sep, "/").split("/")[-2:])
        for path in (sample.frame1, sample.frame2, sample.flow)
    )


def _read_id_file(path, known):
    """The ids of a file with lines a###b###c; each must be known, and occur once."""
    if not os.path.isfile(path):
        raise FileNotFoundError("No file %s, the split of tfoptflow" % path)
    ids = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        sample_id = tuple(line.strip().split("###"))
        if sample_id == ("",):
            continue
        if sample_id not in known:
            raise ValueError(
                "expected a pair of the data set as FRAME###FRAME###FLOW, got %r in %s, line %d"
                % (line.strip(), path, number)
            )
        if sample_id in ids:
            raise ValueError(
                "expected each pair once, got %r again in %s, line %d"
                % (line.strip(), path, number)
            )
        ids.append(sample_id)
    if not ids:
        raise ValueError("expected at least one pair, got none in %s" % path)
    return ids
