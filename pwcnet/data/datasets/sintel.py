"""MPI-Sintel as published: <root>/MPI-Sintel-complete/{training,test}/<kind>/<scene>/frame_%04d.{png,flo}."""

import os
import re

from pwcnet.data.datasets.listing import find_folder, subfolders
from pwcnet.data.sample import Sample
from pwcnet.data.splits import SPLIT_MODES, VALIDATION_FRACTION, checked_part, split_validation

FOLDER = "MPI-Sintel-complete"
RENDER_PASSES = ("clean", "final")


def sintel_samples(root, render_pass="clean", mode="val_notrain", part=None, id_files=False):
    """The samples of Sintel, or of any data set in its layout, sorted by scene and frame. Reads folder listings only; writes nothing.

    root: the folder that holds MPI-Sintel-complete, or that folder itself. render_pass: "clean" or "final". mode: a key of PARTS.
    part: "train", "val" or "test", one that the mode has; None is the mode's first.
    id_files: take the split from tfoptflow's files, <pass>_{train,val}_0.03split.txt in the data set's folder, instead of computing it.
    Masks are attached where their files exist. Raises FileNotFoundError and ValueError that name the folder or file.
    """
    part = _checked_choice(render_pass, mode, part, id_files)
    folder = find_sintel(root)
    if mode == "test":
        samples = _test_samples(folder, render_pass)
    else:
        samples = _training_samples(folder, render_pass)
    if mode not in SPLIT_MODES:
        return samples
    by_id = {_long_id(sample): sample for sample in samples}
    if id_files:
        path = os.path.join(folder, "%s_%s_%ssplit.txt" % (render_pass, part, VALIDATION_FRACTION))
        chosen = _read_id_file(path, by_id)
    else:
        chosen = split_validation(by_id)[("train", "val").index(part)]
    return [by_id[long_id] for long_id in sorted(chosen)]


def find_sintel(root):
    """The data set's own folder: root/MPI-Sintel-complete, or root itself. Raises FileNotFoundError."""
    return find_folder(root, (FOLDER,), ("training", "test"))


def _checked_choice(render_pass, mode, part, id_files):
    if render_pass not in RENDER_PASSES:
        raise ValueError(
            "expected a render pass of %s, got %r" % (", ".join(RENDER_PASSES), render_pass)
        )
    part = checked_part(mode, part)
    if id_files and mode not in SPLIT_MODES:
        raise ValueError(
            "expected mode %s with id files, got %s, which has no split; try it without id files"
            % (" or ".join(SPLIT_MODES), mode)
        )
    return part


def _training_samples(folder, render_pass):
    frames_folder, flow_folder = (
        os.path.join(folder, "training", kind) for kind in (render_pass, "flow")
    )
    layout = "training/{%s,flow}/<scene>" % render_pass
    scenes = set(subfolders(frames_folder, layout)) | set(subfolders(flow_folder, layout))
    samples = []
    for scene in sorted(scenes):
        frames, flows = (
            _numbers(os.path.join(parent, scene), ending)
            for parent, ending in ((frames_folder, "png"), (flow_folder, "flo"))
        )
        _check_scene(
            os.path.join(frames_folder, scene), frames, os.path.join(flow_folder, scene), flows
        )
        samples.extend(_samples_of_scene(folder, "training", render_pass, scene, sorted(flows)))
    return _not_empty(samples, frames_folder)


def _test_samples(folder, render_pass):
    frames_folder = os.path.join(folder, "test", render_pass)
    samples = []
    for scene in subfolders(frames_folder, "test/%s/<scene>" % render_pass):
        scene_folder = os.path.join(frames_folder, scene)
        frames = _numbers(scene_folder, "png")
        _check_not_empty_scene(scene_folder, frames)
        for number in range(
            min(frames), max(frames) + 1
        ):  # without flow files, nothing else tells a gap from the end of a scene
            _check_frame(scene_folder, frames, number, "the scene without gaps")
        samples.extend(_samples_of_scene(folder, "test", render_pass, scene, sorted(frames)[:-1]))
    return _not_empty(samples, frames_folder)


