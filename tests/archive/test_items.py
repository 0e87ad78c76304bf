"""Which items an archive has, and what they are called."""

import errno
import os

import pytest

from pwcnet.archive.items import Item, check_names, find_items


def touch(folder, *names):
    for name in names:
        path = os.path.join(str(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").close()


@pytest.fixture
def tree(tmp_path):
    touch(tmp_path, "in/a/x.mp4", "in/a/y.MKV", "in/top.avi", "in/seq/f1.png", "in/seq/f2.png")
    touch(tmp_path, "in/one/only.png", "in/notes.txt", "in/@eaDir/t.mp4", "in/.hidden/h.mp4")
    return tmp_path / "in"


def names(*inputs, **options):
    return [item.name for item in find_items([str(path) for path in inputs], **options)]


def test_folders_are_searched(tree):
    assert names(tree) == ["top", "a/x", "a/y", "seq"]


def test_one_input_names_its_item(tree):
    assert names(tree / "a" / "x.mp4") == ["x"]
    assert names(tree / "seq") == ["seq"]
    assert names(tree / "a" / "x.mp4", tree / "top.avi") == ["a/x", "top"]


def test_patterns(tree):
    assert names(tree / "*" / "*.mp4") == ["a/x"]
    assert names(tree / "**" / "*.[am]*") == ["a/x", "top"]
    with pytest.raises(FileNotFoundError, match="nothing"):
        names(tree / "nothing*.mp4")


def test_the_output_and_circles_are_left_out(tree):
    touch(tree, "out/x.mp4")
    os.symlink(str(tree), str(tree / "a" / "circle"))
    assert names(tree, output=str(tree / "out")) == ["top", "a/x", "a/y", "seq"]


def test_lists(tree):
    path = tree / "list.txt"
    path.write_text("# a comment\n\na/x.mp4\na/x.mp4 3 9\r\nseq\t1 2\n", encoding="utf-8-sig")
    items = find_items([], [str(path)])
    assert [(item.name, item.first, item.last) for item in items] == [
        ("a/x", 1, None),
        ("a/x_000003-000009", 3, 9),
        ("seq_000001-000002", 1, 2),
    ]
    path.write_text("a/x.mp4\nabsent.mp4\n")
    with pytest.raises(FileNotFoundError, match="Line 2 of .*absent.mp4"):
        find_items([], [str(path)])
    path.write_text("a/x.mp4 5 5\n")
    with pytest.raises(ValueError, match="Line 1 of .*x.mp4"):
        find_items([], [str(path)])


def test_two_items_of_one_name(tree):
    touch(tree, "a/x.avi")
    with pytest.raises(ValueError, match="x.avi.*x.mp4"):
        names(tree)


def test_folders_of_results_in_one_another(tree):
    touch(tree, "seq/deep/g1.png", "seq/deep/g2.png")
    items = find_items([str(tree)])
    assert [item.name for item in items][-2:] == ["seq", "seq/deep"]
    check_names(items, in_folders=False)
    with pytest.raises(ValueError, match="deep"):
        check_names(items, in_folders=True)


@pytest.mark.parametrize("name", ["absent", "notes.txt", "one"])
def test_what_is_no_item(tree, name):
    with pytest.raises((ValueError, FileNotFoundError), match=name):
        names(tree / name)


def test_shards_part_the_items():
    items = [Item("v%d" % number, "v") for number in range(200)]
    parts = [[item for item in items if item.in_shard(index, 7)] for index in range(1, 8)]
    assert sorted(sum(parts, [])) == sorted(items)
    assert all(10 < len(part) < 50 for part in parts)


def test_results_among_the_inputs_are_no_inputs(tree):
    touch(tree, "top/flow_x_00001.jpg", "top/flow_y_00001.jpg", "top/pairs.jsonl")
    assert names(tree, output=str(tree)) == ["top", "a/x", "a/y", "seq"]
    with pytest.raises(ValueError, match="top"):  # elsewhere it is a folder of frames
        names(tree)


def test_folders_that_cannot_be_read_are_not_left_out(tree, monkeypatch):
    scan = os.scandir

    def refusing(path):
        if os.path.basename(path) == "a":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(PermissionError) as error:
        names(tree)
    assert error.value.filename == str(tree / "a")


def test_a_link_that_leads_nowhere_is_a_frame_of_its_folder(tree):
    os.symlink("nowhere", str(tree / "seq" / "f3.png"))
    assert Item("seq", str(tree / "seq")).fingerprint()["mtime_ns"]
