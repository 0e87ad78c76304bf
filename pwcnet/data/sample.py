"""A sample of any data set: the files of one pair of frames, and what is in them."""

from dataclasses import dataclass
from typing import Callable, NamedTuple, Optional

import cv2
import numpy as np

from pwcnet.io.flow_files import decode_image, read_bytes, read_flow
from pwcnet.io.images import read_frame


@dataclass(frozen=True)
class Sample:
    """The files of one pair; a file that the data set does not have is None. Data sets are lists of these.

    id: unique in its data set, folders separated by "/": "alley_1/frames_0001_0002".
    frame1, frame2: images. flow: from frame1 to frame2, any format of `pwcnet.io.flow_files.read_flow`.
    occlusion, invalid: images, non-zero where a pixel of frame1 is not visible in frame2, or its flow is not to be trusted.
    foreground: an image, non-zero on moving objects (KITTI's obj_map). half: the pair is used at half its files' resolution.
    make: a function of nothing that makes what `load_sample` returns, for pairs without files; the names above are then for messages alone.
    """

    id: str
    frame1: str
    frame2: str
    flow: Optional[str] = None
    occlusion: Optional[str] = None
    invalid: Optional[str] = None
    foreground: Optional[str] = None
    half: bool = False
    make: Optional[Callable] = None

    @property
    def file_name(self):
        """The id as a file name without an ending: "alley_1-frames_0001_0002"."""
        return self.id.replace("/", "-")


class Endless:
    """Samples without end, in an order of their own, which is not to be shuffled.

    sample: function of a whole number from 0 on that gives the Sample there. count: how many count as all of them, for those that ask for the length.
    """

    def __init__(self, sample, count):
        self.sample, self._count = sample, count

    def __len__(self):
        return self._count

    def __iter__(self):
        return map(self.sample, range(self._count))

    def __getitem__(self, index):
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self.sample(index % self._count)


class Loaded(NamedTuple):
    """What is in a sample's files.

    frame1, frame2: [H, W, 3] uint8 RGB. flow: [H, W, 2] float32, pixels, channels (u, v); its values mean nothing where `valid` is False.
    valid, occlusion, foreground: [H, W] bool. All but the frames are None where the sample has no such file.
    """

    frame1: np.ndarray
    frame2: np.ndarray
    flow: Optional[np.ndarray]
    valid: Optional[np.ndarray]
    occlusion: Optional[np.ndarray]
    foreground: Optional[np.ndarray] = None


def load_sample(sample, masked=False):
    """Reads a sample's files into a `Loaded`, halved by `halved` where the sample says so.

    masked: pixels of the sample's `invalid` mask are not valid either (the published Sintel numbers ignore that mask).
    Raises FileNotFoundError for a missing file, ValueError for a broken one or one whose size is not that of frame1.
    """
    if sample.make is not None:
        return sample.make()
    frame1, frame2 = read_frame(sample.frame1), read_frame(sample.frame2)
    size = frame1.shape[:2]
    _check_size(frame2, sample.frame2, size, sample.frame1)
    flow, valid = None, None
    if sample.flow is not None:
        flow, valid = read_flow(sample.flow)
        _check_size(flow, sample.flow, size, sample.frame1)
        if masked and sample.invalid is not None:
            valid = valid & ~_read_mask(sample.invalid, size, sample.frame1)
    occlusion, foreground = (
        path and _read_mask(path, size, sample.frame1)
        for path in (sample.occlusion, sample.foreground)
    )
    loaded = Loaded(frame1, frame2, flow, valid, occlusion, foreground)
    return halved(loaded) if sample.half else loaded


def halved(loaded):
    """A `Loaded` of half the height and width; an odd last row or column is dropped. Raises ValueError for fewer than 2x2 pixels.

    Frames: the mean of 2x2 pixels. Flow: the mean of those of the four that are valid, in pixels of the small frame; it is valid where any of them is, so that
    sparse flow stays, and unknown values never get in. Occlusion, foreground: where any of the four is.
    """
    height, width = (size // 2 for size in loaded.frame1.shape[:2])
    if not (height and width):
        raise ValueError(
            "expected at least 2x2 pixels to halve, got %dx%d; try the full resolution"
            % loaded.frame1.shape[:2]
        )

    def blocks(array):
        return array[: 2 * height, : 2 * width].reshape((height, 2, width, 2) + array.shape[2:])

    frame1, frame2 = (
        cv2.resize(frame[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
        for frame in (loaded.frame1, loaded.frame2)
    )
    occlusion, foreground = (
        None if mask is None else blocks(mask).any(axis=(1, 3))
        for mask in (loaded.occlusion, loaded.foreground)
    )
    flow, valid = None, None
    if loaded.flow is not None:
        count = blocks(loaded.valid).sum(axis=(1, 3))
        total = blocks(np.where(loaded.valid[..., None], loaded.flow, np.float32(0))).sum(
            axis=(1, 3)
        )
        flow, valid = total / np.maximum(2 * count, 1).astype(np.float32)[..., None], count > 0
    return Loaded(frame1, frame2, flow, valid, occlusion, foreground)


def _read_mask(path, size, frame_path):
    mask = decode_image(
        read_bytes(path), path
    )  # not as a frame: that would round small numbers of 16 bits to zero
    _check_size(mask, path, size, frame_path)
    return (
        mask != 0 if mask.ndim == 2 else (mask[..., 0] | mask[..., 1] | mask[..., 2]) != 0
    )  # many times faster than any(axis=-1)


def _check_size(array, path, size, frame_path):
    if array.shape[:2] != size:
        raise ValueError(
            "expected %dx%d pixels (height x width) as in %s, got %dx%d in %s; try the files of one data set"
            % (size[0], size[1], frame_path, array.shape[0], array.shape[1], path)
        )
