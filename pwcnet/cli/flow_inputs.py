"""The flow files that `pwcnet convert` reads: single ones, or those of folders."""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from typing import Iterator, NamedTuple, Sequence

import numpy as np

from pwcnet.io.damage import damage_as_value_error
from pwcnet.io.flow_files import FLOW_EXTENSIONS, read_flow, valid_pixels
from pwcnet.io.flow_pictures import pair_name, read_flow_pictures, y_picture
from pwcnet.io.folders import is_litter
from pwcnet.io.partial_files import is_partial

PNG_START, PNG_DEPTH = b"\x89PNG\r\n\x1a\n", 24  # the byte of the bits per channel


class FlowInput(NamedTuple):
    """A flow file, or the two images of one flow.

    Attributes:
        name: For the files that are made of it: relative to its folder, without an extension.
        paths: One flow file, or the images of x and y.
    """

    name: str
    paths: tuple[str, ...]

    def read(self, bound: float | None) -> tuple[np.ndarray, np.ndarray]:
        """The flow [H, W, 2] and where it is valid [H, W]; errors as `read_flow` has them."""
        if len(self.paths) == 1:
            return read_flow(self.paths[0])
        flow = read_flow_pictures(self.paths[0], self.paths[1], bound or 0.0)
        return flow, valid_pixels(flow)


def flow_inputs(paths: Sequence[str], bound: float | None = None) -> list[FlowInput]:
    """The flow files of these paths.

    Args:
        paths: Flow files, or folders, which are searched with their subfolders. A .png in a folder
            counts if it has 16 bits: the others are images. An .npz there does not count if it
            holds the confidence of a flow alone.
        bound: Pixels of motion of x and y as 8-bit images; None takes no file for these.

    Returns:
        The files, those of a folder in the order of their names.

    Raises:
        FileNotFoundError: A path does not exist, an image of y is missing, or a folder has no flow.
        ValueError: Two files have the same name.
    """
    inputs: list[FlowInput] = []
    for path in paths:
        if os.path.isdir(path):
            inputs += _in_folder(path, bound)
        elif os.path.lexists(path):
            inputs.append(_input(path, os.path.basename(path), bound))
        else:
            raise FileNotFoundError("No flow file at %s" % path)
    named: dict[str, FlowInput] = {}
    for flow_input in inputs:
        other = named.setdefault(flow_input.name, flow_input)
        if other is not flow_input:
            raise ValueError(
                "%s and %s have the same name but for the extension or folder; convert them apart"
                % (other.paths[0], flow_input.paths[0])
            )
    return inputs


def ground_truth_of(flow_input: FlowInput, truth: str, single: bool) -> str:
    """The file of the ground truth.

    Args:
        flow_input: The flow.
        truth: A flow file, or a folder with files of the same names.
        single: Whether it is the only flow.

    Raises:
        FileNotFoundError: There is none.
        ValueError: One file of ground truth is given for several flows.
    """
    if not os.path.isdir(truth):
        if not single:
            raise ValueError("%s is one file, but there are several flows" % truth)
        return truth
    for extension in FLOW_EXTENSIONS:
        path = os.path.join(truth, flow_input.name + extension)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(
        "No ground truth for %s: %s has no %s with one of %s"
        % (flow_input.paths[0], truth, flow_input.name, ", ".join(FLOW_EXTENSIONS))
    )


def _in_folder(folder: str, bound: float | None) -> list[FlowInput]:
    inputs = [
        _input(path, os.path.relpath(path, folder), bound)
        for path in _files(folder)
        if _is_flow(path, bound)
    ]
    if not inputs:
        raise FileNotFoundError(
            "No flow file in %s (%s%s)"
            % (folder, ", ".join(FLOW_EXTENSIONS), "" if bound is None else ", x and y images")
        )
    return inputs


def _files(folder: str) -> Iterator[str]:
    """The files of a folder and its subfolders, without hidden ones and litter."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_litter(name))
        for name in sorted(names):
            if not is_litter(name) and not is_partial(name):
                yield os.path.join(parent, name)


def _is_flow(path: str, bound: float | None) -> bool:
    extension = os.path.splitext(path)[1].lower()
    if bound is not None and y_picture(path):
        return True
    if extension == ".npz":
        return not _is_confidence(path)
    if extension != ".png":
        return extension in FLOW_EXTENSIONS
    try:
        with open(path, "rb") as stream:
            start = stream.read(PNG_DEPTH + 1)
    except OSError:
        return True  # the error is that of reading it
    return start.startswith(PNG_START) and start[PNG_DEPTH:] == b"\x10"


def _is_confidence(path: str) -> bool:
    """Whether it is an array of `pwcnet predict --save confidence`."""
    with suppress(ValueError), damage_as_value_error(), zipfile.ZipFile(path) as archive:
        return archive.namelist() == ["confidence.npy"]
    return False  # reading it names its fault


def _input(path: str, name: str, bound: float | None) -> FlowInput:
    other = y_picture(path) if bound is not None else None
    if other is None:
        return FlowInput(os.path.splitext(name)[0], (path,))
    if not os.path.isfile(other):
        raise FileNotFoundError("No image of y at %s beside %s" % (other, path))
    return FlowInput(os.path.join(os.path.dirname(name), pair_name(path)), (path, other))
