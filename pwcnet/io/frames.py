"""Sequences of frames: of images, a folder or a video, with numbers of their own and gaps."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from typing import Any, Callable, Container, Iterator, NamedTuple, Sequence

from pwcnet.io.image_headers import read_header
from pwcnet.io.images import list_frames, read_frame
from pwcnet.io.lost_frames import Frame, Lost, bad_frame_error
from pwcnet.io.opencv_frames import opencv_video
from pwcnet.io.pyav_frames import has_pyav, pyav_video
from pwcnet.io.video import is_video

GLOB = re.compile(r"[*?\[]")
URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")

log = logging.getLogger(__name__)


class FrameSequence(NamedTuple):
    """Frames in order.

    Attributes:
        frames: `Frame` by `Frame`, read one after the other, and `Lost` where some are missing.
        total: The number of frames, lost ones too; None where it is unknown.
        files: The image files, in order; none for a video.
        names: A name for files for each of `files`; none for a video.
        title: The name of the folder, or of the video without its extension; None for two images.
        rate: The frames per second of a video; None where they are unknown.
    """

    frames: Iterator[Frame | Lost]
    total: int | None
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    title: str | None = None
    rate: float | None = None

    def name(self, number: int) -> str:
        """A name for the files of a frame: that of its image, or clip_000001 in a video."""
        return self.names[number - 1] if self.names else "%s_%06d" % (self.title, number)


class Range(NamedTuple):
    """Which frames of a sequence are given, by their numbers from 1 on.

    Attributes:
        first: The first.
        last: The last one that may be given; None for the end.
        every: The distance of the numbers.
    """

    first: int = 1
    last: int | None = None
    every: int = 1

    def holds(self, number: int) -> bool:
        """Whether a frame is one of them."""
        is_due = number >= self.first and (number - self.first) % self.every == 0
        return is_due and (self.last is None or number <= self.last)

    def span(self, total: int) -> int:
        """From how many of `total` frames, one after the other, they are taken."""
        last = total if self.last is None else min(self.last, total)
        return max(0, last - self.first + 1)


ALL = Range()


def open_frames(paths: Sequence[str], wanted: Range = ALL, skip_bad: bool = False) -> FrameSequence:
    """Opens the frames of two images, one folder or one video.

    Images are upright, as viewers show them. Their headers are read before the first frame is
    given. Videos are decoded by PyAV where it is installed, else by OpenCV.

    Args:
        paths: Two images, one folder or one video.
        wanted: The frames that are given; other images are not read.
        skip_bad: Give `Lost` for frames that cannot be read or have another size than most.

    Returns:
        The `FrameSequence`. Without `skip_bad` its iterator raises what is wrong with a frame.

    Raises:
        FileNotFoundError: A path does not exist.
        BadFrameError: A frame cannot be read, or has another size; `skip_bad` would leave it out.
        ValueError: The paths are others, or without a bad frame there is no pair.
        OSError: A file cannot be read.
    """
    paths = [os.fspath(path) for path in paths]
    if len(paths) == 2 and not any(os.path.isdir(path) or is_video(path) for path in paths):
        for path in paths:
            _refuse_absent(path, "image")
        return _images(paths, None, wanted, skip_bad)
    if len(paths) == 1 and os.path.isdir(paths[0]):
        title = os.path.basename(os.path.realpath(paths[0]))
        return _images(list_frames(paths[0]), title, wanted, skip_bad)
    if len(paths) == 1 and is_video(paths[0]) and not URL.match(paths[0]):
        _refuse_absent(paths[0], "video")
        _check_file(paths[0])  # a pipe would be waited for
        return _video(paths[0], wanted, skip_bad)
    if len(paths) == 1:
        _refuse_absent(paths[0], "folder or video")
    if len(paths) > 2 and not any(os.path.isdir(path) or is_video(path) for path in paths):
        raise ValueError(
            "Frames must be two images, one folder or one video, got %d images (%s, ..., %s); put "
            "them into a folder" % (len(paths), paths[0], paths[-1])
        )
    raise ValueError(
        "Frames must be two images, one folder or one video, got %s"
        % (", ".join(paths) or "nothing")
    )


def _refuse_absent(path: str, kind: str) -> None:
    """Raises the error of a path that does not exist, by what it seems to mean."""
    if os.path.lexists(path):
        return
    if URL.match(path):
        raise ValueError("%s is an address; frames are read from files only" % path)
    if path.isdigit() or path.startswith("/dev/video"):
        raise ValueError("%s is a camera; frames are read from files only" % path)
    if GLOB.search(path):
        raise FileNotFoundError("No file matches %s" % path)
    raise FileNotFoundError("No %s at %s" % (kind, path))


def _images(files: list[str], title: str | None, wanted: Range, skip_bad: bool) -> FrameSequence:
    names = [os.path.splitext(os.path.basename(file))[0] for file in files]
    if len(set(names[:-1])) < len(names) - 1:
        names = [os.path.basename(file) for file in files]
    chosen = [files[index] for index in _indices(wanted, len(files))]
    bad = bad_files(chosen)
    if bad and not skip_bad:
        error = next(iter(bad.values()))
        raise bad_frame_error(error) if _has_pair(chosen, bad) else error

    def has_others(number: int) -> bool:
        return _has_pair(chosen, files[number - 1 : number])

    items = _checked(_read_images(files, wanted, bad), skip_bad, has_others)
    return FrameSequence(items, len(files), tuple(files), tuple(names), title)


def _indices(wanted: Range, total: int) -> range:
    return range(wanted.first - 1, wanted.first - 1 + wanted.span(total), wanted.every)


def _has_pair(files: Sequence[str], bad: Container[str]) -> bool:
    """Whether two files that follow each other are left without the bad ones."""
    return any(first not in bad and second not in bad for first, second in zip(files, files[1:]))


def bad_files(files: Sequence[str]) -> dict[str, Exception]:
    """What the headers tell of files that cannot be read, or are not of the usual size."""
    bad: dict[str, Exception] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for file in files:
        try:
            _check_file(file)
            header = read_header(file)
        except (OSError, ValueError) as error:
            bad[file] = error
            continue
        if header is not None:
            sizes[file] = header.upright_size
    if sizes:
        usual = Counter(sizes.values()).most_common(1)[0][0]
        example = next(file for file in sizes if sizes[file] == usual)
        for file, size in sizes.items():
            if size != usual:
                bad[file] = _other_size(file, size, example, usual)
    return {file: bad[file] for file in files if file in bad}


def _check_file(file: str) -> None:
    if os.path.islink(file) and not os.path.exists(file):
        raise FileNotFoundError("%s is a link that leads nowhere" % file)
    if not os.path.isfile(file):
        raise ValueError("%s is no file" % file)
    if not os.path.getsize(file):
        raise ValueError("%s is empty (0 bytes); copy the file again" % file)


def _other_size(file: str, size: Sequence[int], first: str, first_size: Any) -> ValueError:
    return ValueError(
        "%s has %dx%d pixels (height x width), %s has %dx%d; all frames must have one size"
        % (file, *size[:2], first, *first_size[:2])
    )


def _read_images(
    files: Sequence[str], wanted: Range, bad: dict[str, Exception]
) -> Iterator[Frame | Lost]:
    first, shape = "", None
    for index in _indices(wanted, len(files)):
        file = files[index]
        error = bad.get(file)
        if error is None:
            try:
                image = read_frame(file, upright=True)
                if shape not in (None, image.shape):
                    raise _other_size(file, image.shape, first, shape)
                if shape is None:
                    first, shape = file, image.shape
            except (OSError, ValueError) as caught:
                error = caught
        yield Lost(index + 1, 1, error) if error else Frame(index + 1, image)


def _video(path: str, wanted: Range, skip_bad: bool) -> FrameSequence:
    frames, total, rate = pyav_video(path) if has_pyav() else opencv_video(path)
    title = os.path.splitext(os.path.basename(path))[0]
    items = _checked(_in_range(_checked_video(frames, path), wanted), skip_bad)
    return FrameSequence(items, total, title=title, rate=rate)


def _in_range(items: Iterator[Frame | Lost], wanted: Range) -> Iterator[Frame | Lost]:
    """The frames that are wanted, and what is lost between the first and the last of them."""
    for item in items:
        if wanted.last is not None and item.number > wanted.last:
            return
        if isinstance(item, Frame) and wanted.holds(item.number):
            yield item
        if isinstance(item, Lost) and item.number + (item.count or 1) > wanted.first:
            yield item


def _checked_video(frames: Iterator[Frame | Lost], path: str) -> Iterator[Frame | Lost]:
    """The items; raises ValueError where there is no frame, or the size changes."""
    shape = None
    for item in frames:
        if isinstance(item, Frame):
            if shape not in (None, item.image.shape):
                raise ValueError(
                    "%s changes its size at frame %d: %dx%d pixels (height x width) after %dx%d"
                    % (path, item.number, *item.image.shape[:2], *shape[:2])
                )
            shape = item.image.shape
        yield item
    if shape is None:
        raise ValueError("%s has no frame that can be decoded; convert it to .mp4 (H.264)" % path)


def _checked(
    items: Iterator[Frame | Lost],
    skip_bad: bool,
    has_others: Callable[[int], bool] = lambda number: True,
) -> Iterator[Frame | Lost]:
    """The items; without `skip_bad` raises the error of the first `Lost`.

    Args:
        items: Frames and gaps.
        skip_bad: Give the gaps too.
        has_others: Whether there are pairs without the frame of this number.
    """
    for item in items:
        if isinstance(item, Lost):
            if not skip_bad:
                raise bad_frame_error(item.error) if has_others(item.number) else item.error
            log.warning("left out: %s", " ".join(str(item.error).split()))
        yield item
