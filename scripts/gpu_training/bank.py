"""The surfaces and outlines of scenes, on the device: photographs, and generated ones without end.

Processes on the CPU make textures and outlines while the GPU trains; they take the place of the
oldest ones from time to time.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np
import torch

from pwcnet.data.synthetic.textures import SIZE
from scripts.gpu_training.atlas import read_photographs, with_mip_levels
from scripts.gpu_training.random_numbers import RandomNumbers
from scripts.gpu_training.texture_process import MASK, STREAMS, TEXTURE, TextureProcesses, make

PHOTOGRAPHS_SHARE = 0.6  # of surfaces, where there are photographs
UPLOADED = 64  # textures at once
AHEAD = 64  # textures, and outlines


class Surfaces:
    """Textures and outlines that scenes draw from.

    Args:
        device: where they lie.
        images: [N, 3, 512, 512] uint8 RGB, photographs first.
        photographs: how many of them are photographs.
        masks: [256, 256] float32, signed distance to an outline, and [4] float32, the box of its
            inside, each; see `texture_process.make`.

    Attributes:
        device: where they lie.
        atlas: [N, 3, 512, 768] uint8 with mip levels.
        levels: [M, 1, 256, 256] float32, signed distances to outlines in their own pixels.
        boxes: [M, 4] float32, left, top, right, bottom of the outlines' insides.
        photographs: how many.
    """

    def __init__(
        self, device: torch.device, images: np.ndarray, photographs: int, masks: Sequence[tuple]
    ):
        self.device, self.photographs = torch.device(device), photographs
        parts = (images[k : k + UPLOADED] for k in range(0, len(images), UPLOADED))
        self.atlas = torch.cat([with_mip_levels(self.on_device(part)) for part in parts])
        levels, boxes = (np.stack(column) for column in zip(*masks))
        self.levels, self.boxes = self.on_device(levels)[:, None], self.on_device(boxes)

    def on_device(self, array: np.ndarray) -> torch.Tensor:
        """The array on the device."""
        return torch.from_numpy(array).to(self.device)

    def pick(self, n: int, random: RandomNumbers) -> torch.Tensor:
        """[n] indices into the atlas, PHOTOGRAPHS_SHARE of them photographs."""
        made = random.integers(len(self.atlas), n, low=self.photographs)
        if not self.photographs:
            return made
        photograph = random.integers(self.photographs, n)
        return torch.where(random.rand(n) < PHOTOGRAPHS_SHARE, photograph, made)


def generated_surfaces(device: torch.device, count: int, seed: int) -> Surfaces:
    """`count` generated textures and outlines, made here."""
    textures, masks = ([make(kind, seed, n) for n in range(count)] for kind in STREAMS)
    return Surfaces(device, np.stack([texture for (texture,) in textures]), 0, masks)


class Bank(Surfaces):
    """Surfaces that are exchanged, with the processes that make new ones.

    Args:
        device: where they lie.
        textures: how many generated textures are in use at a time, and as many outlines.
        seed: whole number in 0..2^32-1.
        photographs: a folder of images; None for generated textures alone.
        processes: that make textures; None for one a CPU core.
        begin: what `state` returned, to go on from there.
        ahead: textures, and outlines, that are made before `exchange` wants them.

    Raises:
        FileNotFoundError: there is no folder of photographs.
        ValueError: it has no image that serves.
        OSError: a process that makes textures has ended.

    Attributes:
        exchanged: textures and outlines that have taken the place of others.
    """

    def __init__(
        self,
        device: torch.device,
        textures: int = 512,
        seed: int = 0,
        photographs: str | None = None,
        processes: int | None = None,
        begin: dict[str, int] | None = None,
        ahead: int = AHEAD,
    ):
        self._count, self.exchanged = textures, 0
        begin = begin or dict.fromkeys(STREAMS, 0)
        self._processes = TextureProcesses(seed, processes, begin)
        try:
            for kind in STREAMS:
                self._processes.ask(kind, textures + ahead)
            images = np.zeros((0, 3, SIZE, SIZE), np.uint8)
            if photographs:
                images = read_photographs(photographs)
            made = {kind: self._first(kind, begin[kind] % textures) for kind in STREAMS}
        except BaseException:
            self._processes.close()
            raise
        textures_made = np.stack([texture for (texture,) in made[TEXTURE]])
        super().__init__(device, np.concatenate((images, textures_made)), len(images), made[MASK])
        self._stream = torch.cuda.Stream() if self.device.type == "cuda" else None

    def _first(self, kind, place):
        """What is in use at the beginning; the number n lies at the place n % count."""
        made = [self._processes.take(kind) for _ in range(self._count)]
        return made[-place:] + made[:-place] if place else made

    def exchange(self, most: int) -> None:
        """Puts up to `most` textures and outlines that are ready instead of the oldest.

        Uploads go through a stream of their own, so that nothing waits for the training.
        """
        for kind in STREAMS:
            for _ in range(most):
                place = self._processes.numbers()[kind] % self._count
                made = self._processes.take(kind, wait=False)
                if made is None:
                    break
                self._processes.ask(kind, 1)
                arrays = self._uploaded(made)
                if kind == TEXTURE:
                    self.atlas[self.photographs + place].copy_(with_mip_levels(arrays[0][None])[0])
                else:
                    self.levels[place, 0].copy_(arrays[0])
                    self.boxes[place].copy_(arrays[1])
                self.exchanged += 1

    def _uploaded(self, arrays):
        if self._stream is None:
            return [torch.from_numpy(array) for array in arrays]
        with torch.cuda.stream(self._stream):
            tensors = [self.on_device(array) for array in arrays]
        torch.cuda.current_stream().wait_stream(self._stream)
        for tensor in tensors:
            tensor.record_stream(torch.cuda.current_stream())
        return tensors

    def state(self) -> dict[str, int]:
        """{kind: first number in use}: a bank that begins there holds the same."""
        return {kind: n - self._count for kind, n in self._processes.numbers().items()}

    def close(self) -> None:
        """Ends the processes."""
        self._processes.close()
