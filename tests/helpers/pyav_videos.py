"""Videos in all containers, made by PyAV, and damage to them."""

from fractions import Fraction

import pytest


def write_pyav_video(
    path, frames, codec="libx264", pixels="yuv420p", gop=12, times=None, options=None
):
    """Writes a video of 25 frames per second; skips the test where PyAV is missing.

    Args:
        path: The file; its extension is the container.
        frames: [H, W, 3] uint8 RGB.
        codec: The name of FFmpeg's encoder.
        pixels: The pixel format.
        gop: The number of frames from one key frame to the next.
        times: Milliseconds of each frame, for a variable rate.
        options: Of the encoder, {name: text}.

    Returns:
        The path as text.
    """
    av = pytest.importorskip("av")
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.gop_size = gop
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if times:
                frame.pts, frame.time_base = times[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


def packets(path):
    """(position, size, is key) of the packets of a video."""
    import av

    with av.open(path) as container:
        return [
            (packet.pos, packet.size, packet.is_keyframe)
            for packet in container.demux(container.streams.video[0])
            if packet.size
        ]


def overwrite(path, start, length, byte=0x55):
    """Replaces bytes of a file."""
    with open(path, "r+b") as stream:
        stream.seek(start)
        stream.write(bytes([byte]) * length)


def rotate(path, degrees):
    """Rewrites the matrix of an MP4 file's video so that players rotate it clockwise."""
    matrices = {
        90: "00000000 00010000 00000000 ffff0000 00000000 00000000 00000000 00000000 40000000",
        180: "ffff0000 00000000 00000000 00000000 ffff0000 00000000 00000000 00000000 40000000",
        270: "00000000 ffff0000 00000000 00010000 00000000 00000000 00000000 00000000 40000000",
    }
    with open(path, "rb") as stream:
        data = stream.read()
    unity = bytes.fromhex("00010000") + bytes(12) + bytes.fromhex("00010000")
    start = data.index(unity, data.index(b"tkhd"))
    with open(path, "r+b") as stream:
        stream.seek(start)
        stream.write(bytes.fromhex(matrices[degrees].replace(" ", "")))
