"""Encoders of mp4 videos: H.264 where an encoder is at hand, else VP9, else MPEG-4 part 2.

Browsers play the first two; players outside of browsers play all of them.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import lru_cache
from typing import Any, Callable, Iterator

import cv2
import numpy as np

H264 = "libx264"
H264_OPTIONS = {"preset": "fast", "crf": "18"}  # 18: hardly to be told from the image
Encoder = Any  # has write(image [H, W, 3] uint8 RGB of even sides) and close()


def open_encoder(path: str, height: int, width: int, rate: float) -> Encoder:
    """Opens the first of ENCODERS that this machine has.

    Args:
        path: The file, a plain path, see `pwcnet.io.names`.
        height: Of the images, even.
        width: Of the images, even.
        rate: Frames per second.

    Returns:
        An object with `write(image)` and `close()`. They raise OSError where the file cannot be
        written; OpenCV's encoders report no error.

    Raises:
        ValueError: No encoder takes such a video.
    """
    for create in ENCODERS:
        encoder = create(path, height, width, rate)
        if encoder is not None:
            return encoder
    raise ValueError("no encoder takes it")


class ProgramEncoder:
    """H.264 by the program ffmpeg."""

    def __init__(self, program: str, path: str, height: int, width: int, rate: float) -> None:
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "%dx%d" % (width, height)]
        target = ["-c:v", H264, "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", path]
        options = [word for item in H264_OPTIONS.items() for word in ("-" + item[0], item[1])]
        command = [program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y"] + source
        command += ["-framerate", "%g" % rate, "-i", "pipe:0"] + options + target
        self._notes = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._notes,
            start_new_session=True,  # Ctrl-C ends this program, which ends the video
        )
        self._input: Any = self._process.stdin

    def write(self, image: np.ndarray) -> None:
        """Appends an image."""
        try:
            self._input.write(image.tobytes())
        except OSError:
            self.close()

    def close(self) -> None:
        """Ends the file; raises OSError with ffmpeg's own words."""
        with suppress(OSError):  # it has ended already
            self._input.close()
        if self._process.wait():
            self._notes.seek(0)
            notes = self._notes.read().decode(errors="replace").strip().splitlines()
            raise OSError("ffmpeg cannot write the video: %s" % (notes[-1] if notes else "unknown"))


class PyAVEncoder:
    """H.264 by the package av."""

    def __init__(self, av: Any, path: str, height: int, width: int, rate: float) -> None:
        self._av = av
        self._container = av.open(path, "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream(
            H264, rate=Fraction(str(rate)), options=dict(H264_OPTIONS)
        )
        self._stream.height, self._stream.width = height, width
        self._stream.pix_fmt = "yuv420p"

    def write(self, image: np.ndarray) -> None:
        """Appends an image."""
        frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        with self._errors():
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Ends the file."""
        with self._errors():
            self._container.mux(self._stream.encode())
            self._container.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Errors of libraries below FFmpeg are those of a file."""
        try:
            yield
        except self._av.error.FFmpegError as error:
            if isinstance(error, OSError):
                raise
            raise OSError("H.264 cannot hold the video (%s)" % error) from error


class OpenCVEncoder:
    """A codec of OpenCV."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write(self, image: np.ndarray) -> None:
        """Appends an image."""
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        """Ends the file."""
        self._writer.release()


def program_encoder(path: str, height: int, width: int, rate: float) -> Encoder | None:
    """H.264 by ffmpeg on PATH; None where it is missing or lacks the codec."""
    program = shutil.which("ffmpeg")
    if program is None or not _has_h264(program):
        return None
    return ProgramEncoder(program, path, height, width, rate)


def pyav_encoder(path: str, height: int, width: int, rate: float) -> Encoder | None:
    """H.264 by the package av; None where it is missing or lacks the codec."""
    try:
        import av
    except ImportError:
        return None
    if H264 not in av.codecs_available:
        return None
    return PyAVEncoder(av, path, height, width, rate)


def imageio_encoder(path: str, height: int, width: int, rate: float) -> Encoder | None:
    """H.264 by the ffmpeg of the package imageio-ffmpeg; None where it is missing."""
    try:
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return None
    return ProgramEncoder(program, path, height, width, rate) if _has_h264(program) else None


def opencv_vp9(path: str, height: int, width: int, rate: float) -> Encoder | None:
    """VP9 by OpenCV; None where its build has none."""
    return _opencv("vp09", path, height, width, rate)


def opencv_mpeg4(path: str, height: int, width: int, rate: float) -> Encoder | None:
    """MPEG-4 part 2 by OpenCV, which every build with FFmpeg has; no browser plays it."""
    return _opencv("mp4v", path, height, width, rate)


def _opencv(codec: str, path: str, height: int, width: int, rate: float) -> Encoder | None:
    code = cv2.VideoWriter_fourcc(*codec)
    writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, code, rate, (width, height))
    return OpenCVEncoder(writer) if writer.isOpened() else None


@lru_cache(maxsize=None)
def _has_h264(program: str) -> bool:
    done = subprocess.run(
        [program, "-hide_banner", "-encoders"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return H264.encode() in done.stdout


ENCODERS: list[Callable[[str, int, int, float], Encoder | None]] = [
    program_encoder,
    pyav_encoder,
    imageio_encoder,
    opencv_vp9,
    opencv_mpeg4,
]
