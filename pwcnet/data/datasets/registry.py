"""Every data set by name, and how a command line names one: NAME=FOLDER[@WEIGHT]."""

from __future__ import annotations

import functools
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Sequence

from pwcnet._checks import require
from pwcnet.data.datasets.chairs import chairs_samples
from pwcnet.data.datasets.chairs2 import chairs2_samples
from pwcnet.data.datasets.file_list import file_list_samples
from pwcnet.data.datasets.generated import (
    absolute_values,
    generated_samples,
    parse_values,
    photos_of,
)
from pwcnet.data.datasets.hd1k import hd1k_samples
from pwcnet.data.datasets.kitti import kitti_samples
from pwcnet.data.datasets.middlebury import middlebury_samples
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.datasets.spring import spring_samples
from pwcnet.data.datasets.things import things_samples
from pwcnet.data.datasets.things_subset import things_subset_samples
from pwcnet.data.sample import BaseSample

GENERATED = "generated"
DATASETS: dict[str, Callable[..., Sequence[Any]]] = {  # name: function of (root, mode, part)
    "sintel-clean": functools.partial(sintel_samples, render_pass="clean"),
    "sintel-final": functools.partial(sintel_samples, render_pass="final"),
    "chairs": chairs_samples,
    "chairs2": chairs2_samples,
    "things-clean": functools.partial(things_samples, render_pass="clean"),
    "things-final": functools.partial(things_samples, render_pass="final"),
    "things-half-clean": functools.partial(things_samples, render_pass="clean", half=True),
    "things-half-final": functools.partial(things_samples, render_pass="final", half=True),
    "things-subset-clean": functools.partial(things_subset_samples, render_pass="clean"),
    "things-subset-final": functools.partial(things_subset_samples, render_pass="final"),
    "kitti2012": functools.partial(kitti_samples, year=2012),
    "kitti2015": functools.partial(kitti_samples, year=2015),
    "hd1k": hd1k_samples,
    "middlebury": middlebury_samples,
    "spring": spring_samples,
    "files": file_list_samples,
    GENERATED: generated_samples,
}

SPARSE = ("kitti2012", "kitti2015", "hd1k")  # whose ground truth is of some pixels only


class Source:
    """A data set to take pairs from.

    Attributes:
        name: a key of DATASETS.
        argument: what follows NAME= on a command line.
        weight: the share of the pairs drawn that come from here, relative to the weights of other
            sources; None is in proportion to the number of its pairs.
    """

    name: str
    argument: str
    weight: float | None

    def __str__(self) -> str:
        return "%s=%s" % (self.name, self.argument)

    @property
    def location(self) -> str:
        """Where the pairs come from, the same from any directory."""
        return self.argument

    def samples(self, mode: str = "train_noval", part: str | None = None) -> Sequence[BaseSample]:
        """The samples in the order of their ids.

        Args:
            mode: as in `pwcnet.data.splits`.
            part: as in `pwcnet.data.splits`.

        Raises:
            ValueError: for a mode or part that the data set does not have, or a broken file.
            FileNotFoundError: for a missing folder or file. Both errors name the source too.
        """
        with _naming(self):
            return DATASETS[self.name](self.argument, mode=mode, part=part)

    def record(self) -> dict[str, Any]:
        """What the options of a run hold about it: {"name", "root", "weight"}."""
        return {"name": self.name, "root": self.argument, "weight": self.weight}

    def _check(self) -> None:
        if self.name not in DATASETS:
            raise ValueError("expected a data set of %s, got %r" % (", ".join(DATASETS), self.name))
        if not self.argument:
            raise ValueError("expected the folder of %s, got none" % self.name)
        if self.weight is not None:
            positive = 0.0 < self.weight < float("inf")
            require(positive, "a weight above 0 for %s" % self.name, self.weight)


@dataclass(frozen=True)
class FolderSource(Source):
    """A data set in the folder `root`: the one that holds the published folder, or that one itself.

    Of the data set "files", `root` is the list.

    Raises:
        ValueError: for an unknown name, no folder, and a weight that is not a number above 0.
    """

    name: str
    root: str
    weight: float | None = None

    def __post_init__(self):
        self._check()

    @property
    def argument(self) -> str:  # type: ignore[override]
        """The folder as it was given."""
        return self.root

    @property
    def location(self) -> str:
        """The absolute folder."""
        return os.path.abspath(self.root)


@dataclass(frozen=True)
class GeneratedSource(Source):
    """Generated pairs; `values` is what they are like, as `generated_samples` takes it.

    Raises:
        ValueError: for values that the generator does not have, and a weight that is not above 0.
    """

    values: str
    weight: float | None = None

    name = GENERATED

    def __post_init__(self):
        self._check()
        parse_values(self.values)

    @property
    def argument(self) -> str:  # type: ignore[override]
        """The values as they were given."""
        return self.values

    @property
    def location(self) -> str:
        """The values with the absolute folder of photographs."""
        return absolute_values(self.values)


def make_source(name: str, argument: str, weight: float | None = None) -> Source:
    """The source of a data set.

    Args:
        name: a key of DATASETS.
        argument: its folder, or what generated pairs are like.
        weight: see `Source`.

    Raises:
        ValueError: as `FolderSource` and `GeneratedSource`.
    """
    if name == GENERATED:
        return GeneratedSource(argument, weight)
    return FolderSource(name, argument, weight)


def dataset_samples(
    name: str, argument: str, mode: str = "train_noval", part: str | None = None
) -> Sequence[BaseSample]:
    """The samples of a data set; arguments and errors as of `make_source` and `Source.samples`."""
    return make_source(name, argument).samples(mode, part)


def parse_source(text: str) -> Source:
    """The source that NAME=FOLDER or NAME=FOLDER@WEIGHT means.

    What follows the last @ is the weight; not where it has a slash, which is a folder's, nor where
    the name with it is that of a folder, and the name before it is not; of generated pairs, the
    folder is that of photographs. ~ is the home folder: a shell leaves it alone after an equals
    sign.

    Args:
        text: as "chairs=/d/FlyingChairs_release@0.6".

    Raises:
        ValueError: quotes the text.
    """
    name, equals, argument = text.partition("=")
    if not equals:
        raise ValueError(
            "expected NAME=FOLDER or NAME=FOLDER@WEIGHT, as %s, got %r"
            % ("%s=FOLDER" % text if text in DATASETS else "chairs=%s" % (text or "FOLDER"), text)
        )
    folder, at, weight = argument.rpartition("@")
    whole, before = (os.path.exists(_folder(name, path)) for path in (argument, folder))
    if not at or os.sep in weight or (whole and not before):
        return _quoting(text, name, argument, None)
    try:
        share = float(weight)
    except ValueError:
        raise ValueError(
            "expected a number after the last @, got %r in %r; there is no folder %s"
            % (weight, text, _folder(name, argument) or argument)
        ) from None
    return _quoting(text, name, folder, share)


def _folder(name: str, argument: str) -> str:
    """The folder of a data set's argument."""
    return os.path.expanduser(photos_of(argument) if name == GENERATED else argument)


def _quoting(text: str, name: str, argument: str, weight: float | None) -> Source:
    try:
        return make_source(name, os.path.expanduser(argument), weight)
    except ValueError as error:
        raise ValueError("%s (in %r)" % (error, text)) from error


@contextmanager
def _naming(source: Source) -> Iterator[None]:
    try:
        yield
    except (ValueError, FileNotFoundError) as error:
        kind = FileNotFoundError if isinstance(error, FileNotFoundError) else ValueError
        raise kind("%s (%s)" % (error, source)) from error
