"""The manifest: what was written is read again, whatever stopped the writer."""

import pytest

from pwcnet.archive.manifest import Ledger, ManifestWriter, Shard, manifests, read_records


def test_records(tmp_path):
    path = str(tmp_path / "manifest.jsonl")
    writer = ManifestWriter(path)
    writer.add("item", name="a \udcff", pairs=3)
    writer.add("error", name="b", error="c")
    writer.close()
    item, error = read_records(path)
    assert (item["name"], item["pairs"], error["kind"]) == ("a \udcff", 3, "error")


@pytest.mark.parametrize("rest", [b'{"kind": "item", "na', b'{"kind": "item"}', b"\xff"])
def test_a_line_that_breaks_off(tmp_path, rest):
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(b'{"kind": "job"}\n' + rest)
    assert len(list(read_records(str(path)))) == 1
    writer = ManifestWriter(str(path))
    writer.add("end")
    writer.close()
    assert [record["kind"] for record in read_records(str(path))] == ["job", "end"]


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"x", b"\xff\xfe"])
def test_what_is_no_manifest(tmp_path, line):
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(b'{"kind": "job"}\n' + line + b"\n")
    with pytest.raises(ValueError, match="Line 2 of .*manifest.jsonl"):
        list(read_records(str(path)))


def test_the_last_word_about_an_item_counts():
    ledger = Ledger([{"kind": "error", "name": "a"}, {"kind": "item", "name": "a"}])
    assert "a" in ledger.done and not ledger.failed
    ledger.add({"kind": "error", "name": "a"})
    assert "a" in ledger.failed and not ledger.done


def test_manifests_of_shards(tmp_path):
    for name in ("manifest.jsonl", "manifest-2-of-3.jsonl", "manifest-2-of.jsonl", "other.jsonl"):
        (tmp_path / name).write_text("")
    assert set(manifests(str(tmp_path))) == {Shard(), Shard(2, 3)}
