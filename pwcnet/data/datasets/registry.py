"""Every data set by name, and how a command line names one: NAME=FOLDER[@WEIGHT], or generated=VALUES[@WEIGHT]."""

import functools
import os
from dataclasses import dataclass
from typing import Optional

from pwcnet.data.datasets.chairs import chairs_samples
from pwcnet.data.datasets.generated import generated_samples
from pwcnet.data.datasets.hd1k import hd1k_samples
from pwcnet.data.datasets.kitti import kitti_samples
from pwcnet.data.datasets.middlebury import middlebury_samples
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.datasets.things import things_samples

DATASETS = {  # name: function of (root, mode, part) that lists the samples
    "sintel-clean": functools.partial(sintel_samples, render_pass="clean"),
    "sintel-final": functools.partial(sintel_samples, render_pass="final"),
    "chairs": chairs_samples,
    "things-clean": functools.partial(things_samples, render_pass="clean"),
    "things-final": functools.partial(things_samples, render_pass="final"),
    "things-half-clean": functools.partial(things_samples, render_pass="clean", half=True),
    "things-half-final": functools.partial(things_samples, render_pass="final", half=True),
    "kitti2012": functools.partial(kitti_samples, year=2012),
    "kitti2015": functools.partial(kitti_samples, year=2015),
    "hd1k": hd1k_samples,
    "middlebury": middlebury_samples,
    "generated": generated_samples,
}


@dataclass(frozen=True)
class Source:
    """A data set to take pairs from. name: a key of DATASETS. root: its folder.

    weight: the share of the pairs drawn that come from here, relative to the other sources' weights; None is in proportion to the number of its pairs.
    Raises ValueError for an unknown name, no folder, and a weight that is not a finite number above 0.
    """

    name: str
    root: str
    weight: Optional[float] = None

    def __post_init__(self):
        _check_name(self.name)
        if not self.root:
            raise ValueError(
                "expected the folder of %s, got none; try %s=FOLDER" % (self.name, self.name)
            )
        if self.weight is not None and not 0.0 < self.weight < float("inf"):
            raise ValueError(
                "expected a weight above 0 for %s, got %r; try 1, or none for one in proportion to the number of pairs"
                % (self.name, self.weight)
            )


def dataset_samples(name, root, mode="train_noval", part=None):
    """The samples of a data set, in the order of their ids: a list of `pwcnet.data.sample.Sample`.

    name: a key of DATASETS. root: the folder that holds the published one, or that one itself. mode, part: as in `pwcnet.data.splits`.
    Raises ValueError and FileNotFoundError that name what is wrong or missing, and the set.
    """
    _check_name(name)
    try:
        return DATASETS[name](root, mode=mode, part=part)
    except (ValueError, FileNotFoundError) as error:
        kind = FileNotFoundError if isinstance(error, FileNotFoundError) else ValueError
        raise kind("%s (%s=%s)" % (error, name, root)) from error


def parse_source(text):
    """The `Source` that NAME=FOLDER or NAME=FOLDER@WEIGHT means, as "chairs=/d/FlyingChairs_release@0.6". Raises ValueError that quotes the text.

    What follows the last @ is the weight; not where it has a slash, which is a folder's. ~ is the home folder: a shell leaves it alone after an equals sign.
    """
    name, equals, root = text.partition("=")
    if not equals:
        raise ValueError(
            "expected NAME=FOLDER or NAME=FOLDER@WEIGHT, got %r; try %s=%s"
            % (text, "chairs", text or "FOLDER")
        )
    folder, at, weight = root.rpartition("@")
    if not at or os.sep in weight:
        return _quoting(text, name, root, None)
    try:
        share = float(weight)
    except ValueError:
        raise ValueError(
            "expected a number after the last @, got %r in %r; try %s=%s@1 (a folder with an @ in its own name needs a weight)"
            % (weight, text, name, folder)
        ) from None
    return _quoting(text, name, folder, share)


def _quoting(text, name, folder, weight):
    try:
        return Source(name, os.path.expanduser(folder), weight)
    except ValueError as error:
        raise ValueError("%s (in %r)" % (error, text)) from error


def _check_name(name):
    if name not in DATASETS:
        raise ValueError("expected a data set of %s, got %r" % (", ".join(DATASETS), name))
