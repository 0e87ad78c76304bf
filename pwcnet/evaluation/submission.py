"""What a benchmark wants to be sent: a flow for every pair of its test split, each under the benchmark's own name.

Sintel: {clean,final}/<scene>/frame_%04d.flo, both passes in one submission. KITTI 2012: %06d_10.png; 2015: flow/%06d_10.png; 16-bit, every pixel marked valid.
The counts are the published ones of the test splits. That KITTI's archives have these paths at their top is the rule of its development kits as it is known
here; Sintel's site is known to take what the bundler in its own archive makes of the folders clean and final. Nothing has been uploaded to try this.
"""

import json
import logging
import os
import zipfile
from collections import Counter
from typing import Dict, NamedTuple, Optional, Tuple

import numpy as np

from pwcnet._checks import first_names
from pwcnet.data.datasets.registry import dataset_samples
from pwcnet.data.datasets.sintel import find_sintel
from pwcnet.data.sample import Sample
from pwcnet.io.atomic import PARTIAL_PREFIX, atomic_path, write_text
from pwcnet.io.flow_files import KITTI_LARGEST, KITTI_SMALLEST, read_flow, valid_pixels, write_flow
from pwcnet.io.images import read_frame


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
        raise ValueError(
            "expected names of %s, got %r for %s"
            % (" or ".join(NAMES) if data == "sintel" else NAMES[0], names, data)
        )
    benchmark = BENCHMARKS[data]
    parts = {folder: _test_samples(dataset, root) for dataset, folder in benchmark.parts}
    lacking = _lacking(data, parts)
    if not any(parts.values()) or (lacking and not allow_incomplete):
        raise ValueError(
            "expected %s in %s; try the complete archive of the data set%s"
            % (lacking, root, ", or --allow_incomplete for a trial" if any(parts.values()) else "")
        )
    files = {}
    for folder, samples in parts.items():
        stems = _raft_stems(samples) if names == "raft" else [_stem(sample) for sample in samples]
        files.update(
            ("/".join([folder] * bool(folder) + [stem + benchmark.ending]), sample)
            for stem, sample in zip(stems, samples)
        )
    return Plan(files, lacking)


def _test_samples(dataset, root):
    """The pairs without truth; none for a render pass of Sintel whose folder is missing, which `_lacking` tells better."""
    if dataset.startswith("sintel") and not os.path.isdir(
        os.path.join(find_sintel(root), "test", dataset.split("-")[1])
    ):
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
            benchmark.pairs,
            benchmark.pairs - 1,
            len(found),
            ", %s to %s" % (found[0], found[-1]) if found else "",
        )
    scenes = {
        folder: Counter(each.split("/")[0] for each in found) for folder, found in ids.items()
    }
    same = all(found == ids[benchmark.parts[0][1]] for found in ids.values())
    if same and all(
        (len(scenes[folder]), len(ids[folder])) == (benchmark.scenes, benchmark.pairs)
        for folder in ids
    ):
        return None
    got = "; ".join("test/%s: %s" % (folder, _counts(scenes[folder])) for folder in ids)
    return "%d pairs in %d scenes, the same ones, in each of %s, got %s" % (
        benchmark.pairs,
        benchmark.scenes,
        " and ".join("test/" + folder for folder in parts),
        got,
    )


def _counts(scenes):
    counts = ", ".join("%s %d" % each for each in sorted(scenes.items()))
    return "%d in %d (%s)" % (sum(scenes.values()), len(scenes), counts) if scenes else "none"


def _stem(sample):
    return (
        sample.id
        if "/" not in sample.id
        else "%s/%s"
        % (sample.id.split("/")[0], os.path.splitext(os.path.basename(sample.frame1))[0])
    )


def _raft_stems(samples):
    counted, stems = Counter(), []
    for sample in samples:
        scene = sample.id.split("/")[0]
        counted[scene] += 1
        stems.append("%s/frame%04d" % (scene, counted[scene]))
    return stems


MANIFEST = (
    ".submission.json"  # in the folder, never in the archive: what the flows in it were made with
)
PERMISSIONS = 0o100644 << 16  # of a plain file, as zip archives hold them

log = logging.getLogger(__name__)


