"""Pairs, ground truth and predictions as raw files, for devices that take and give such: preparing, inferring, evaluating.

All files are little-endian float32 in C order without a header, named after the pair: image/NAME.bin is [2, H, W, 3], RGB in 0..1; gt/NAME.bin and predictions
are [H, W, 2], pixels, channels (u, v). H x W is the network's size; frames have zeros added at the bottom and at the right.
"""

import json
import os
import time

import numpy as np

from pwcnet.ascend.result_folders import match_predictions
from pwcnet.evaluation.scoring import Result, score, value_errors_naming
from pwcnet.flow.padding import check_network_size, crop, network_input, pad
from pwcnet.io.atomic import PARTIAL_PREFIX, write_bytes, write_text
from pwcnet.io.flow_files import UNKNOWN_FLOW
from pwcnet.io.prefetch import BackgroundWriter, prefetch

IMAGE, TRUTH, ENDING = "image", "gt", ".bin"
FLOAT = np.dtype("<f4")
JOURNAL = "dataprep.partial"  # in the output folder while it is being filled: a line for each pair that is done


def write_bin(path, array):
    """Writes an array as float32, completely or not at all."""
    write_bytes(path, np.asarray(array, FLOAT).tobytes())


def read_bin(path, shape):
    """The float32 array of a raw file. Raises ValueError where the file is not as long as the shape says."""
    with open(path, "rb") as stream:
        data = stream.read()
    if len(data) != bin_size(shape):
        raise ValueError(
            "expected %d bytes for float32 %s, got %d in %s; try making or copying it again"
            % (bin_size(shape), list(shape), len(data), path)
        )
    return np.frombuffer(data, FLOAT).reshape(shape).astype(np.float32)


def bin_size(shape):
    """Bytes of a raw file."""
    return FLOAT.itemsize * int(np.prod(shape))


def list_bins(folder):
    """{name without ending: path} of a folder's raw files, sorted. Raises FileNotFoundError, or ValueError where there is none."""
    if not os.path.isdir(folder):
        raise FileNotFoundError("No folder of %s files at %s" % (ENDING, folder))
    names = sorted(
        name for name in os.listdir(folder) if name.endswith(ENDING) and not name.startswith(".")
    )
    if not names:
        raise ValueError("No %s files in %s" % (ENDING, folder))
    return {name[: -len(ENDING)]: os.path.join(folder, name) for name in names}


def check_sizes(paths, shape, hint):
    """Raises ValueError, which names the first and counts, where a file is not as long as the shape says."""
    wrong = [path for path in paths if os.path.getsize(path) != bin_size(shape)]
    if wrong:
        raise ValueError(
            "expected %d bytes a file for float32 %s, got %d in %s (%d of %d files have another size); %s"
            % (
                bin_size(shape),
                list(shape),
                os.path.getsize(wrong[0]),
                wrong[0],
                len(wrong),
                len(paths),
                hint,
            )
        )


def prepare(samples, folder, height, width):
    """Writes folder/image and folder/gt; returns an iterator of the samples, each given once its files are there.

    samples: pwcnet.data.sample.Sample, with flow, frames of one size. Files of the same names are replaced, except those that an interrupted call made of
    the same frames. Unknown flow is stored as 1e10. Raises at once ValueError where height or width suits no network, the samples do not do, the first frame
    does not fit, or the folder holds other .bin files, which would be taken for pairs; later for frames of another size and broken files.
    """
    check_network_size(height, width)
    by_name = {sample.file_name: sample for sample in samples}
    if not by_name or len(by_name) < len(samples):
        raise ValueError(
            "expected pairs of different names, got %d names for %d pairs; try another mode"
            % (len(by_name), len(samples))
        )
    for sample in samples:
        if sample.flow is None:
            raise ValueError(
                "expected ground truth for every pair, got none for %s; try a mode of the training frames"
                % sample.id
            )
    size = samples[0].load().frame1.shape[:2]
    if size[0] > height or size[1] > width:
        raise ValueError(
            "expected frames of at most %dx%d (height x width), got %dx%d in %s; the network's input must be larger"
            % ((height, width) + size + (samples[0].frame1,))
        )
    for path in _leftovers(folder, by_name):
        os.remove(path)
    return _prepared(samples, folder, (height, width), size)


def _leftovers(folder, names):
    """Files that a killed call was writing. Raises ValueError for .bin files that are not of these names."""
    own = {name + ENDING for name in names}
    leftovers = []
    for parent in (os.path.join(folder, IMAGE), os.path.join(folder, TRUTH)):
        for present in sorted(os.listdir(parent)) if os.path.isdir(parent) else ():
            if present.startswith(PARTIAL_PREFIX) and any(
                present.endswith("-" + name) for name in own
            ):
                leftovers.append(os.path.join(parent, present))
            elif present.endswith(ENDING) and present not in own:
                raise ValueError(
                    "expected no %s files but those of these %d pairs, got %s in %s; all files there count as pairs, so it takes another folder"
                    % (ENDING, len(own), present, parent)
                )
    return leftovers


