"""Lists of pairs: separators, ids, masks, wrong lines."""

import os

import pytest

from pwcnet.data.datasets.file_list import file_list_samples
from tests.helpers import dataset_trees as trees


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_paths_are_relative_to_the_list(tmp_path, monkeypatch):
    root = trees.file_list(tmp_path)
    samples = file_list_samples(root)
    assert [sample.id for sample in samples] == ["mine/0001", "mine/0002", "mine/0003"]
    assert samples[0].frame2 == os.path.join(str(tmp_path), "mine/0001.jpg")
    assert [sample.has_invalid_mask for sample in samples] == [False, False, True]
    assert samples[2].load().valid.all() and not samples[2].load(masked=True).valid.all()
    monkeypatch.chdir(tmp_path)
    assert [sample.id for sample in file_list_samples("pairs.txt")] == [each.id for each in samples]
    parts = [file_list_samples(root, "train_with_val", part) for part in ("train", "val")]
    assert list(map(len, parts)) == [2, 1]


@pytest.mark.parametrize("separator", ["\t", ", ", " ,"])
def test_paths_with_spaces(separator, tmp_path):
    paths = [trees.put(tmp_path, "my pairs", name) for name in ("a.png", "b.png", "c.flo")]
    line = separator.join("my pairs/" + os.path.basename(path) for path in paths)
    (sample,) = file_list_samples(write(tmp_path / "list", "\ufeff%s\r\n" % line))
    assert (sample.id, sample.frame1, sample.flow) == ("my pairs/a", paths[0], paths[2])


def test_ids_by_line_where_names_do_not_do(tmp_path):
    for name in ("a.png", "b.png", "c.flo"):
        trees.put(tmp_path, name)
    path = write(tmp_path / "list", "a.png b.png c.flo\n\na.png b.png c.flo\n")
    assert [sample.id for sample in file_list_samples(path)] == ["line_000001", "line_000003"]
    path = write(tmp_path / "list", "%s/a.png b.png c.flo\n" % tmp_path)
    assert [sample.id for sample in file_list_samples(path)] == ["line_000001"]


def test_without_flow_in_mode_test_alone(tmp_path):
    for name in ("a.png", "b.png"):
        trees.put(tmp_path, name)
    path = write(tmp_path / "list", "a.png b.png")
    assert not file_list_samples(path, "test")[0].has_ground_truth
    with pytest.raises(ValueError, match="got 2 paths in %s, line 1" % path):
        file_list_samples(path)


def test_wrong_lines_and_files_are_named(tmp_path):
    path = write(tmp_path / "list", "# nothing\n\n")
    with pytest.raises(ValueError, match=path):
        file_list_samples(path)
    path = write(tmp_path / "list", "\na b c d e\n")
    with pytest.raises(ValueError, match="5 paths in %s, line 2" % path):
        file_list_samples(path)
    path = write(tmp_path / "list", "absent.png b c\n")
    with pytest.raises(FileNotFoundError, match="absent.png .%s, line 1" % path):
        file_list_samples(path)
    with pytest.raises(FileNotFoundError, match="none.txt"):
        file_list_samples(str(tmp_path / "none.txt"))
