"""Videos out, and what a video's container says about it."""

import logging
import os
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, Optional

import cv2

from pwcnet.io.atomic import atomic_path

CODEC = "mp4v"  # MPEG-4 part 2: every OpenCV with FFmpeg writes it
UNFINISHED = "_unfinished"
LARGEST_COUNT, LARGEST_RATE = 10**8, 1000  # containers without a count or a rate claim wild numbers
LARGEST_TICKS = 65535  # MPEG-4's ticks a second

log = logging.getLogger(__name__)


class VideoFacts(NamedTuple):
    """count: frames. rate: frames a second. As the container says; None where it says nothing plausible."""

    count: Optional[int]
    rate: Optional[float]


def video_facts(path):
    """What a video's container says, a `VideoFacts`. The count may be an estimate: only reading tells. A file that cannot be opened says nothing."""
    capture = cv2.VideoCapture(os.fspath(path)) if os.path.isfile(path) else None
    if capture is None:
        return VideoFacts(None, None)
    count, rate = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return VideoFacts(
        int(count) if 1 <= count <= LARGEST_COUNT else None,
        rate if 0 < rate < LARGEST_RATE else None,
    )


@contextmanager
def video_sink(path, rate):
    """Yields a `VideoSink` that writes an mp4, completely or not under its name: `with video_sink("flow.mp4", 25) as video: video.write(picture)`.

    path: ends in .mp4. rate: frames a second, rounded to what MPEG-4 can say. The file lies hidden beside its place until the block ends well. Where the block
    ends by an error or Ctrl-C, what was written is kept as <name>_unfinished.mp4, which plays, and said in the log; what was at `path` before stays. The next
    success removes it. Raises OSError where fewer frames arrived in the file than were written: OpenCV's writer tells of no error, not even of a full disk.
    """
    path = os.fspath(path)
    unfinished = UNFINISHED.join(os.path.splitext(path))
    with ExitStack() as files:
        video = VideoSink(path, _sayable(rate), files)
        try:
            yield video
            video.close()
        except BaseException:
            video.keep(unfinished)
            raise
    if video.count and os.path.exists(unfinished):
        os.remove(unfinished)


class VideoSink:
    """Pictures into a video, one by one, none of them kept in memory. Made by `video_sink`.

    count: pictures written so far. With the first one the file is opened, hidden, in an ExitStack that renames or removes it.
    """

    def __init__(self, path, rate, files):
        self.path, self.rate, self.count = path, rate, 0
        self._files, self._writer, self._shape, self._temporary = files, None, None, None

    def write(self, picture):
        """picture: [H, W, 3] uint8 RGB, all of one size; odd sides are made even by repeating the edge, as the codec needs.

        Raises ValueError for a picture of another size than the first, and where OpenCV cannot write such a video.
        """
        if self._writer is None:
            self._open(picture.shape)
        if picture.shape != self._shape:
            raise ValueError(
                "expected pictures of one size, got %dx%d and then %dx%d (height x width) for %s; try one video for each"
                % (self._shape[:2] + picture.shape[:2] + (self.path,))
            )
        even = cv2.copyMakeBorder(
            picture, 0, picture.shape[0] % 2, 0, picture.shape[1] % 2, cv2.BORDER_REPLICATE
        )
        self._writer.write(cv2.cvtColor(even, cv2.COLOR_RGB2BGR))
        self.count += 1

    def close(self):
        """Ends the file and checks it; raises OSError as `video_sink` says."""
        if self.count:
            self._writer.release()
            found = _readable_frames(self._temporary)
            if found != self.count:
                raise OSError(
                    "expected to read back the %d frames of %s, got %d; try freeing some space"
                    % (self.count, self.path, found)
                )

    def keep(self, path):
        """Ends the file early and moves it to `path`, if it can be read."""
        if self.count:
            self._writer.release()
            if _readable_frames(self._temporary):
                with atomic_path(path) as moved:
                    os.replace(self._temporary, moved)
                log.warning(
                    "the video is not finished; its first %d frames are in %s", self.count, path
                )

    def _open(self, shape):
        height, width = (side + side % 2 for side in shape[:2])
        self._temporary, self._shape = self._files.enter_context(atomic_path(self.path)), shape
        self._writer = cv2.VideoWriter(
            self._temporary,
            cv2.CAP_FFMPEG,
            cv2.VideoWriter_fourcc(*CODEC),
            self.rate,
            (width, height),
        )
        if not self._writer.isOpened():
            raise ValueError(
                "expected OpenCV to write %s video of %dx%d (height x width) at %g frames a second, got a refusal for %s; try smaller frames, "
                "another rate, or pictures in the place of a video"
                % (CODEC, height, width, self.rate, self.path)
            )


def _readable_frames(path):
    return video_facts(path).count or 0


def _sayable(rate):
    """The rate with as many decimals as MPEG-4's ticks have room for, three at most."""
    for decimals in (3, 2, 1):
        if rate * 10**decimals <= LARGEST_TICKS:
            return max(round(float(rate), decimals), 10.0**-decimals)
    return round(float(rate))
