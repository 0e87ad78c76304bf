"""Preparing raw files: the frames and ground truth of a data set for offline inference."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Iterable, Iterator, Sequence

import numpy as np

from pwcnet.ascend.raw_files import EXTENSION, GROUND_TRUTH_FOLDER, IMAGE_FOLDER, write_raw
from pwcnet.flow.padding import check_network_size, network_input, pad
from pwcnet.io.atomic import os_errors_naming, write_text
from pwcnet.io.flow_files import UNKNOWN_FLOW
from pwcnet.io.folder_lock import folder_locked
from pwcnet.io.partial_files import PARTIAL_PREFIX
from pwcnet.io.prefetch import prefetch

if TYPE_CHECKING:
    from pwcnet.data.sample import LoadedSample, Sample

# In the output folder while it is being filled: a line for each pair whose files are written.
JOURNAL = "dataprep.partial"
LOCK = ".dataprep.lock", "preparation"  # the name of its file, and what holds it


def prepare(samples: Sequence[Sample], folder: str, height: int, width: int) -> Iterator[Sample]:
    """Writes the frames and the ground truth of samples as raw files.

    The checks are made at once, the files are written while the result is iterated over. Files of
    the same names are replaced, except those that an interrupted call wrote of the same frames.
    Unknown flow is stored as 1e10.

    Args:
        samples: The pairs, with flow; their frames have one size.
        folder: Where image/ and gt/ are written.
        height: Height of the network's input in pixels.
        width: Width of the network's input in pixels.

    Returns:
        An iterator of the samples, each given once its files are written. It raises ValueError for
        frames of another size and for files that cannot be read.

    Raises:
        BlockingIOError: While iterated over: another call is writing to the folder.
        ValueError: Height or width suits no network, samples have no ground truth or the same
            name, the first frame does not fit, or the folder holds other .bin files, which would
            be taken for pairs.
    """
    check_network_size(height, width)
    names = {sample.file_name for sample in samples}
    if not names or len(names) < len(samples):
        raise ValueError(
            "expected pairs of different names, got %d names for %d pairs"
            % (len(names), len(samples))
        )
    for sample in samples:
        if sample.flow is None:
            raise ValueError("%s has no ground truth" % sample.id)
    frame_size = samples[0].load().frame1.shape[:2]
    if frame_size[0] > height or frame_size[1] > width:
        raise ValueError(
            "%s has %dx%d pixels (height x width), which do not fit into the network's %dx%d"
            % (samples[0].frame1, *frame_size, height, width)
        )
    _list_partial_files(folder, names)
    return _prepare(samples, folder, (height, width), frame_size)


def _list_partial_files(folder: str, names: Iterable[str]) -> list[str]:
    """Files that a killed call was writing. Raises ValueError for .bin files of other names."""
    expected = {name + EXTENSION for name in names}
    partial = []
    for parent in (os.path.join(folder, IMAGE_FOLDER), os.path.join(folder, GROUND_TRUTH_FOLDER)):
        for file in sorted(os.listdir(parent)) if os.path.isdir(parent) else ():
            ours = any(file.endswith("-" + name) for name in expected)
            if file.startswith(PARTIAL_PREFIX) and ours:
                partial.append(os.path.join(parent, file))
            elif file.endswith(EXTENSION) and file not in expected:
                raise ValueError(
                    "%s in %s is none of these %d pairs, and would be taken for one"
                    % (file, parent, len(expected))
                )
    return partial


def _prepare(
    samples: Sequence[Sample], folder: str, size: tuple[int, int], frame_size: tuple[int, int]
) -> Iterator[Sample]:
    with folder_locked(folder, *LOCK):
        for path in _list_partial_files(folder, {sample.file_name for sample in samples}):
            os.remove(path)
        yield from _write_pairs(samples, folder, size, frame_size)


def _write_pairs(
    samples: Sequence[Sample], folder: str, size: tuple[int, int], frame_size: tuple[int, int]
) -> Iterator[Sample]:
    journal = os.path.join(folder, JOURNAL)
    lines = {sample: _journal_line(sample, size) for sample in samples}
    done = _read_lines(journal) & set(lines.values())
    # Lines of other frames go: their files are replaced from now on.
    write_text(journal, "".join(line + "\n" for line in sorted(done)))

    def loaded_samples() -> Iterator[tuple[Sample, list[str], LoadedSample | None]]:
        for sample in samples:
            files = [
                os.path.join(folder, kind, sample.file_name + EXTENSION)
                for kind in (IMAGE_FOLDER, GROUND_TRUTH_FOLDER)
            ]
            ready = lines[sample] in done and _up_to_date(sample, files)
            yield sample, files, None if ready else sample.load()

    for sample, files, loaded in prefetch(loaded_samples()):
        if loaded is not None:
            _write_pair(sample, loaded, files, size, frame_size)
            with os_errors_naming(journal), open(journal, "a", encoding="utf-8") as stream:
                stream.write(lines[sample] + "\n")
        yield sample
    os.remove(journal)


def _journal_line(sample: Sample, size: tuple[int, int]) -> str:
    paths = [os.path.abspath(str(path)) for path in (sample.frame1, sample.frame2, sample.flow)]
    return json.dumps(paths + list(size) + [sample.half])


def _read_lines(path: str) -> set[str]:
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8", errors="replace") as lines:
        return set(lines.read().splitlines())


def _up_to_date(sample: Sample, written: Sequence[str]) -> bool:
    """Whether the files exist and are not older than the frames and the flow."""
    sources = sample.frame1, sample.frame2, str(sample.flow)
    newest = max(os.path.getmtime(path) for path in sources)
    return all(os.path.exists(path) and os.path.getmtime(path) >= newest for path in written)


def _write_pair(
    sample: Sample,
    loaded: LoadedSample,
    files: Sequence[str],
    size: tuple[int, int],
    frame_size: tuple[int, int],
) -> None:
    image_file, ground_truth_file = files
    valid: np.ndarray = loaded.valid
    if valid.shape != frame_size:
        raise ValueError(
            "%s has %dx%d pixels, the first frame has %dx%d; all frames must have one size"
            % (sample.frame1, *valid.shape, *frame_size)
        )
    frames = [network_input(frame, *size) for frame in (loaded.frame1, loaded.frame2)]
    write_raw(image_file, np.stack(frames))
    flow = np.where(valid[..., np.newaxis], loaded.flow, np.float32(UNKNOWN_FLOW))
    write_raw(ground_truth_file, pad(flow, *size))
