"""The files that a benchmark expects: a flow for every pair of its test split.

Sintel: {clean,final}/<scene>/frame_%04d.flo, both render passes in one submission. KITTI 2012:
%06d_10.png; KITTI 2015: flow/%06d_10.png; 16-bit, every pixel marked valid. The numbers of pairs
are the published ones of the test splits. KITTI's layout follows its development kits; Sintel's
site takes what the bundler in its archive makes of the folders clean and final. No upload has been
tried.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import NamedTuple

from pwcnet.data.datasets.registry import dataset_samples
from pwcnet.data.datasets.sintel import find_sintel
from pwcnet.data.sample import Sample


class IncompleteSplitError(ValueError):
    """The test split of a data set is not the complete published one."""


class Benchmark(NamedTuple):
    """What a benchmark expects.

    Attributes:
        data_sets: (key of `pwcnet.data.datasets.registry.DATASETS`, folder in the submission).
        extension: The extension of the files.
        pairs: The number of pairs of each data set.
        scenes: The number of scenes; None where the pairs are numbered from 000000 instead.
    """

    data_sets: tuple[tuple[str, str], ...]
    extension: str
    pairs: int
    scenes: int | None = None


class Plan(NamedTuple):
    """The files of one submission.

    Attributes:
        files: {path in the submission, folders separated by "/": the sample to predict}, in order.
        missing: What the complete set has and what was found, as text; None where it is complete.
    """

    files: dict[str, Sample]
    missing: str | None


BENCHMARKS = {
    "sintel": Benchmark((("sintel-clean", "clean"), ("sintel-final", "final")), ".flo", 552, 12),
    "kitti2012": Benchmark((("kitti2012", ""),), ".png", 195),
    "kitti2015": Benchmark((("kitti2015", "flow"),), ".png", 200),
}
NAMING_SCHEMES = ("sintel", "raft")


def plan_submission(
    data: str, root: str, names: str = "sintel", allow_incomplete: bool = False
) -> Plan:
    """Lists the test pairs of a benchmark and the file of each; reads folder listings only.

    Args:
        data: A key of BENCHMARKS.
        root: The folder of the data set, as `dataset_samples` takes it.
        names: The names of Sintel's files: "sintel" is the name of the pair's first frame, for
            example frame_0001.flo; "raft" is frame0001.flo, numbered from 1 in each scene, as RAFT
            writes it.
        allow_incomplete: Accept a set that is not the complete published one.

    Returns:
        The `Plan`.

    Raises:
        IncompleteSplitError: The set is incomplete, or has no pair at all; the message has the
            number of pairs of each scene.
        ValueError: A name is unknown, or a frame is missing.
        FileNotFoundError: The data set is missing.
    """
    if data not in BENCHMARKS:
        raise ValueError("The benchmark must be one of %s, got %r" % (", ".join(BENCHMARKS), data))
    schemes = NAMING_SCHEMES if data == "sintel" else NAMING_SCHEMES[:1]
    if names not in schemes:
        raise ValueError(
            "The names of the files of %s must be %s, got %r" % (data, " or ".join(schemes), names)
        )
    benchmark = BENCHMARKS[data]
    samples = {folder: _test_samples(name, root) for name, folder in benchmark.data_sets}
    missing = _missing(benchmark, samples)
    if not any(samples.values()) or (missing and not allow_incomplete):
        raise IncompleteSplitError(
            "%s is not the complete test split: expected %s" % (root, missing)
        )
    files = {}
    for folder, folder_samples in samples.items():
        stems = _stems(folder_samples, names)
        for stem, sample in zip(stems, folder_samples):
            path = stem + benchmark.extension
            files["%s/%s" % (folder, path) if folder else path] = sample
    return Plan(files, missing)


def _test_samples(dataset: str, root: str) -> list[Sample]:
    """The test pairs; none where a render pass of Sintel is missing, which `_missing` describes."""
    if dataset.startswith("sintel"):
        render_pass = dataset.split("-")[1]
        if not os.path.isdir(os.path.join(find_sintel(root), "test", render_pass)):
            return []
    return list(dataset_samples(dataset, root, mode="test"))  # type: ignore[arg-type]


def _missing(benchmark: Benchmark, samples: dict[str, list[Sample]]) -> str | None:
    ids = {folder: [sample.id for sample in samples[folder]] for folder in samples}
    if benchmark.scenes is None:
        (pairs,) = ids.values()
        return _missing_numbers(benchmark.pairs, pairs)
    return _missing_scenes(benchmark.pairs, benchmark.scenes, ids)


def _missing_numbers(count: int, pairs: list[str]) -> str | None:
    if pairs == ["%06d_10" % number for number in range(count)]:
        return None
    return "the %d pairs 000000_10 to %06d_10, found %d%s" % (
        count,
        count - 1,
        len(pairs),
        ", %s to %s" % (pairs[0], pairs[-1]) if pairs else "",
    )


def _missing_scenes(count: int, scene_count: int, ids: dict[str, list[str]]) -> str | None:
    scenes = {folder: Counter(pair.split("/")[0] for pair in ids[folder]) for folder in ids}
    first = next(iter(ids.values()))
    counts = {(len(scenes[folder]), len(ids[folder])) for folder in ids}
    if counts == {(scene_count, count)} and all(pairs == first for pairs in ids.values()):
        return None
    return "%d pairs in %d scenes, the same in %s; found %s" % (
        count,
        scene_count,
        " and ".join("test/" + folder for folder in ids),
        "; ".join("test/%s: %s" % (folder, _count_pairs(scenes[folder])) for folder in ids),
    )


def _count_pairs(scenes: Counter) -> str:
    if not scenes:
        return "none"
    counts = ", ".join("%s %d" % scene for scene in sorted(scenes.items()))
    return "%d pairs in %d scenes (%s)" % (sum(scenes.values()), len(scenes), counts)


def _stems(samples: list[Sample], names: str) -> list[str]:
    """The paths of the files without extensions."""
    stems = []
    numbers: Counter = Counter()
    for sample in samples:
        scene, slash, _ = sample.id.partition("/")
        numbers[scene] += 1
        if not slash:
            stems.append(sample.id)
        elif names == "raft":
            stems.append("%s/frame%04d" % (scene, numbers[scene]))
        else:
            frame = os.path.splitext(os.path.basename(sample.frame1))[0]
            stems.append("%s/%s" % (scene, frame))
    return stems
