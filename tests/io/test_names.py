"""Names that are no UTF-8, or that other programs take for patterns."""

import json
import os

import pytest

from pwcnet.io.names import escape_names, is_plain, plain_links, plain_path, restore_names

STRANGE = ["run[1]", "a*b", "what?", "back\\slash", os.fsdecode(b"latin-\xfc")]


def test_what_utf8_cannot_hold_is_escaped_and_restored():
    name = os.fsdecode(b"clip_\xff\x80") + "\u00fc"
    assert escape_names(name) == "clip_\\udcff\\udc80\u00fc"
    assert restore_names(escape_names(name)) == name
    assert json.loads(escape_names(json.dumps(name, ensure_ascii=False))) == name
    assert restore_names("\\udc7f \\x \\ud8ff") == "\\udc7f \\x \\ud8ff"  # no byte of a name


def test_plain_names():
    assert is_plain("/data/run 1/pwcnet.ckpt-7") and is_plain("\u00fc%03d&;#{}"[:-2])
    assert not any(map(is_plain, STRANGE))


@pytest.mark.parametrize("name", STRANGE, ids=ascii)
def test_a_plain_path_of_the_same_file(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    with plain_path(str(folder)) as plain:
        assert is_plain(plain)
        with open(os.path.join(plain, "a"), "w") as stream:
            stream.write("1")
    assert (folder / "a").read_text() == "1" and not os.path.lexists(plain)
    with plain_path(str(folder / "b.mp4")) as plain:  # need not exist
        assert is_plain(plain) and plain.endswith(".mp4")
    with plain_path(str(tmp_path)) as plain:
        assert plain == str(tmp_path)


def test_links_are_plain_where_the_folder_for_temporary_files_is_not(tmp_path, monkeypatch):
    (tmp_path / "[tmp]").mkdir()
    (tmp_path / "a").write_text("1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "[tmp]"))
    with plain_links({"b": str(tmp_path / "a")}) as folder:
        assert is_plain(folder)
        with open(os.path.join(folder, "b")) as stream:
            assert stream.read() == "1"
    assert not os.path.lexists(folder)
