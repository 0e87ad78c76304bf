"""A frame of a film as an image of a page."""

from __future__ import annotations

import os
from contextlib import closing

from pwcnet.archive.items import Item
from pwcnet.archive.probe import probe
from pwcnet.evaluation.html.gallery import PageImage, page_image
from pwcnet.io.frames import Range, open_frames
from pwcnet.io.lost_frames import Frame, IrregularError
from pwcnet.io.pyav_frames import has_pyav
from pwcnet.io.stretches import read_stretch, survey_sequence

WIDTH = 320  # pixels
# Where all frames before one have to be decoded to reach it, none further on is shown.
DECODED = 2000


def middle_picture(item: Item, pairs: int) -> PageImage:
    """The frame in the middle of an item; a long video without an index gives an earlier one.

    Args:
        item: The video or folder of frames.
        pairs: Of the item; half of them is where the middle is if the file does not tell.

    Raises:
        FileNotFoundError: The file or folder is gone.
        ValueError: The frame cannot be read.
        OSError: Likewise.
    """
    if not os.path.exists(item.path):
        raise FileNotFoundError("%s is gone" % item.path)
    distance = (probe(item).frames or pairs) // 2
    is_regular = os.path.isdir(item.path) or (has_pyav() and survey_sequence(item.path).is_regular)
    number = item.first + (distance if is_regular else min(distance, DECODED))
    frame = _frame_of_stretch(item.path, number) if is_regular or not has_pyav() else None
    if frame is None:
        frame = _frame_from_start(item.path, number)
    return page_image("Frame %d" % frame.number, frame.image, None, ".jpg", WIDTH)


def _frame_of_stretch(path: str, number: int) -> Frame | None:
    try:
        with closing(read_stretch(path, Range(number, number))) as frames:
            return next(frames, None)
    except IrregularError:
        return None


def _frame_from_start(path: str, number: int) -> Frame:
    for frame in open_frames([path], Range(number)).frames:
        if isinstance(frame, Frame):
            return frame
    raise ValueError("%s has no frame %d" % (path, number))
