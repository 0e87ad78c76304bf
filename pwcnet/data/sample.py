"""Samples: one pair of frames with what is known about it, before and after loading."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Hashable, Iterator, NamedTuple, Sequence

import cv2
import numpy as np

from pwcnet.data.ground_truth import read_ground_truth
from pwcnet.io.flow_files import decode_image, read_bytes, read_flow
from pwcnet.io.images import read_frame


class LoadedSample(NamedTuple):
    """The arrays of a sample.

    Attributes:
        frame1: [H, W, 3] uint8 RGB.
        frame2: [H, W, 3] uint8 RGB.
        flow: [H, W, 2] float32, pixels, channels (u, v), from frame 1 to frame 2. Its values mean
            nothing where `valid` is False. None without ground truth.
        valid: [H, W] bool, where the flow is known. None without ground truth.
        occlusion: [H, W] bool, pixels of frame 1 that are not visible in frame 2, or None.
        foreground: [H, W] bool, pixels of moving objects (KITTI's obj_map), or None.
        beyond: number of pixels of the flow's file that are not valid because their motion is
            beyond LARGEST_MOTION.
        visible: [H, W] bool, pixels with known flow that frame 2 shows too (KITTI's flow_noc), or
            None.
    """

    frame1: np.ndarray
    frame2: np.ndarray
    flow: Any = None
    valid: Any = None
    occlusion: np.ndarray | None = None
    foreground: np.ndarray | None = None
    beyond: Any = 0
    visible: np.ndarray | None = None


class BaseSample(ABC):
    """What samples of files and generated samples have in common.

    Attributes:
        id: unique in its data set, folders separated by "/": "alley_1/frames_0001_0002".
    """

    id: str

    @property
    @abstractmethod
    def has_ground_truth(self) -> bool:
        """Whether the flow is known."""

    @property
    @abstractmethod
    def has_invalid_mask(self) -> bool:
        """Whether there is a mask of pixels that `load(masked=True)` leaves out."""

    @property
    def is_sparse(self) -> bool:
        """Whether only some pixels have ground truth by the nature of its format."""
        return False

    @property
    def file_name(self) -> str:
        """The id as a file name without an extension: "alley_1-frames_0001_0002"."""
        return self.id.replace("/", "-")

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """Equal for two samples exactly where they are the same pair, whatever their ids."""

    @abstractmethod
    def describe(self) -> str:
        """Which pair it is, for messages."""

    @abstractmethod
    def load(self, masked: bool = False, with_occlusion: bool = True) -> LoadedSample:
        """The arrays of the sample.

        Args:
            masked: whether pixels of the invalid mask become invalid. The published Sintel numbers
                ignore that mask.
            with_occlusion: False where the masks of occlusion and visibility are not needed; they
                may then be None.

        Raises:
            FileNotFoundError: for a missing file.
            ValueError: for a broken file, or one whose size is not that of frame 1.
        """

    def paths(self, masked: bool = False, with_occlusion: bool = True) -> list[str]:
        """The files that `load` with the same arguments reads; none of generated samples."""
        return []


@dataclass(frozen=True)
class Sample(BaseSample):
    """The files of one pair; a file that the data set does not have is None.

    Attributes:
        id: unique in its data set, folders separated by "/": "alley_1/frames_0001_0002".
        frame1: path of an image.
        frame2: path of an image.
        flow: path of the flow from frame 1 to frame 2, in any format of
            `pwcnet.io.flow_files.read_flow`.
        occlusion: path of an image, non-zero where a pixel of frame 1 is not visible in frame 2.
        invalid: path of an image, non-zero where the flow is not to be trusted.
        foreground: path of an image, non-zero on moving objects (KITTI's obj_map).
        visible: path of a flow file that is valid where frame 2 shows the pixel too (flow_noc).
        double_flow: whether the flow file has twice the height and width of the frames, with values
            in pixels of the frames: every second row and column is taken.
        half: whether the pair is used at half the resolution of its files.
    """

    id: str
    frame1: str
    frame2: str
    flow: str | None = None
    occlusion: str | None = None
    invalid: str | None = None
    foreground: str | None = None
    half: bool = False
    visible: str | None = None
    double_flow: bool = False

    @property
    def has_ground_truth(self) -> bool:
        """Whether there is a flow file."""
        return self.flow is not None

    @property
    def has_invalid_mask(self) -> bool:
        """Whether there is a file that marks invalid pixels."""
        return self.invalid is not None

    @property
    def key(self) -> Hashable:
        """The real path of the flow file, or of frame 1 without ground truth."""
        return os.path.realpath(self.flow or self.frame1)

    @property
    def is_sparse(self) -> bool:
        """Whether the flow file is of KITTI's format, whose ground truth is of some pixels only."""
        return self.flow is not None and self.flow.lower().endswith(".png")

    def describe(self) -> str:
        """The path of frame 1."""
        return self.frame1

    def load(self, masked: bool = False, with_occlusion: bool = True) -> LoadedSample:
        """Reads the files; halves the arrays where `half` says so. See `BaseSample.load`."""
        frame1, frame2 = read_frame(self.frame1), read_frame(self.frame2)
        size = frame1.shape[:2]
        self._check_size(frame2, self.frame2, size)
        flow, valid, beyond = None, None, 0
        if self.flow is not None:
            flow, valid, beyond = read_ground_truth(self.flow)
            if self.double_flow:
                flow, valid = flow[::2, ::2], valid[::2, ::2]
            self._check_size(flow, self.flow, size)
            if masked and self.invalid is not None:
                valid = valid & ~self._read_mask(self.invalid, size)
        occlusion = self._read_mask(self.occlusion if with_occlusion else None, size)
        foreground = self._read_mask(self.foreground, size)
        loaded = LoadedSample(frame1, frame2, flow, valid, occlusion, foreground, beyond)
        if self.visible is not None and with_occlusion:
            visible = read_flow(self.visible)[1]
            self._check_size(visible, self.visible, size)
            loaded = loaded._replace(visible=visible)
        return halved(loaded) if self.half else loaded

    def paths(self, masked: bool = False, with_occlusion: bool = True) -> list[str]:
        """The files that `load` with the same arguments reads."""
        invalid = self.invalid if masked else None
        occlusion = self.occlusion if with_occlusion else None
        visible = self.visible if with_occlusion else None
        paths = self.frame1, self.frame2, self.flow, invalid, occlusion, self.foreground, visible
        return [path for path in paths if path is not None]

    def _read_mask(self, path: str | None, size: tuple[int, int]) -> Any:
        if path is None:
            return None
        # Not read as a frame: that would round small numbers of 16 bits to zero.
        mask = decode_image(read_bytes(path), path)
        self._check_size(mask, path, size)
        if mask.ndim == 2:
            return mask != 0
        return (mask[..., 0] | mask[..., 1] | mask[..., 2]) != 0  # much faster than any(axis=-1)

    def _check_size(self, array: np.ndarray, path: str, size: tuple[int, int]) -> None:
        if array.shape[:2] != size:
            raise ValueError(
                "%s has %dx%d pixels (height x width), %s has %dx%d; the files of a pair must have "
                "one size" % (path, *array.shape[:2], self.frame1, *size)
            )


class EndlessSamples(Sequence[BaseSample]):
    """Samples without end, in a fixed order that is not to be shuffled.

    As a sequence it has the nominal number of samples that count as one epoch.
    """

    def __init__(self, nominal_count: int):
        self._count = nominal_count

    @abstractmethod
    def sample(self, number: int) -> BaseSample:
        """The sample of a whole number from 0 on, without an upper limit."""

    @abstractmethod
    def __contains__(self, sample: object) -> bool:
        """Whether any number gives this pair."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[BaseSample]:
        return map(self.sample, range(self._count))

    def __getitem__(self, index: Any) -> Any:
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self.sample(index % self._count)


def halved(loaded: LoadedSample) -> LoadedSample:
    """The sample at half the height and width; an odd last row or column is dropped.

    Frames are the mean of 2x2 pixels. Flow is the mean of those of the four that are valid, in
    pixels of the small frame; it is valid where any of them is, so that sparse flow stays, and
    unknown values never get in. Occlusion and foreground are set where any of the four is.

    Raises:
        ValueError: for fewer than 2x2 pixels.
    """
    height, width = (size // 2 for size in loaded.frame1.shape[:2])
    if not (height and width):
        raise ValueError(
            "expected at least 2x2 pixels to halve, got %dx%d" % loaded.frame1.shape[:2]
        )

    def blocks(array: np.ndarray) -> np.ndarray:
        return array[: 2 * height, : 2 * width].reshape((height, 2, width, 2) + array.shape[2:])

    frame1, frame2 = (
        cv2.resize(frame[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
        for frame in (loaded.frame1, loaded.frame2)
    )
    masks = [
        None if mask is None else np.asarray(blocks(mask).any(axis=(1, 3)))
        for mask in (loaded.occlusion, loaded.foreground, loaded.visible)
    ]
    flow, valid = None, None
    if loaded.flow is not None:
        count = blocks(loaded.valid).sum(axis=(1, 3))
        known = np.where(loaded.valid[..., None], loaded.flow, np.float32(0))
        total = blocks(known).sum(axis=(1, 3))
        flow, valid = total / np.maximum(2 * count, 1).astype(np.float32)[..., None], count > 0
    return LoadedSample(frame1, frame2, flow, valid, masks[0], masks[1], loaded.beyond, masks[2])
