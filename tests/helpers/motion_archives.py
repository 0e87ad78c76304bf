"""Archives with motion, whose manifests and pair rows are written by hand."""

import json
import os
from dataclasses import asdict, fields

from pwcnet.archive.items import Item
from pwcnet.archive.manifest import ManifestWriter, Shard, manifest_path
from pwcnet.archive.options import ExtractOptions
from pwcnet.flow.film_motion import film_motion
from pwcnet.flow.motion import PairMotion
from pwcnet.io.atomic import write_text


def film_row(motion=2.0, residual=1.0, kind="moving", pairs=4, cuts=0, seconds=8.0, **others):
    """A film's motion, frames of 300x400 pixels; `motion` None is that of cuts alone.

    What is not given is unknown, but for the camera's pan and zoom.
    """
    row = film_motion([])
    given = {"camera_pan_x": 12.0, "camera_pan_y": -3.0, "camera_log_zoom": 0.0, **others}
    pace = None if not seconds else pairs / seconds / 500
    given.update(pairs=pairs, cuts=cuts, height=300, width=400, seconds=seconds, kind=kind)
    for key, value in (("motion_mean", motion), ("residual_mean", residual)):
        per_second = None if None in (value, pace) else value * pace
        given.update({key: value, key + "_per_second": per_second})
    assert set(given) <= set(row)
    return dict(row, **given)


def pair_row(
    number, mean=2.0, residual=1.0, pan=(3.0, 4.0), is_cut=False, is_blank=False, rate=10.0
):
    """The motion of a pair; `rate` None is that of frames without times, `pan` None unknown."""
    times = [None if rate is None else (number + at - 1) / rate for at in (0, 1)]
    facts = {"pair": number, "frames": [number, number + 1], "times": times}
    row = dict.fromkeys(field.name for field in fields(PairMotion))
    row.update(height=300, width=400, mean=mean, residual_mean=residual)
    x, y = pan or (None, None)
    row.update(pan_x=x, pan_y=y, is_cut=is_cut, is_blank=is_blank)
    return dict(facts, **asdict(PairMotion(**row)))


def write_motion_archive(folder, films, failed=(), **options):
    """Writes the manifest of an archive and the pair rows of its films; returns the folder.

    Args:
        folder: Of the archive.
        films: (item, row of the film, rows of its pairs or None).
        failed: Names of items that failed.
        options: Of ExtractOptions.
    """
    os.makedirs(str(folder), exist_ok=True)
    manifest = ManifestWriter(manifest_path(str(folder), Shard()))
    chosen = ExtractOptions(**dict({"save": ("motion",), "classical": "dis"}, **options))
    facts = {"options": chosen.recorded(), "weights": None, "version": "0.9", "inputs": ["/films"]}
    manifest.add("job", items=len(films), shard=[1, 1], **facts)
    for item, row, pairs in films:
        results = []
        if pairs is not None:
            results.append(item.name + ".motion.jsonl")
            path = os.path.join(str(folder), results[0])
            write_text(path, "".join(json.dumps(pair) + "\n" for pair in pairs))
        found = item.fingerprint() if os.path.exists(item.path) else {}
        facts = dict({"first": item.first, "last": item.last}, pairs=row["pairs"], **found)
        facts.update(path=item.path, seconds=1.0, results=results, lost=[], motion=row)
        manifest.add("item", name=item.name, **facts)
    for name in failed:
        manifest.add("error", name=name, path=name, error="broken", attempt=2)
    manifest.close()
    return str(folder)


def absent(name):
    """An item whose file is gone."""
    return Item(name, "/gone/%s.mp4" % name)