class SubmissionFolder:
    """The files of one submission, all made with the same weights and settings.

    folder: made where it is missing; otherwise it has to be empty, or hold flows of an earlier run with the same settings and no files but those planned.
    files: {path in the folder: Sample}, as in pwcnet.evaluation.submission.Plan. settings: {name: what JSON holds}, what the numbers depend on.
    Raises ValueError for other folders, before anything is written.
    """

    def __init__(self, folder, files, settings):
        self.folder, self._files, self._sizes = os.fspath(folder), files, {}
        self._begin(settings)

    def remaining(self):
        """{path: Sample} of the files to be made: those that are missing, broken, or not of the size of their frame. Reads those that are there."""
        return {
            path: sample for path, sample in self._files.items() if not self._kept(path, sample)
        }

    def write(self, path, flow):
        """Writes one of the files, completely or not at all. flow: [H, W, 2] float32, pixels, channels (u, v), of the frame without padding.

        KITTI's files end at -512 and 511.98 pixels; what lies beyond is set to that, as the benchmark's own programs do, and a warning counts the pixels.
        Raises ValueError for a flow with values that are not finite, or beyond 1e9, which .flo files take for unknown.
        """
        wrong = int((~valid_pixels(flow)).sum())
        if wrong:
            raise ValueError(
                "expected flow known everywhere, got %d pixels with NaN, infinity or more than 1e9 for %s; try "
                "scripts/inspect_checkpoint.py, which finds such weights, and an earlier checkpoint"
                % (wrong, path)
            )
        if path.endswith(".png"):
            bounded = np.clip(flow, KITTI_SMALLEST, KITTI_LARGEST)
            changed = int((bounded != flow).any(axis=-1).sum())
            if changed:
                log.warning(
                    "%s: %d pixels of flow beyond %g to %.2f are set to that, the most that the file can hold",
                    path,
                    changed,
                    KITTI_SMALLEST,
                    KITTI_LARGEST,
                )
            flow = bounded
        write_flow(self._path(path), flow)
        self._sizes[path] = flow.shape[:2]

    def verify(self):
        """Checks the folder as a whole: every file planned and no other, each readable, of its frame's size, with a finite flow in every pixel.

        Raises ValueError that names the files.
        """
        present = set(self._present())
        missing = [path for path in self._files if path not in present]
        if missing:
            raise ValueError(
                "expected %d flows, got none for %d (%s) in %s; try the same command again, which makes them"
                % (len(self._files), len(missing), first_names(missing), self.folder)
            )
        self._refuse_others(present)
        for path, sample in self._files.items():
            self._check(path, sample)

    def pack(self, archive, progress=lambda paths: paths):
        """Writes a zip archive of the files, with their paths at its top and without MANIFEST, completely or not at all; the same files give the same bytes.

        archive: the path; ValueError where it lies in the folder. progress: wraps the iterable of paths. Call `verify` before.
        """
        check_archive(archive, self.folder)
        with atomic_path(archive) as temporary, zipfile.ZipFile(temporary, "w") as packed:
            for path in progress(sorted(self._files)):
                entry = zipfile.ZipInfo(path)
                entry.external_attr = PERMISSIONS
                with open(self._path(path), "rb") as stream:
                    packed.writestr(entry, stream.read(), zipfile.ZIP_DEFLATED)

    def _begin(self, settings):
        present, manifest = self._present(), self._path(MANIFEST)
        if present and os.path.isfile(
            manifest
        ):  # without flows there is nothing to mix: a run that failed binds nobody
            _check_settings(manifest, settings)
        elif present:
            raise ValueError(
                "expected an empty folder or that of an earlier run, got %d other files (%s) in %s; try another folder"
                % (len(present), first_names(present), self.folder)
            )
        self._refuse_others(present)
        for path in self._present(partial=True):  # of a run that was killed as it wrote them
            os.remove(self._path(path))
        write_text(manifest, json.dumps(settings, indent=2, sort_keys=True) + "\n")

    def _present(self, partial=False):
        """The sorted paths of the files in the folder, without MANIFEST; either those with complete names or those that were being written."""
        found = [
            os.path.relpath(os.path.join(parent, name), self.folder)
            for parent, _, names in os.walk(self.folder)
            for name in names
            if name.startswith(PARTIAL_PREFIX) == partial
        ]
        return sorted(path.replace(os.sep, "/") for path in found if path != MANIFEST)

    def _refuse_others(self, present):
        others = sorted(set(present) - set(self._files))
        if others:
            raise ValueError(
                "expected no files but the %d flows, got %d others (%s) in %s; try another folder, or move them away"
                % (len(self._files), len(others), first_names(others), self.folder)
            )

    def _kept(self, path, sample):
        if not os.path.isfile(self._path(path)):
            return False
        try:
            self._check(path, sample)
        except ValueError as error:
            log.warning("making %s again: %s", path, error)
            return False
        return True

    def _check(self, path, sample):
        if path not in self._sizes:
            self._sizes[path] = read_frame(sample.frame1).shape[:2]
        flow, valid = read_flow(self._path(path))
        if flow.shape[:2] != self._sizes[path]:
            raise ValueError(
                "expected a flow of %dx%d pixels (height x width) as %s, got %dx%d in %s; try the same command again, which makes it anew"
                % (self._sizes[path] + (sample.frame1,) + flow.shape[:2] + (self._path(path),))
            )
        if not valid.all():
            raise ValueError(
                "expected a finite flow in every pixel, got %d without in %s; try the same command again, which makes it anew"
                % (int((~valid).sum()), self._path(path))
            )

    def _path(self, path):
        return os.path.join(self.folder, *path.split("/"))


def check_archive(archive, folder):
    """Raises ValueError for an archive that is no .zip, or in the folder that is to be packed, where it would be a file too many."""
    if not str(archive).endswith(".zip"):
        raise ValueError("expected a name ending in .zip, got %s; try %s.zip" % (archive, archive))
    if (os.path.realpath(os.path.dirname(os.path.abspath(archive))) + os.sep).startswith(
        os.path.realpath(folder) + os.sep
    ):
        raise ValueError(
            "expected the archive outside of the folder that it packs, got %s in %s; try a name beside it"
            % (archive, folder)
        )


def _check_settings(manifest, settings):
    try:
        with open(manifest, encoding="utf-8") as stream:
            earlier = dict(json.load(stream))
    except (ValueError, TypeError):
        raise ValueError(
            "expected what the earlier run wrote, got something else in %s; try another folder"
            % manifest
        ) from None
    now = json.loads(json.dumps(settings))
    for name in sorted(set(earlier) | set(now)):
        if earlier.get(name) != now.get(name):
            raise ValueError(
                "expected the weights and settings of the earlier run, got %s %r where it had %r in %s; try these, or another folder"
                % (name, now.get(name), earlier.get(name), manifest)
            )
