"""Videos: frames in, images out, and what a video's container says about it."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Iterator, NamedTuple

import cv2
import numpy as np

from pwcnet.io.atomic import atomic_path
from pwcnet.io.names import native_path, plain_path
from pwcnet.io.video_encoders import open_encoder

VIDEO_EXTENSIONS = (
    ".3gp",
    ".avi",
    ".flv",
    ".gif",
    ".m2ts",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".mts",
    ".ogv",
    ".ts",
    ".webm",
    ".wmv",
    ".y4m",
)
UNFINISHED_SUFFIX = "_unfinished"
# Containers without a frame count or a frame rate report arbitrary numbers.
MAX_FRAME_COUNT, MAX_FRAME_RATE = 10**8, 1000
MAX_NAME_BYTES = 255
MAX_TICKS = 65535  # MPEG-4's largest number of ticks per second

log = logging.getLogger(__name__)


class LostFramesError(OSError):
    """A video that was written lacks frames."""


class VideoFacts(NamedTuple):
    """What a video's container says; None where it says nothing plausible.

    Attributes:
        frames: The number of frames; some containers only estimate it.
        rate: Frames per second.
    """

    frames: int | None
    rate: float | None


def is_video(path: str) -> bool:
    """Whether the extension is that of a video; the file need not exist."""
    return os.path.splitext(os.fspath(path))[1].lower() in VIDEO_EXTENSIONS


def video_facts(path: str) -> VideoFacts:
    """Reads what a video's container says; a file that cannot be opened says nothing."""
    if not os.path.isfile(path):
        return VideoFacts(None, None)
    capture = open_capture(path)
    count, rate = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return VideoFacts(
        int(count) if 1 <= count <= MAX_FRAME_COUNT else None,
        rate if 0 < rate < MAX_FRAME_RATE else None,
    )


def open_capture(path: str) -> Any:
    """The cv2.VideoCapture of an existing file of any name; it may not be opened."""
    with native_path(os.fspath(path)) as name:
        return cv2.VideoCapture(name)


