"""The folder of an archive: who may write there, and what is said there about items."""

import json

import pytest

import pwcnet
from pwcnet.archive.folder import ArchiveFolder, is_running, read_ledger
from pwcnet.archive.manifest import Shard
from pwcnet.archive.options import ExtractOptions
from tests.helpers.frames import list_files

OPTIONS = ExtractOptions(save=("npz",), classical="dis")
FACTS = {"path": "in/a.mp4", "seconds": 1.0, "results": ["a.npz"]}


def opened(path, *shard, overwrite=False):
    return ArchiveFolder(str(path), OPTIONS, Shard(*shard), overwrite)


def write_manifest(path, *records):
    path.write_text("".join(json.dumps(dict(record)) + "\n" for record in records))


@pytest.mark.parametrize(
    "first, second, is_refused",
    [
        ((1, 2), (2, 2), False),
        ((1, 2), (1, 2), True),
        ((1, 2), (1, 3), True),
        ((), (1, 2), True),
        ((1, 2), (), True),
    ],
)
def test_two_jobs_at_once(tmp_path, first, second, is_refused):
    with opened(tmp_path, *first):
        assert is_running(str(tmp_path))
        if is_refused:
            with pytest.raises(BlockingIOError, match=str(tmp_path)):
                opened(tmp_path, *second)
        else:
            with opened(tmp_path, *second):
                pass
    assert not is_running(str(tmp_path))
    with opened(tmp_path, *second):
        pass


def test_the_latest_word_about_an_item_counts_whichever_shard_says_it(tmp_path):
    item = {"kind": "item", "name": "a", **FACTS}
    error = {"kind": "error", "name": "a", "error": "broken"}
    write_manifest(tmp_path / "manifest.jsonl", {**error, "time": 1})
    write_manifest(tmp_path / "manifest-1-of-2.jsonl", {**item, "pairs": 3, "time": 2})
    assert read_ledger(str(tmp_path)).done["a"]["pairs"] == 3
    write_manifest(tmp_path / "manifest.jsonl", {**item, "pairs": 2, "time": 1})
    assert read_ledger(str(tmp_path)).done["a"]["pairs"] == 3
    assert len(pwcnet.open_flow(tmp_path)["a"]) == 3


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "item", "path": "a.png"},
        {"kind": "item", "name": "a", "pairs": 1, "time": 1, **FACTS, "results": ["../a.npz"]},
        {"kind": "item", "name": "a", "pairs": 1, "time": 1, **FACTS, "results": ["/a.npz"]},
        {"kind": "item", "name": "a", "pairs": 1, "time": 1, **FACTS, "results": [""]},
        {"kind": "job", "time": 1},
        {"kind": ["job"]},
        {"kind": "item", "name": "a", "pairs": 1, "time": None, **FACTS},
    ],
)
def test_manifests_of_others_are_refused(tmp_path, record):
    (tmp_path / "out").mkdir()
    kept = tmp_path / "a.npz"
    kept.write_text("mine")
    write_manifest(tmp_path / "out" / "manifest.jsonl", record)
    with pytest.raises(ValueError, match="manifest.jsonl"):
        opened(tmp_path / "out", overwrite=True)
    with pytest.raises(ValueError, match="manifest.jsonl"):
        pwcnet.open_flow(tmp_path / "out")
    assert kept.read_text() == "mine"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.jsonl"]


def test_overwriting_leaves_what_is_not_extracted(tmp_path):
    ours = (
        "a/flow_00001.flo",
        "a/flow_x_00001.jpg",
        "a/pairs.jsonl",
        "a/flow.npz",
        "b/pairs.jsonl",
    )
    theirs = ("a/notes.txt", "a/flow_mine.jpg")
    for name in ours + theirs:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    facts = {"path": "in", "pairs": 1, "seconds": 1, "time": 1}
    write_manifest(
        tmp_path / "manifest.jsonl",
        *({"kind": "item", "name": name, "results": [name], **facts} for name in ("a", "b", "c")),
    )
    with opened(tmp_path, overwrite=True):
        pass
    assert list_files(tmp_path) == sorted(theirs + ("manifest.jsonl",))
    assert not (tmp_path / "b").exists()


def test_a_full_disk_is_named_once_and_leaves_no_lock(tmp_path):
    with pytest.raises(OSError, match="space") as error, opened(tmp_path) as folder:
        folder.manifest.close()
        folder.manifest._file = open("/dev/full", "ab")  # noqa: SIM115
        folder.begin(["disk"], [])
    assert error.value.filename == str(tmp_path / "manifest.jsonl")
    assert not (tmp_path / ".extract.lock").exists()
