"""Writes scenes in MPI-Sintel's folder layout."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Iterable, Tuple

import cv2
import numpy as np

from pwcnet.data.datasets.sintel import FOLDER
from pwcnet.data.synthetic.scenes import Scene
from pwcnet.io.atomic import os_errors_naming, write_text
from pwcnet.io.flow_files import valid_pixels, write_flow
from pwcnet.io.folder_lock import folder_locked
from pwcnet.io.folders import is_litter
from pwcnet.io.images import write_image
from pwcnet.io.partial_files import partial_prefix, remove_abandoned
from pwcnet.io.text_files import read_text

# Names every file that `write_sintel` wrote, so that it replaces those and no others. The name is
# that of the first version, so that folders which it wrote can be replaced too.
MANIFEST = "made-by-make_scenes.txt"
LOCK = ".scenes.lock", "program"  # the name of its file, and what holds it

NamedScenes = Iterable[Tuple[str, Scene]]


def write_sintel(folder: str, scenes: NamedScenes, test_scenes: NamedScenes = ()) -> None:
    """Writes scenes below folder/MPI-Sintel-complete, all of them or none.

    Training scenes have all folders, test scenes `clean` and `final`; `final` is `clean` with blur
    and grain. They replace the files that an earlier call wrote into the folder when the last one
    is complete; where one fails or the program is interrupted before, the folder stays as it was.

    Args:
        folder: the folder to write into.
        scenes: (name, `Scene`) of the training split, consumed one by one.
        test_scenes: the same of the test split.

    Raises:
        ValueError: where the folder holds a file that no earlier call wrote (hidden files aside);
            nothing has been changed then.
        BlockingIOError: another call is writing to the folder.
        OSError: as the file system does. What the scenes raise passes through.
    """
    with folder_locked(folder, *LOCK), os_errors_naming(folder):
        replaced = _replaceable_files(folder)
        remove_abandoned(folder)
        scratch = tempfile.mkdtemp(prefix=partial_prefix(), dir=folder)
        try:
            written = _write_scenes(scratch, scenes, test_scenes)
            if written:
                _replace(folder, replaced, scratch, written)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _write_scenes(folder: str, scenes: NamedScenes, test_scenes: NamedScenes) -> list[str]:
    """Writes all scenes; returns their paths in the folder."""
    written = []
    for split, named_scenes in (("training", scenes), ("test", test_scenes)):
        for name, scene in named_scenes:
            for place, content in _scene_files(name, scene, split == "training").items():
                path = os.path.join(FOLDER, split, place)
                written.append(path)
                if path.endswith(".flo"):
                    write_flow(os.path.join(folder, path), content, valid_pixels(content))
                else:
                    write_image(os.path.join(folder, path), content)
    return sorted(written)


def _replace(folder: str, replaced: list[str], scratch: str, written: list[str]) -> None:
    """Moves the files `written` from `scratch` into the folder, instead of those `replaced`."""
    manifest = os.path.normpath(os.path.join(folder, MANIFEST))
    earlier = [os.path.relpath(path, folder) for path in replaced if path != manifest]
    # Before they are there, so that a killed call leaves none unnamed.
    write_text(manifest, "\n".join(written + earlier) + "\n")
    for path in written:
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        os.replace(os.path.join(scratch, path), os.path.join(folder, path))
    _remove(folder, sorted(set(earlier) - set(written)))
    write_text(manifest, "\n".join(written) + "\n")


def _replaceable_files(folder: str) -> list[str]:
    """All files of the folder but for litter; ValueError unless the manifest names each."""
    manifest = os.path.join(folder, MANIFEST)
    known = {os.path.normpath(manifest)}
    if os.path.isfile(manifest):
        known.update(
            os.path.normpath(os.path.join(folder, line)) for line in read_text(manifest).split("\n")
        )
    present: list[str] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_litter(name)]
        paths = [os.path.join(parent, name) for name in names if not is_litter(name)]
        present += [os.path.normpath(path) for path in paths]
    for path in present:
        if path not in known:
            raise ValueError(
                "%s holds %s, which is no file of generated scenes; scenes are written into an "
                "empty folder, or replace earlier ones" % (folder, os.path.relpath(path, folder))
            )
    return present


def _remove(folder: str, paths: list[str]) -> None:
    for path in paths:
        os.remove(os.path.join(folder, path))
    for parent, _, _ in os.walk(os.path.join(folder, FOLDER), topdown=False):
        remove_abandoned(parent)
        if not os.listdir(parent):  # a scene without frames would be an error of the data set
            os.rmdir(parent)


def _scene_files(name: str, scene: Scene, with_ground_truth: bool) -> dict[str, np.ndarray]:
    """{path below training or test: array} of one scene."""
    files = {}
    random = np.random.RandomState(len(scene.frames))
    for number, frame in enumerate(scene.frames, 1):
        files[os.path.join("clean", name, "frame_%04d.png" % number)] = frame
        files[os.path.join("final", name, "frame_%04d.png" % number)] = _final_pass(frame, random)
    if with_ground_truth:
        steps = zip(scene.flows, scene.occlusions, scene.invalids)
        for number, (flow, occlusion, invalid) in enumerate(steps, 1):
            files[os.path.join("flow", name, "frame_%04d.flo" % number)] = flow
            for kind, mask in (("occlusions", occlusion), ("invalid", invalid)):
                files[os.path.join(kind, name, "frame_%04d.png" % number)] = _mask_image(mask)
    return files


def _final_pass(frame: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    blurred = cv2.GaussianBlur(frame, (0, 0), 1.0) + random.normal(0, 2.0, frame.shape)
    return np.clip(np.round(blurred), 0, 255).astype(np.uint8)


def _mask_image(mask: np.ndarray) -> np.ndarray:
    return np.repeat(255 * mask[..., None].astype(np.uint8), 3, axis=-1)
