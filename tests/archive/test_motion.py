"""Motion statistics of an archive's items: in their own pixels, whatever they were computed at."""

import json
import os

import numpy as np
import pytest

from pwcnet.archive.items import Item
from pwcnet.archive.manifest import Ledger, Shard
from pwcnet.archive.motion import (
    check_table,
    item_row,
    pair_row,
    table_names,
    table_path,
    write_table,
)
from pwcnet.archive.options import ExtractOptions
from pwcnet.flow.classical import ClassicalFlow
from pwcnet.io.scaling import scaled_frame
from tests.archive.test_job import extract
from tests.helpers.archives import write_archive
from tests.helpers.frames import moving_frames


def rows_of(path):
    with open(str(path)) as stream:
        return [json.loads(line) for line in stream]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("archive"))


def test_items_and_pairs(archive, tmp_path):
    options = ExtractOptions(save=("motion",), classical="dis", pair_rows=True)
    _, _, ledger = extract(archive, tmp_path, options)
    path = table_path(str(tmp_path), Shard(2, 3), "jsonl")
    assert path.endswith("motion-2-of-3.jsonl")
    write_table(path, ledger, ["a/x", "b/z", "unknown"])
    rows = rows_of(path)
    assert [(row["name"], row["pairs"], row["cuts"]) for row in rows] == [
        ("a/x", 5, 0),
        ("b/z", 3, 0),
    ]
    assert rows[0]["seconds"] == pytest.approx(0.5) and rows[1]["seconds"] is None
    # The frames move by 2 pixels to the left and up.
    assert rows[0]["camera_pan_x"] == pytest.approx(-10, rel=0.05)
    assert rows[0]["kind"] == "camera" and rows[0]["motion_mean"] == pytest.approx(8**0.5, rel=0.05)
    pairs = rows_of(tmp_path / "a" / "x.motion.jsonl")
    assert [row["frames"] for row in pairs] == [[n, n + 1] for n in range(1, 6)]
    assert np.mean([row["mean"] for row in pairs]) == pytest.approx(rows[0]["motion_mean"])
    assert sorted(os.listdir(str(tmp_path / "a"))) == ["x.motion.jsonl", "y.motion.jsonl"]


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_pixels_are_those_of_the_item(scale):
    frames = [scaled_frame(frame, scale) for frame in moving_frames(2, 128, 192, step=4)]
    row = pair_row(*frames, ClassicalFlow("dis").flow(*frames), 0.5, scale)
    assert (row["height"], row["width"]) == (128, 192)
    assert row["pan_x"] == pytest.approx(-4, rel=0.05)
    assert row["moving"] == pytest.approx(1, abs=0.05)


def test_a_table_keeps_the_items_of_earlier_jobs():
    ledger = Ledger({"kind": "item", "name": name} for name in "dcba")
    assert table_names(ledger, [Item("c", "c"), Item("x", "x")], Shard()) == ["c", "x", *"abd"]
    parts = [table_names(ledger, [], Shard(number, 3)) for number in (1, 2, 3)]
    assert sorted(sum(parts, [])) == list("abcd")


def test_a_table_of_others_is_not_replaced(tmp_path):
    (tmp_path / "motion.jsonl").write_text("mine")
    with pytest.raises(FileExistsError, match="motion.jsonl"):
        check_table(str(tmp_path), Shard(), "jsonl")
    check_table(str(tmp_path), Shard(1, 2), "jsonl")
    (tmp_path / "manifest.jsonl").write_text("")
    check_table(str(tmp_path), Shard(), "jsonl")


def test_times_that_do_not_increase_are_unknown():
    frames = moving_frames(2, 64, 64)
    row = pair_row(*frames, ClassicalFlow("dis").flow(*frames), 0.5, 1.0)
    rows = [{"times": (0.0, 0.1), "motion": row}, {"times": (0.1, 0.1), "motion": row}]
    assert item_row(rows)["seconds"] is None and item_row(rows[:1])["seconds"] == pytest.approx(0.1)


def test_parquet(archive, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    options = ExtractOptions(save=("motion",), classical="dis", pair_rows=True, table="parquet")
    _, _, ledger = extract(archive, tmp_path, options)
    write_table(str(tmp_path / "motion.parquet"), ledger, list(ledger.done))
    table = parquet.read_table(str(tmp_path / "motion.parquet")).to_pylist()
    assert [row["name"] for row in table] == ["a/x", "a/y", "b/z"]
    pairs = parquet.read_table(str(tmp_path / "b" / "z.motion.parquet")).to_pylist()
    assert [row["frames"] for row in pairs] == [[1, 2], [2, 3], [3, 4]]
