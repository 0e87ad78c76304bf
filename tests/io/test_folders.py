"""Names in folders without litter."""

import pytest

from pwcnet.io.folders import is_litter, list_names

LITTER = [
    "@eaDir",
    "#recycle",
    "lost+found",
    ".git",
    "__MACOSX",
    "Thumbs.db",
    "thumbs.db",
    "desktop.ini",
    "._frame_1.png",
    ".DS_Store",
]


@pytest.mark.parametrize("name", LITTER)
def test_litter_is_not_listed(name, tmp_path):
    (tmp_path / name).mkdir()
    (tmp_path / "scene").mkdir()
    assert is_litter(name) and list_names(str(tmp_path)) == ["scene"]


def test_other_names_are_listed_in_order(tmp_path):
    names = ["#1.png", "@.png", "_.png", "recycle", "thumbs.png"]
    for name in reversed(names):
        (tmp_path / name).write_bytes(b"")
    assert list_names(str(tmp_path)) == names
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list_names(str(tmp_path / "nowhere"))
