"""What a benchmark wants to be sent: a flow for every pair of its test split, each under the benchmark's own name.

Sintel: {clean,final}/<scene>/frame_%04d.flo, both passes in one submission. KITTI 2012: %06d_10.png; 2015: flow/%06d_10.png; 16-bit, every pixel marked valid.
The counts are the published ones of the test splits. That KITTI's archives have these paths at their top is the rule of its development kits as it is known
here; Sintel's site is known to take what the bundler in its own archive makes of the folders clean and final. Nothing has been uploaded to try this.
"""
import os
from collections import Counter
from typing import Dict, NamedTuple, Optional, Tuple

from pwcnet.data.datasets.registry import dataset_samples
from pwcnet.data.sample import Sample
from pwcnet.data.datasets.sintel import find_sintel


class Benchmark(NamedTuple):
    """parts: the data sets (keys of pwcnet.data.datasets.registry.DATASETS) and the folder of each in the submission. pairs: of each part. scenes: None where pairs are
    numbered from 000000 instead."""
    parts: Tuple[Tuple[str, str], ...]
    ending: str
    pairs: int
    scenes: Optional[int] = None


class Plan(NamedTuple):
    """files: {path in the submission, folders separated by "/": the Sample to predict}, in order. lacking: what the set should have and has not, in words;
    None where it is complete."""
    files: Dict[str, Sample]
    lacking: Optional[str]


BENCHMARKS = {
    "sintel": Benchmark((("sintel-clean", "clean"), ("sintel-final", "final")), ".flo", 552, 12),
    "kitti2012": Benchmark((("kitti2012", ""),), ".png", 195),
    "kitti2015": Benchmark((("kitti2015", "flow"),), ".png", 200),
}
NAMES = ("sintel", "raft")


def plan_submission(data, root, names="sintel", allow_incomplete=False):
    """Lists the test pairs of a benchmark and the file that each is to be in: a `Plan`. Reads folder listings only.

    data: a key of BENCHMARKS. root: as `dataset_samples` takes it. names: of Sintel's files, "sintel" is the name of the pair's first frame, frame_0001.flo,
    "raft" is frame0001.flo as RAFT writes it, numbered in each scene from 1.
    allow_incomplete: take what there is. Otherwise a set that is not the published one is a ValueError that counts the pairs of each scene.
    Raises ValueError and FileNotFoundError for other names, missing frames, and where there is no pair at all.
    """
    if data not in BENCHMARKS:
        raise ValueError("expected a benchmark of %s, got %r" % (", ".join(BENCHMARKS), data))
    if names not in NAMES or (names == "raft" and data != "sintel"):
        raise ValueError("expected names of %s, got %r for %s" % (" or ".join(NAMES) if data == "sintel" else NAMES[0], names, data))
    benchmark = BENCHMARKS[data]
    parts = {folder: _test_samples(dataset, root) for dataset, folder in benchmark.parts}
    lacking = _lacking(data, parts)
    if not any(parts.values()) or (lacking and not allow_incomplete):
        raise ValueError("expected %s in %s; try the complete archive of the data set%s" % (
            lacking, root, ", or --allow_incomplete for a trial" if any(parts.values()) else ""))
    files = {}
    for folder, samples in parts.items():
        stems = _raft_stems(samples) if names == "raft" else [_stem(sample) for sample in samples]
        files.update(("/".join([folder] * bool(folder) + [stem + benchmark.ending]), sample) for stem, sample in zip(stems, samples))
    return Plan(files, lacking)


def _test_samples(dataset, root):
    """The pairs without truth; none for a render pass of Sintel whose folder is missing, which `_lacking` tells better."""
    if dataset.startswith("sintel") and not os.path.isdir(os.path.join(find_sintel(root), "test", dataset.split("-")[1])):
        return []
    return dataset_samples(dataset, root, mode="test")


def _lacking(data, parts):
    """What was expected and what was found, for an error; None where they are the same."""
    benchmark = BENCHMARKS[data]
    ids = {folder: [sample.id for sample in samples] for folder, samples in parts.items()}
    if benchmark.scenes is None:
        (found,) = ids.values()
        if found == ["%06d_10" % number for number in range(benchmark.pairs)]:
            return None
        return "the %d pairs 000000_10 to %06d_10 of the test split, got %d%s" % (
            benchmark.pairs, benchmark.pairs - 1, len(found), ", %s to %s" % (found[0], found[-1]) if found else "")
    scenes = {folder: Counter(each.split("/")[0] for each in found) for folder, found in ids.items()}
    same = all(found == ids[benchmark.parts[0][1]] for found in ids.values())
    if same and all((len(scenes[folder]), len(ids[folder])) == (benchmark.scenes, benchmark.pairs) for folder in ids):
        return None
    got = "; ".join("test/%s: %s" % (folder, _counts(scenes[folder])) for folder in ids)
    return "%d pairs in %d scenes, the same ones, in each of %s, got %s" % (
        benchmark.pairs, benchmark.scenes, " and ".join("test/" + folder for folder in parts), got)


def _counts(scenes):
    counts = ", ".join("%s %d" % each for each in sorted(scenes.items()))
    return "%d in %d (%s)" % (sum(scenes.values()), len(scenes), counts) if scenes else "none"


def _stem(sample):
    return sample.id if "/" not in sample.id else "%s/%s" % (sample.id.split("/")[0], os.path.splitext(os.path.basename(sample.frame1))[0])


def _raft_stems(samples):
    counted, stems = Counter(), []
    for sample in samples:
        scene = sample.id.split("/")[0]
        counted[scene] += 1
        stems.append("%s/frame%04d" % (scene, counted[scene]))
    return stems
