"""Real pairs in one file, for validation on a machine without the data sets."""

from __future__ import annotations

import io
import os
from typing import Sequence

import numpy as np

from pwcnet.data.datasets.registry import Source
from pwcnet.io.atomic import check_output_file, write_bytes
from scripts.gpu_training.validation import FLOW, PAIR


def pack(sources: Sequence[Source], output: str, most: int) -> str:
    """Writes pairs with their ground truth into an .npz.

    Args:
        sources: data sets with ground truth.
        output: the file.
        most: pairs of each source, taken evenly from its list.

    Returns:
        What was written, as text.

    Raises:
        ValueError: a source has no pairs with ground truth, or a broken file.
        FileNotFoundError: a folder or file is missing.
        OSError: the file cannot be written.
    """
    check_output_file(output)
    arrays = {}
    for source in sources:
        samples = [sample for sample in source.samples() if sample.has_ground_truth]
        if not samples:
            raise ValueError("no pairs with ground truth in %s" % source)
        chosen = np.linspace(0, len(samples) - 1, min(most, len(samples)))
        for index in np.unique(chosen.round().astype(int)):
            name = "%s_%s" % (source.name, samples[index].file_name)
            pair = samples[index].load(with_occlusion=False)
            flow = np.where(pair.valid[..., None], pair.flow, np.nan)
            arrays[name + PAIR] = np.stack((pair.frame1, pair.frame2))
            arrays[name + FLOW] = flow.astype(np.float16)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_bytes(output, content.getvalue())
    return "%d pairs, %.1f MB" % (len(arrays) // 2, os.path.getsize(output) / 1e6)