def read_video(path: str) -> Iterator[np.ndarray]:
    """Opens a video (OpenCV).

    A video with a rotation in its metadata is rotated, as OpenCV does by default.

    Args:
        path: The video file.

    Returns:
        An iterator over the frames, each a new array [H, W, 3] uint8 RGB. It raises ValueError
        where the video has no frame; OpenCV leaves out what it cannot decode, see
        `pwcnet.io.opencv_frames`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: OpenCV cannot open the file.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError("No video at %s" % path)
    capture = open_capture(path)
    if not capture.isOpened():
        raise ValueError(
            "%s is not a video that OpenCV can open; convert it to .mp4 (H.264)" % path
        )
    return _frames(capture, path)


def _frames(capture: Any, path: str) -> Iterator[np.ndarray]:
    try:
        success, frame = capture.read()
        if not success:
            raise ValueError(
                "%s has no frame that OpenCV can decode; convert it to .mp4 (H.264)" % path
            )
        while success:
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            success, frame = capture.read()
    finally:
        capture.release()


@contextmanager
def video_writer(path: str, rate: float) -> Iterator[VideoWriter]:
    """Writes an mp4 video, completely or not at all under its name; see `open_encoder`.

        with video_writer("flow.mp4", 25) as video:
            video.write(image)

    Until the block ends, the file is hidden in the folder of `path`. Where the block ends with an
    error or Ctrl-C, the frames so far are kept as <name>_unfinished.mp4, which plays and is
    mentioned in the log; an earlier file at `path` stays. The next success removes it.

    Args:
        path: The file, with the extension .mp4.
        rate: Frames per second; rounded to what MPEG-4 can represent.

    Yields:
        The `VideoWriter`.

    Raises:
        OSError: The file cannot be written, or has fewer frames than were written: OpenCV's
            encoders report no error, not even a full disk.
    """
    path = os.fspath(path)
    unfinished = _unfinished(path)
    with ExitStack() as files:
        video = VideoWriter(path, _representable(rate), files)
        try:
            yield video
            video.close()
        except BaseException:
            video.keep(unfinished)
            raise
    if video.count and os.path.exists(unfinished):
        os.remove(unfinished)


class VideoWriter:
    """Writes images into a video, one by one, and keeps none in memory; see `video_writer`.

    Attributes:
        path: The file.
        rate: Frames per second.
        count: The number of images written so far.
    """

    def __init__(self, path: str, rate: float, files: ExitStack):
        """files: closes, and so renames or removes, the hidden file that the first image opens."""
        self.path, self.rate, self.count = path, rate, 0
        self._files = files
        self._encoder: Any = None  # open from the first image on
        self._plain = ""  # a path of the temporary file for encoders
        self._shape: tuple[int, ...] = ()
        self._temporary, self._closed = "", False

    def write(self, image: np.ndarray) -> None:
        """Appends an image.

        Args:
            image: [H, W, 3] uint8 RGB, all of one size. An odd side is made even by repeating the
                edge, as the codec needs.

        Raises:
            ValueError: The size differs from that of the first image, or OpenCV cannot write such a
                video.
        """
        if self._encoder is None:
            self._open(image.shape)
        if image.shape != self._shape:
            raise ValueError(
                "The images of %s must have one size: the first has %dx%d pixels "
                "(height x width), number %d has %dx%d"
                % (self.path, *self._shape[:2], self.count + 1, *image.shape[:2])
            )
        height, width = image.shape[:2]
        even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        with self._errors():
            self._encoder.write(even)
        self.count += 1

    def close(self) -> None:
        """Ends the file and checks it; raises OSError as `video_writer` says."""
        if self.count:
            self._close()
            readable = _readable_frames(self._plain)
            if readable != self.count:
                raise LostFramesError(
                    "Only %d of the %d frames of %s were written: the disk may be full"
                    % (readable, self.count, self.path)
                )

    def keep(self, path: str) -> None:
        """Ends the file early and moves it to `path`, if it can be read."""
        if self.count:
            with suppress(OSError, ValueError):  # the error that led here is the one to raise
                self._close()
            if _readable_frames(self._plain):
                with atomic_path(path) as moved:
                    os.replace(self._temporary, moved)
                log.warning(
                    "the video is not finished; its first %d frames are in %s", self.count, path
                )

    def _open(self, shape: tuple[int, ...]) -> None:
        height, width = (side + side % 2 for side in shape[:2])
        self._temporary, self._shape = self._files.enter_context(atomic_path(self.path)), shape
        self._plain = self._files.enter_context(plain_path(self._temporary))
        try:
            self._encoder = open_encoder(self._plain, height, width, self.rate)
        except ValueError as error:
            raise ValueError(
                "%s cannot be written as video of %dx%d pixels (height x width) and %g frames "
                "per second (%s); use smaller frames or another rate"
                % (self.path, height, width, self.rate, error)
            ) from error

    def _close(self) -> None:
        """Closes the encoder, once."""
        if not self._closed:
            self._closed = True
            with self._errors():
                self._encoder.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Errors name the video instead of the temporary file."""
        try:
            yield
        except OSError as error:
            if error.errno and error.strerror:
                raise OSError(error.errno, error.strerror, self.path) from error
            raise OSError("%s: %s" % (self.path, error)) from error


def _unfinished(path: str) -> str:
    """<name>_unfinished.mp4, with the end of the name cut off where it would be too long."""
    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    while len(os.fsencode(stem + UNFINISHED_SUFFIX + extension)) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return os.path.join(folder, stem + UNFINISHED_SUFFIX + extension)


def _readable_frames(path: str) -> int:
    return video_facts(path).frames or 0


def _representable(rate: float) -> float:
    """The rate with as many decimals as MPEG-4's ticks have room for, three at most."""
    for decimals in (3, 2, 1):
        if rate * 10**decimals <= MAX_TICKS:
            return max(round(float(rate), decimals), 10.0**-decimals)
    return round(float(rate))