def _prepared(samples, folder, size, frame_size):
    journal = os.path.join(folder, JOURNAL)
    lines = {
        sample: json.dumps(
            [os.path.abspath(path) for path in (sample.frame1, sample.frame2, sample.flow)]
            + list(size)
            + [sample.half]
        )
        for sample in samples
    }
    done = _read_lines(journal) & set(lines.values())
    write_text(
        journal, "".join(line + "\n" for line in sorted(done))
    )  # pairs made of other frames have their files replaced now
    with open(journal, "a", encoding="utf-8", buffering=1) as stream:

        def loaded():
            for sample in samples:
                files = [
                    os.path.join(folder, kind, sample.file_name + ENDING) for kind in (IMAGE, TRUTH)
                ]
                ready = lines[sample] in done and _up_to_date(sample, files)
                yield sample, files, None if ready else sample.load()

        for sample, files, content in prefetch(loaded()):
            if content is not None:
                _write_pair(sample, content, files, size, frame_size)
                stream.write(lines[sample] + "\n")
            yield sample
    os.remove(journal)


def _read_lines(path):
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as lines:
        return set(lines.read().splitlines())


def _up_to_date(sample, written):
    """Whether the files are there, and not older than what they were made of."""
    newest = max(os.path.getmtime(path) for path in (sample.frame1, sample.frame2, sample.flow))
    return all(os.path.exists(path) and os.path.getmtime(path) >= newest for path in written)


def _write_pair(sample, loaded, files, size, frame_size):
    image, truth = files
    if loaded.valid.shape != frame_size:
        raise ValueError(
            "expected frames of one size, %dx%d, got %dx%d in %s; try scenes of one size at a time"
            % (frame_size + loaded.valid.shape + (sample.frame1,))
        )
    write_bin(
        image, np.stack([network_input(frame, *size) for frame in (loaded.frame1, loaded.frame2)])
    )
    write_bin(
        truth,
        pad(np.where(loaded.valid[..., np.newaxis], loaded.flow, np.float32(UNKNOWN_FLOW)), *size),
    )


def check_inputs(inputs, height, width):
    """Raises ValueError for a file of `list_bins` that is no pair of this size."""
    check_sizes(
        list(inputs.values()),
        (2, height, width, 3),
        "try a frozen graph of their size, or prepare them for this one",
    )


def infer(run, inputs, folder, size):
    """Runs a network over raw files and writes what msame would: folder/<name>_output_0.bin; a generator of (names, seconds), one a run.

    size: (batch, height, width). run: pairs [batch, 2, height, width, 3] float32 -> flow [batch, height, width, 2]. inputs: {name: path}, of one pair each;
    the last run is filled up with zeros. Raises ValueError for a file of another size.
    """
    batch, height, width = size
    names = list(inputs)

    def groups():
        for start in range(0, len(names), batch):
            group = names[start : start + batch]
            pairs = np.zeros((batch, 2, height, width, 3), np.float32)
            for index, name in enumerate(group):
                pairs[index] = read_bin(inputs[name], pairs.shape[1:])
            yield group, pairs

    with BackgroundWriter(depth=2 * batch) as writer:
        for group, pairs in prefetch(groups()):
            started = time.perf_counter()
            flows = run(pairs)
            seconds = time.perf_counter() - started
            for name, flow in zip(group, flows):
                writer.submit(write_bin, os.path.join(folder, name + "_output_0" + ENDING), flow)
            yield group, seconds


def evaluate_bins(truth_folder, predictions_folder, size, frame_size):
    """Scores predictions against the ground truth of the same name; returns (count, iterator of `Result`), sorted by name.

    size: (height, width) of the files, frame_size: of the frames before zeros were added, whose pixels count. Raises at once ValueError or FileNotFoundError,
    which name and count, for predictions that are missing, too many, or of another size.
    """
    if frame_size[0] > size[0] or frame_size[1] > size[1]:
        raise ValueError(
            "expected frames of at most %dx%d (height x width), got %dx%d for the size of the frames"
            % (tuple(size) + tuple(frame_size))
        )
    truths, shape = list_bins(truth_folder), tuple(size) + (2,)
    predictions = match_predictions(list(truths), predictions_folder)
    check_sizes(
        list(truths.values()), shape, "they were prepared for another size of the network's input"
    )
    check_sizes(
        list(predictions.values()),
        shape,
        "try the output of the network for these pairs, as float32 (msame --outfmt BIN)",
    )

    def results():
        for name, flow, truth in prefetch(
            (
                name,
                *(crop(read_bin(file, shape), *frame_size) for file in (predictions[name], path)),
            )
            for name, path in truths.items()
        ):
            with value_errors_naming(predictions[name]):
                scores, spread = score(flow, truth)
            yield Result(name, scores, flow, histograms=spread)

    return len(truths), results()
