"""Frames of a video by PyAV, which tells which of them cannot be decoded."""

from __future__ import annotations

import importlib.util
import statistics
from collections import deque
from typing import Any, Iterator, NamedTuple

import numpy as np

from pwcnet.io.lost_frames import Frame, IrregularError, Lost, lost_of_video
from pwcnet.io.names import native_path
from pwcnet.io.pyav_packets import MIN_JUMP, PacketSurvey, survey_packets

RECENT = 31  # intervals between frames that say what the usual one is
# Codecs with one packet for each frame that is shown, in every container.
SEEKABLE = frozenset("h264 hevc mpeg4 mpeg2video vp9 av1 mjpeg ffv1 rawvideo prores".split())


def has_pyav() -> bool:
    """Whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def open_container(path: str) -> tuple[Any, Any]:
    """Opens a video.

    Args:
        path: The file.

    Returns:
        (container, its video stream).

    Raises:
        ValueError: PyAV cannot open the file, or it has no video.
    """
    import av

    try:
        with native_path(path) as name:
            container = av.open(name, metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise ValueError("%s is not a video that can be opened (%s)" % (path, error.strerror))
    stream = container.streams.best("video")
    if stream is None:
        container.close()
        raise ValueError("%s has no video stream" % path)
    if stream.codec_context is None:
        container.close()
        raise ValueError("%s has a video stream of an unknown codec" % path)
    return container, stream


def decode_frames(path: str, survey: PacketSurvey) -> Iterator[Frame | Lost]:
    """Decodes a video.

    Args:
        path: The file.
        survey: Of its packets.

    Yields:
        The frames in the order in which they are shown, and `Lost` where some are missing: they
        cannot be decoded, or depend on one that cannot.
    """
    import av

    container, stream = open_container(path)
    sequence = _Sequence(path, survey, stream)
    stream.codec_context.copy_opaque = True
    with container:
        for index, packet in _numbered_packets(container, stream):
            packet.opaque = index
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                sequence.failed.add(index)
                frames = []
            for frame in frames:
                yield from sequence.take(frame)
        yield from sequence.finish()


def decode_from(path: str, survey: PacketSurvey, first: int) -> Iterator[Frame]:
    """Decodes a regular video (`is_seekable`) from one of its frames on.

    Packets before the last key frame are read, but not decoded.

    Args:
        path: The file.
        survey: Of its packets.
        first: The number of the first frame to give, from 1 on.

    Yields:
        The same frames as `decode_frames`.

    Raises:
        IrregularError: A packet gives no frame, or a damaged one.
    """
    import av

    container, stream = open_container(path)
    sequence = _Sequence(path, survey, stream)
    stream.codec_context.copy_opaque = True
    places = {index: place for place, index in enumerate(survey.order)}
    key = survey.key_before(first - 1)
    # Frames before the first one count too, as those behind them are decoded from them.
    due = min(places.get(key, first - 1), first - 1)
    with container:
        for index, packet in _numbered_packets(container, stream):
            if index < key and packet.size:
                continue
            packet.opaque = index
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                raise _irregular(path, due + 1) from error
            for frame in frames:
                index = frame.opaque  # read once: PyAV may not know it a second time
                place = places.get(index, -1)
                if place < due:
                    continue
                if place > due or frame.is_corrupt:
                    raise _irregular(path, due + 1)
                due += 1
                if due >= first:
                    yield Frame(due, _image(frame), sequence.seconds(index))
    if due < len(survey.order):
        raise _irregular(path, due + 1)


def _irregular(path: str, number: int) -> IrregularError:
    return IrregularError("Frame %d of %s does not follow the one before" % (number, path))


def _numbered_packets(container: Any, stream: Any) -> Iterator[tuple[int, Any]]:
    """(index as in the survey, packet) of a stream; the packets that end it have no size."""
    index = 0
    for packet in container.demux(stream):
        if not packet.size and packet.dts is not None:
            continue  # AVI repeats a frame so
        yield index, packet
        index += 1


class _Sequence:
    """Numbers decoded frames, and finds out which packets gave none."""

    def __init__(self, path: str, survey: PacketSurvey, stream: Any):
        self.path, self.survey = path, survey
        self._tick = float(stream.time_base)
        interval = 1 / (stream.average_rate or 25) / stream.time_base
        self.failed = set(survey.corrupt)  # indices of packets
        self._places = {index: place for place, index in enumerate(survey.order)}
        self._place = 0  # in survey.order, of the next frame
        self._number = 0  # of the frame before, lost or not
        self._lost = 0  # frames lost since the last one that was given
        self._time: int | None = None
        self._intervals = deque([float(interval)], RECENT)
        self._waits_for_key = False

    def take(self, frame: Any) -> Iterator[Frame | Lost]:
        """What a decoded frame gives: nothing, or it, after those that are lost before it."""
        index = frame.opaque
        if index not in self._places:
            return
        time = self.survey.times.get(index)
        self._count_lost(self._skipped(self._places[index], time))
        if frame.is_corrupt or index in self.failed or self._waits_for_key and not frame.key_frame:
            self._count_lost(1)
        else:
            self._waits_for_key = False
            yield from self._report()
            self._number += 1
            yield Frame(self._number, _image(frame), self.seconds(index))
        self._time = time

    def seconds(self, index: int) -> float | None:
        """The time of a packet's frame since the first frame; None where it is unknown."""
        if not self.survey.times:
            return None
        return (self.survey.times[index] - self.survey.times[self.survey.order[0]]) * self._tick

    def finish(self) -> Iterator[Lost]:
        """What is lost at the end."""
        rest = [index for index in self.survey.order[self._place :] if self._is_due(index)]
        self._count_lost(len(rest) + self.survey.lost_at_end)
        yield from self._report()

    def _skipped(self, place: int, time: int | None) -> int:
        """The number of frames lost before the one at this place in the survey's order."""
        passed = self.survey.order[self._place : place]
        lost = sum(
            self.survey.holes.get(index, 0) for index in self.survey.order[self._place : place + 1]
        )
        if time is not None and self._time is not None:
            step = time - self._time
            if step < MIN_JUMP * statistics.median(self._intervals):
                # Packets without a frame of their own: second fields, hidden reference frames.
                passed = [index for index in passed if index in self.failed]
            if step < MIN_JUMP * statistics.median(self._intervals):
                self._intervals.append(step)
        else:
            passed = [index for index in passed if index in self.failed]
        self._place = max(self._place, place + 1)
        return lost + len(passed)

    def _is_due(self, index: int) -> bool:
        """Whether a packet at the end, of which no frame came, should have given one."""
        if index in self.failed or self._time is None or not self.survey.times:
            return index in self.failed
        step = self.survey.times[index] - self._time
        return step > MIN_JUMP / 2 * statistics.median(self._intervals)

    def _count_lost(self, count: int) -> None:
        self._lost += count
        self._number += count
        if count and not self.survey.is_intra:
            self._waits_for_key = True

    def _report(self) -> Iterator[Lost]:
        if self._lost:
            first = self._number - self._lost + 1
            yield lost_of_video(self.path, first, self._lost, "they cannot be decoded")
        self._lost = 0


