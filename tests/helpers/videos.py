"""Videos for tests."""

import cv2
import pytest


def write_video(path, frames, rate=10):
    """Writes an MJPG video of frames [H, W, 3] uint8 RGB; returns its path.

    Skips the test where OpenCV cannot write such a video.
    """
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate, (width, height))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no MJPG video")
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return str(path)
