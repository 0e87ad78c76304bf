"""Raw float32 files exchanged with msame and ais_bench.

All files are little-endian float32 in C order without a header, named after the pair:
image/NAME.bin is a pair of frames [2, H, W, 3], RGB in 0..1; gt/NAME.bin and predictions are flow
[H, W, 2] in pixels, channels (u, v). H x W is the network's size; frames have zeros added at the
bottom and at the right.
"""

from __future__ import annotations

import os
import time
from typing import Callable, Generator, Iterator, Mapping, Sequence

import numpy as np

from pwcnet.ascend.result_folders import match_predictions
from pwcnet.evaluation.scoring import Result, score, value_errors_naming
from pwcnet.flow.padding import crop
from pwcnet.inference.frames import check_range
from pwcnet.io.atomic import write_bytes
from pwcnet.io.folders import list_names
from pwcnet.io.prefetch import BackgroundWriter, prefetch

IMAGE_FOLDER, GROUND_TRUTH_FOLDER = "image", "gt"
EXTENSION = ".bin"
DTYPE = np.dtype("<f4")


def write_raw(path: str, array: np.ndarray) -> None:
    """Writes an array as float32, completely or not at all."""
    write_bytes(path, np.asarray(array, DTYPE).tobytes())


def read_raw(path: str, shape: Sequence[int]) -> np.ndarray:
    """Reads a raw file.

    Args:
        path: The file.
        shape: Shape of its array.

    Returns:
        A float32 array.

    Raises:
        ValueError: The file does not have the size of the shape.
    """
    with open(path, "rb") as stream:
        data = stream.read()
    if len(data) != raw_size(shape):
        raise ValueError(
            "%s has %d bytes, float32 %s has %d; write or copy it again"
            % (path, len(data), list(shape), raw_size(shape))
        )
    return np.frombuffer(data, DTYPE).reshape(shape).astype(np.float32)


def raw_size(shape: Sequence[int]) -> int:
    """Returns the bytes of a raw file with an array of this shape."""
    return DTYPE.itemsize * int(np.prod(shape))


def list_raw_files(folder: str) -> dict[str, str]:
    """Lists the raw files of a folder.

    Returns:
        Path by name without extension, sorted by name.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: The folder has no raw file.
    """
    if not os.path.isdir(folder):
        raise FileNotFoundError("No folder of %s files at %s" % (EXTENSION, folder))
    names = [name for name in list_names(folder) if name.endswith(EXTENSION)]
    if not names:
        raise ValueError("No %s files in %s" % (EXTENSION, folder))
    return {name[: -len(EXTENSION)]: os.path.join(folder, name) for name in names}


def check_pairs(inputs: Mapping[str, str], height: int, width: int) -> None:
    """Checks that raw files are pairs of frames.

    Args:
        inputs: Path by name, as of `list_raw_files`.
        height: Height in pixels.
        width: Width in pixels.

    Raises:
        ValueError: A file has another size; the message names the first and counts them.
    """
    _check_sizes(list(inputs.values()), (2, height, width, 3), "they are pairs of another size")


def infer(
    network: Callable[[np.ndarray], np.ndarray],
    inputs: Mapping[str, str],
    folder: str,
    size: tuple[int, int, int],
) -> Generator[tuple[list[str], float], None, None]:
    """Runs a network over raw files and writes what msame would: folder/NAME_output_0.bin.

    Args:
        network: Function from pairs [batch, 2, height, width, 3] float32, RGB in 0..1, to flow
            [batch, height, width, 2] in pixels.
        inputs: Path by name, of one pair each.
        folder: The folder of the predictions.
        size: (batch, height, width). The last batch is filled up with zeros.

    Yields:
        (names, seconds of the network) of each batch.

    Raises:
        ValueError: A file has another size, or values outside of 0..1.
    """
    batch, height, width = size
    names = list(inputs)

    def batches() -> Iterator[tuple[list[str], np.ndarray]]:
        for start in range(0, len(names), batch):
            batch_names = names[start : start + batch]
            pairs = np.zeros((batch, 2, height, width, 3), np.float32)
            for index, name in enumerate(batch_names):
                pairs[index] = read_raw(inputs[name], pairs.shape[1:])
                check_range(pairs[index], 1.0, inputs[name])
            yield batch_names, pairs

    with BackgroundWriter(depth=2 * batch) as writer:
        for batch_names, pairs in prefetch(batches()):
            started = time.perf_counter()
            flows = network(pairs)
            seconds = time.perf_counter() - started
            for name, flow in zip(batch_names, flows):
                path = os.path.join(folder, name + "_output_0" + EXTENSION)
                writer.submit(write_raw, path, flow)
            yield batch_names, seconds


def score_raw_files(
    ground_truth_folder: str,
    predictions_folder: str,
    size: tuple[int, int],
    frame_size: tuple[int, int],
) -> tuple[int, Iterator[Result]]:
    """Scores predictions against the ground truth of the same name.

    Args:
        ground_truth_folder: Folder of raw ground truth.
        predictions_folder: Folder of raw predictions, named as msame or ais_bench does.
        size: (height, width) of the files in pixels.
        frame_size: (height, width) of the frames before zeros were added; their pixels count.

    Returns:
        (number of pairs, iterator of their results, sorted by name).

    Raises:
        ValueError: frame_size is larger than size, or predictions are missing, too many or of
            another size; the message names the first ones and counts them.
        FileNotFoundError: A folder is missing.
    """
    if frame_size[0] > size[0] or frame_size[1] > size[1]:
        raise ValueError(
            "Frames of %dx%d pixels do not fit into files of %dx%d (height x width)"
            % (tuple(frame_size) + tuple(size))
        )
    ground_truths, shape = list_raw_files(ground_truth_folder), tuple(size) + (2,)
    predictions = match_predictions(list(ground_truths), predictions_folder)
    _check_sizes(list(ground_truths.values()), shape, "they were prepared for another size")
    _check_sizes(
        list(predictions.values()), shape, "they are of another size, or not written as float32"
    )

    def flows() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        for name, path in ground_truths.items():
            flow, ground_truth = (
                crop(read_raw(file, shape), *frame_size) for file in (predictions[name], path)
            )
            yield name, flow, ground_truth

    def results() -> Iterator[Result]:
        for name, flow, ground_truth in prefetch(flows()):
            with value_errors_naming(predictions[name]):
                scores, histograms = score(flow, ground_truth)
            yield Result(name, scores, flow, histograms=histograms)

    return len(ground_truths), results()


def _check_sizes(paths: Sequence[str], shape: Sequence[int], reason: str) -> None:
    """Raises ValueError, which names the first file that has not the shape's size, and counts."""
    wrong = [path for path in paths if os.path.getsize(path) != raw_size(shape)]
    if wrong:
        raise ValueError(
            "%s has %d bytes, float32 %s has %d (%d of %d files have another size); %s"
            % (
                wrong[0],
                os.path.getsize(wrong[0]),
                list(shape),
                raw_size(shape),
                len(wrong),
                len(paths),
                reason,
            )
        )
