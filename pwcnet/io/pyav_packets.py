"""The packets of a video without decoding them (PyAV): how many frames, and where some are gone."""

from __future__ import annotations

import statistics
from typing import Any, NamedTuple

# Jumps of less than this many intervals are those of a variable rate.
MIN_JUMP = 1.5
MIN_STEPS = 5  # between frames, for a median of them
# A demuxer that reports an error goes on a few packets away from where the times jump.
NEIGHBORS = 16
# How the blocks of a GIF's frame end, the last of which the end of the file may follow. FFmpeg
# decodes a frame that breaks off without an error.
GIF_ENDS = b"\0", b"\0;"


class PacketFacts(NamedTuple):
    """A packet of the video stream.

    Attributes:
        time: When its frame is shown, in ticks of the stream; None where the container says not.
        decoded: When it is decoded, likewise.
        is_key: Whether it can be decoded without others.
        is_corrupt: Whether the container knows that it is damaged.
        is_discarded: Whether an edit list leaves it out.
    """

    time: int | None
    decoded: int | None
    is_key: bool
    is_corrupt: bool
    is_discarded: bool


class PacketSurvey(NamedTuple):
    """What the packets of a video tell.

    Attributes:
        order: Indices of the packets in the order in which their frames are shown, without those
            before the first key frame.
        times: Time by index; empty where the container has none.
        holes: {index: frames lost before it}, where the container is damaged and times jump.
        lost_at_end: Frames that the container promises and does not have at its end.
        keys: Indices of the packets that can be decoded without others.
        is_intra: Whether every packet can.
        corrupt: Indices of packets that the container knows to be damaged.
    """

    order: list[int]
    times: dict[int, int]
    holes: dict[int, int]
    lost_at_end: int
    keys: list[int]
    is_intra: bool
    corrupt: frozenset[int]

    @property
    def is_regular(self) -> bool:
        """Whether the container is whole, so that each packet stands for one frame."""
        return bool(self.times) and not (self.holes or self.lost_at_end or self.corrupt)

    @property
    def total(self) -> int:
        """The number of frames, lost ones too."""
        return len(self.order) + sum(self.holes.values()) + self.lost_at_end

    def key_before(self, place: int) -> int:
        """The index of the last packet from which the frame at a place in `order` can be decoded.

        Frames that are shown before the key frame itself may need the one before.
        """
        places = {index: place for place, index in enumerate(self.order)}
        before = [key for key in self.keys if places.get(key, place + 1) <= place]
        return max(before, default=0)


def survey_packets(container: Any, stream: Any) -> PacketSurvey:
    """Reads all packets of a video's stream; the container has to be opened again to decode.

    Args:
        container: Of av.open.
        stream: Its video stream.
    """
    import av

    packets: list[PacketFacts] = []
    breaks: list[int] = []  # indices of the packets that follow an error
    empty = 0
    level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture(local=True) as messages:
            seen = 0
            try:
                for packet in container.demux(stream):
                    if _reports(container, messages[seen:]):
                        breaks.append(len(packets))
                    seen = len(messages)
                    if packet.size:
                        packets.append(_facts(packet, stream.codec_context.name))
                    empty += not packet.size and packet.dts is not None
            except av.error.FFmpegError:
                breaks.append(len(packets))
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips)
    lost_at_end = max(0, stream.frames - len(packets) - empty)
    interval = _nominal_interval(packets, stream)
    if stream.codec_context.has_b_frames and not stream.frames and _is_cut_off(packets, interval):
        breaks.append(len(packets))
    return _survey(packets, breaks, lost_at_end, _end(container, stream), interval)


def _facts(packet: Any, codec: str) -> PacketFacts:
    time = packet.pts if packet.pts is not None else packet.dts
    breaks_off = codec == "gif" and not bytes(packet).endswith(GIF_ENDS)
    is_corrupt = packet.is_corrupt or breaks_off
    return PacketFacts(time, packet.dts, packet.is_keyframe, is_corrupt, packet.is_discard)


def _reports(container: Any, messages: list) -> bool:
    return any(name == container.format.name for _, name, _ in messages)


def _end(container: Any, stream: Any) -> float | None:
    """When the container says that it ends, in ticks of the stream."""
    if container.duration is None:
        return None
    start = container.start_time or 0
    return float((start + container.duration) / 1000000 / stream.time_base)


def _nominal_interval(packets: list[PacketFacts], stream: Any) -> float | None:
    """Ticks between frames by the container's rate, or by the times of decoding."""
    if stream.average_rate:
        return float(1 / (stream.average_rate * stream.time_base))
    decoded = [packet.decoded for packet in packets if packet.decoded is not None]
    return statistics.median(_steps(decoded)) if len(decoded) > 1 else None


def _is_cut_off(packets: list[PacketFacts], interval: float | None) -> bool:
    """Whether frames before the last ones are missing.

    The last frames of a whole video follow one another. Where it was cut off, those between the
    last two references are gone, which would have been decoded after both. A video of a variable
    rate may have such jumps anyway, and is not judged.
    """
    times = sorted(packet.time for packet in packets if packet.time is not None)
    jumps = [interval is not None and step >= MIN_JUMP * interval for step in _steps(times)]
    is_constant = not any(jumps[:-NEIGHBORS]) and sum(jumps) <= len(jumps) / 4 + 1
    return is_constant and any(jumps[-NEIGHBORS:])


def _steps(times: list[int]) -> list[int]:
    return [after - before for before, after in zip(times, times[1:])]


def _survey(
    packets: list[PacketFacts],
    breaks: list[int],
    lost_at_end: int,
    end: float | None,
    nominal: float | None,
) -> PacketSurvey:
    keys = [index for index, packet in enumerate(packets) if packet.is_key]
    first = keys[0] if keys else 0
    known = [packet.time for packet in packets if packet.time is not None]
    is_timed = len(packets) == len(set(known)) > 1
    times = {index: packet.time for index, packet in enumerate(packets) if packet.time is not None}
    order = [
        index
        for index in range(first, len(packets))
        if not packets[index].is_discarded and not (is_timed and times[index] < times[first])
    ]
    if is_timed:
        order.sort(key=times.__getitem__)
    corrupt = frozenset(index for index, packet in enumerate(packets) if packet.is_corrupt)
    holes: dict[int, int] = {}
    if is_timed and len(order) > 1:
        steps = _steps([times[index] for index in order])
        interval = float(statistics.median(steps))
        if nominal is not None and len(steps) < MIN_STEPS:
            interval = nominal
        damaged = {*breaks, *corrupt}
        holes = _holes(order, steps, interval, damaged)
        if len(packets) in damaged and end is not None and not lost_at_end:
            lost_at_end = max(0, round((end - times[order[-1]]) / interval - 1))
    return PacketSurvey(
        order,
        times if is_timed else {},
        holes,
        lost_at_end,
        keys,
        len(keys) == len(packets),
        corrupt,
    )


def _holes(
    order: list[int], steps: list[int], interval: float, damaged: set[int]
) -> dict[int, int]:
    """The jumps of the times near each place where the container is damaged."""
    places = {index: place for place, index in enumerate(order)}
    places[max(order) + 1] = len(order)  # the end
    holes = {}
    for index in damaged:
        if index not in places:
            continue
        place = places[index]
        near = range(max(0, place - NEIGHBORS), min(len(steps), place + NEIGHBORS))
        for jump in near:
            if steps[jump] >= MIN_JUMP * interval:
                holes[order[jump + 1]] = max(1, round(steps[jump] / interval) - 1)
    return holes
