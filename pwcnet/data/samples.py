"""A sample of any data set: the files of one pair of frames, and what is in them."""
from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np

from pwcnet.data.frames import read_frame
from pwcnet.flow.files import read_flow


@dataclass(frozen=True)
class Sample:
    """The files of one pair; a file that the data set does not have is None. Data sets are lists of these.

    id: unique in its data set, folders separated by "/": "alley_1/frames_0001_0002".
    frame1, frame2: images. flow: from frame1 to frame2, any format of `pwcnet.flow.files.read_flow`.
    occlusion, invalid: images, non-zero where a pixel of frame1 is not visible in frame2, or its flow is not to be trusted.
    """
    id: str
    frame1: str
    frame2: str
    flow: Optional[str] = None
    occlusion: Optional[str] = None
    invalid: Optional[str] = None

    @property
    def file_name(self):
        """The id as a file name without an ending: "alley_1-frames_0001_0002"."""
        return self.id.replace("/", "-")


class Loaded(NamedTuple):
    """What is in a sample's files.

    frame1, frame2: [H, W, 3] uint8 RGB. flow: [H, W, 2] float32, pixels, channels (u, v); its values mean nothing where `valid` is False.
    valid: [H, W] bool. occlusion: [H, W] bool. The last three are None where the sample has no such file.
    """
    frame1: np.ndarray
    frame2: np.ndarray
    flow: Optional[np.ndarray]
    valid: Optional[np.ndarray]
    occlusion: Optional[np.ndarray]


def load_sample(sample, masked=False):
    """Reads a sample's files into a `Loaded`.

    masked: pixels of the sample's `invalid` mask are not valid either (the published Sintel numbers ignore that mask).
    Raises FileNotFoundError for a missing file, ValueError for a broken one or one whose size is not that of frame1.
    """
    frame1, frame2 = read_frame(sample.frame1), read_frame(sample.frame2)
    size = frame1.shape[:2]
    _check_size(frame2, sample.frame2, size, sample.frame1)
    flow, valid = None, None
    if sample.flow is not None:
        flow, valid = read_flow(sample.flow)
        _check_size(flow, sample.flow, size, sample.frame1)
        if masked and sample.invalid is not None:
            valid = valid & ~_read_mask(sample.invalid, size, sample.frame1)
    occlusion = None if sample.occlusion is None else _read_mask(sample.occlusion, size, sample.frame1)
    return Loaded(frame1, frame2, flow, valid, occlusion)


def _read_mask(path, size, frame_path):
    mask = read_frame(path)
    _check_size(mask, path, size, frame_path)
    return mask.any(axis=-1)


def _check_size(array, path, size, frame_path):
    if array.shape[:2] != size:
        raise ValueError("expected %dx%d pixels (height x width) as in %s, got %dx%d in %s; try the files of one data set" % (
            size[0], size[1], frame_path, array.shape[0], array.shape[1], path))
