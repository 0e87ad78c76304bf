"""The packets of a video without decoding them (PyAV): how many frames, and where some are gone."""

from __future__ import annotations

import statistics
from typing import Any, NamedTuple

# Jumps of less than this many intervals are those of a variable rate.
MIN_JUMP = 1.5
# A demuxer that reports an error goes on a few packets away from where the times jump.
NEIGHBORS = 16


class PacketFacts(NamedTuple):
    """A packet of the video stream.

    Attributes:
        time: When its frame is shown, in ticks of the stream; None where the container says not.
        is_key: Whether it can be decoded without others.
        is_corrupt: Whether the container knows that it is damaged.
        is_discarded: Whether an edit list leaves it out.
    """

    time: int | None
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
        is_intra: Whether every packet can be decoded without others.
        corrupt: Indices of packets that the container knows to be damaged.
    """

    order: list[int]
    times: dict[int, int]
    holes: dict[int, int]
    lost_at_end: int
    is_intra: bool
    corrupt: frozenset[int]


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
                        packets.append(_facts(packet))
                    empty += not packet.size and packet.dts is not None
            except av.error.FFmpegError:
                breaks.append(len(packets))
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips)
    lost_at_end = max(0, stream.frames - len(packets) - empty)
    return _survey(packets, breaks, lost_at_end, _end(container, stream))


def _facts(packet: Any) -> PacketFacts:
    time = packet.pts if packet.pts is not None else packet.dts
    return PacketFacts(time, packet.is_keyframe, packet.is_corrupt, packet.is_discard)


def _reports(container: Any, messages: list) -> bool:
    return any(name == container.format.name for _, name, _ in messages)


def _end(container: Any, stream: Any) -> float | None:
    """When the container says that it ends, in ticks of the stream."""
    if container.duration is None:
        return None
    start = container.start_time or 0
    return float((start + container.duration) / 1000000 / stream.time_base)


def _survey(
    packets: list[PacketFacts], breaks: list[int], lost_at_end: int, end: float | None
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
        steps = [times[after] - times[before] for before, after in zip(order, order[1:])]
        interval = statistics.median(steps)
        damaged = {*breaks, *corrupt}
        holes = _holes(order, steps, interval, damaged)
        if len(packets) in damaged and end is not None and not lost_at_end:
            lost_at_end = max(0, round((end - times[order[-1]]) / interval - 1))
    return PacketSurvey(
        order,
        times if is_timed else {},
        holes,
        lost_at_end,
        len(keys) == len(packets),
        corrupt,
    )


def _holes(
    order: list[int], steps: list[int], interval: float, damaged: set[int]
) -> dict[int, int]:
    """The jumps of the times near each place where the container is damaged."""
    places = {index: place for place, index in enumerate(order)}
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
