"""Kept conversions: found, damaged, bounded, and where they can be kept."""

import os
import stat

import pytest

from pwcnet.inference.int8_cache import MAX_FILES, cache_name, find_cached, keep

MODEL = b"a model"
NAME = "a.tflite"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of conversions, which is missing yet; tmp_path is that of temporary files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / "cache" / "pwcnet"


def temporary_folder(tmp_path):
    return tmp_path / ("pwcnet-%d" % os.getuid())


def test_damage_is_seen(cache, caplog):
    caplog.set_level("INFO")
    assert find_cached(NAME) is None
    path = keep(NAME, MODEL)
    assert path == str(cache / NAME) and find_cached(NAME) == MODEL and not caplog.messages
    kept = (cache / NAME).read_bytes()
    for damage in (b"", MODEL, b"x" + kept[1:], kept[:-1]):
        (cache / NAME).write_bytes(damage)
        assert find_cached(NAME) is None and path in caplog.messages[-1]
    assert keep(NAME, MODEL) == path and find_cached(NAME) == MODEL


def test_the_files_used_last_are_kept(cache):
    for number in range(MAX_FILES + 1):
        path = keep("%02d.tflite" % number, MODEL)
        os.utime(path, (number, number))
        if number == 2:
            (cache / "other").write_bytes(b"")
    assert not (cache / "00.tflite").exists()
    assert find_cached("01.tflite") == MODEL  # and so it was used last
    keep("new.tflite", MODEL)
    names = set(os.listdir(str(cache)))
    assert {"01.tflite", "new.tflite", "other"} <= names and "02.tflite" not in names
    assert len(names) == MAX_FILES + 1


def test_a_folder_of_temporary_files_where_the_cache_cannot_be_written(cache, tmp_path):
    cache.parent.write_bytes(b"a file")
    path = keep(NAME, MODEL)
    assert path == str(temporary_folder(tmp_path) / NAME) and find_cached(NAME) == MODEL
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_a_temporary_folder_that_others_can_write_to_is_not_trusted(cache, tmp_path):
    cache.parent.write_bytes(b"a file")
    keep(NAME, MODEL)
    temporary_folder(tmp_path).chmod(0o777)
    assert find_cached(NAME) is None and keep(NAME, MODEL) is None


def test_no_folder_at_all(cache, tmp_path, monkeypatch):
    cache.parent.write_bytes(b"a file")
    monkeypatch.setattr("tempfile.tempdir", str(cache.parent))
    assert keep(NAME, MODEL) is None and find_cached(NAME) is None


def test_a_relative_cache_folder_does_not_count(cache, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert keep(NAME, MODEL) == str(tmp_path / "home" / ".cache" / "pwcnet" / NAME)


def test_names_follow_what_a_conversion_depends_on():
    facts = {"weights": "a", "size": [64, 128], "pwcnet": "1"}
    changed = [{"weights": "b"}, {"size": [128, 64]}, {"pwcnet": "2"}]
    names = [cache_name(facts)] + [cache_name(dict(facts, **change)) for change in changed]
    assert len(set(names)) == 4 and cache_name(dict(reversed(list(facts.items())))) == names[0]