def _image(frame: Any) -> np.ndarray:
    image = frame.to_ndarray(format="rgb24", interpolation="BICUBIC")
    return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)))


class VideoSurvey(NamedTuple):
    """What is known of a video before it is decoded.

    Attributes:
        packets: What its packets tell.
        rate: Frames per second; None where they are unknown.
        is_seekable: Whether it can be decoded from any frame on.
    """

    packets: PacketSurvey
    rate: float | None
    is_seekable: bool


def survey_video(path: str) -> VideoSurvey:
    """Reads a video's packets without decoding them; errors as `pyav_video`."""
    container, stream = open_container(path)
    with container:
        packets = survey_packets(container, stream)
        rate = float(stream.average_rate) if stream.average_rate else None
        codec = stream.codec_context.name
    return VideoSurvey(packets, rate, packets.is_regular and codec in SEEKABLE)


def pyav_video(path: str) -> tuple[Iterator[Frame | Lost], int, float | None]:
    """Opens a video; its packets are read once before, without decoding them.

    Args:
        path: The file.

    Returns:
        (its frames in order, their number, frames per second).

    Raises:
        ValueError: PyAV cannot open the file, or it has no video.
    """
    survey = survey_video(path)
    return decode_frames(path, survey.packets), survey.packets.total, survey.rate