def _numbers(folder, ending):
    """The numbers of the files frame_%04d.ending in a folder, which may be missing."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    matches = (re.match(r"frame_(\d{4})\.%s$" % ending, name) for name in names)
    return {int(match.group(1)) for match in matches if match}


def _check_scene(frames_folder, frames, flow_folder, flows):
    """Every flow has both its frames, every two consecutive frames have a flow. Frames may start anywhere and have gaps that no flow crosses."""
    _check_not_empty_scene(frames_folder, frames)
    for number in sorted(flows):
        for frame in (number, number + 1):
            _check_frame(frames_folder, frames, frame, _file(flow_folder, number, "flo"))
    for number in sorted(frames):
        if number + 1 in frames and number not in flows:
            raise FileNotFoundError(
                "expected the flow between frames %d and %d of %s, got no file %s; try the complete archive, or remove the frames"
                % (number, number + 1, frames_folder, _file(flow_folder, number, "flo"))
            )


def _check_not_empty_scene(folder, frames):
    if not frames:
        raise FileNotFoundError(
            "expected frames frame_%%04d.png, got none in %s; try the complete archive, or remove the scene"
            % folder
        )


def _check_frame(folder, frames, number, needed_by):
    if number not in frames:
        raise FileNotFoundError(
            "expected a frame for %s, got no file %s; try the complete archive"
            % (needed_by, _file(folder, number, "png"))
        )


def _samples_of_scene(folder, split, render_pass, scene, numbers):
    """Samples of the pairs (n, n + 1) for the given n; outside the training split without flow and masks."""
    folders = {
        kind: os.path.join(folder, split, kind, scene)
        for kind in (render_pass, "flow", "occlusions", "invalid")
    }
    present = {
        kind: _numbers(folders[kind], "flo" if kind == "flow" else "png")
        if split == "training"
        else ()
        for kind in folders
    }

    def known(kind, number, ending):
        return _file(folders[kind], number, ending) if number in present[kind] else None

    return [
        Sample(
            id="%s/frames_%04d_%04d" % (scene, n, n + 1),
            frame1=_file(folders[render_pass], n, "png"),
            frame2=_file(folders[render_pass], n + 1, "png"),
            flow=known("flow", n, "flo"),
            occlusion=known("occlusions", n, "png"),
            invalid=known("invalid", n, "png"),
        )
        for n in numbers
    ]


def _file(folder, number, ending):
    return os.path.join(folder, "frame_%04d.%s" % (number, ending))


def _not_empty(samples, folder):
    if not samples:
        raise FileNotFoundError(
            "expected pairs of frames <scene>/frame_%%04d.png, got none in %s; try the complete archive"
            % folder
        )
    return samples


def _long_id(sample):
    """("scene/frame_0001.png", "scene/frame_0002.png", "scene/frame_0001.flo"), as tfoptflow's id files have it."""
    return tuple(
        "/".join(path.replace(os.sep, "/").split("/")[-2:])
        for path in (sample.frame1, sample.frame2, sample.flow)
    )


def _read_id_file(path, known):
    """The ids of a file with lines a###b###c; each must be known, and there once."""
    if not os.path.isfile(path):
        raise FileNotFoundError(
            "expected tfoptflow's split, got no file %s; try without id files" % path
        )
    ids = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            long_id = tuple(line.strip().split("###"))
            if long_id == ("",):
                continue
            if long_id not in known:
                raise ValueError(
                    "expected a pair of the data set as FRAME###FRAME###FLOW, got %r in %s, line %d; try without id files"
                    % (line.strip(), path, number)
                )
            if long_id in ids:
                raise ValueError(
                    "expected each pair once, got %r again in %s, line %d; try without id files"
                    % (line.strip(), path, number)
                )
            ids.append(long_id)
    if not ids:
        raise ValueError("expected at least one pair, got none in %s; try without id files" % path)
    return ids
