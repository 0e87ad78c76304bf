"""Files that are complete or absent, and errors that name them."""

import errno
import os
import subprocess
import sys

import pytest

from pwcnet.io import atomic
from pwcnet.io.atomic import (
    atomic_folder,
    atomic_path,
    check_output_file,
    check_output_folder,
    os_errors_naming,
    write_bytes,
    write_text,
)
from pwcnet.io.partial_files import is_partial
from tests.helpers.commands import ROOT
from tests.helpers.mounts import limited_mount


def everything(folder):
    return sorted(
        os.path.relpath(os.path.join(parent, name), str(folder))
        for parent, folders, files in os.walk(str(folder))
        for name in folders + files
    )


def failing(code):
    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    return fail


def test_written_completely_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "a.txt"
    write_text(path, "first")
    with pytest.raises(KeyboardInterrupt), atomic_path(path) as temporary:
        with open(temporary, "w") as stream:
            stream.write("second")
        assert is_partial(temporary) and not is_partial(path)
        raise KeyboardInterrupt
    assert path.read_text() == "first" and everything(tmp_path) == [
        "new",
        os.path.join("new", "a.txt"),
    ]


@pytest.mark.parametrize("function, code", [("fsync", errno.ENOSPC), ("replace", errno.EROFS)])
def test_errors_name_the_target_and_leave_nothing(function, code, tmp_path, monkeypatch):
    monkeypatch.setattr(atomic.os, function, failing(code))
    with pytest.raises(OSError) as caught:
        write_bytes(tmp_path / "a.bin", b"1")
    assert (
        caught.value.errno == code
        and caught.value.filename == str(tmp_path / "a.bin")
        and not everything(tmp_path)
    )


def test_no_permission_names_the_target(tmp_path, monkeypatch):
    def refused(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(atomic.os, "open", refused)
    with pytest.raises(PermissionError) as caught:
        write_bytes(tmp_path / "a.bin", b"1")
    assert caught.value.filename == str(tmp_path / "a.bin")


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_file_systems_without_fsync(code, tmp_path, monkeypatch):
    monkeypatch.setattr(atomic.os, "fsync", failing(code))
    write_bytes(tmp_path / "a.bin", b"1")
    assert (tmp_path / "a.bin").read_bytes() == b"1"


@pytest.mark.parametrize("lacks", ["chmod", "fsync of folders"])
def test_mounts_that_lack_something(lacks, tmp_path):
    environment, folder = limited_mount(tmp_path, lacks)
    program = "import sys; from pwcnet.io.atomic import write_text; write_text(sys.argv[1], 'a')"
    subprocess.run(
        [sys.executable, "-c", program, str(folder / "a.txt")],
        env=dict(environment, PYTHONPATH=ROOT),
        check=True,
    )
    assert everything(folder) == ["a.txt"]


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_the_permissions_are_those_of_a_new_file(mask, tmp_path):
    earlier = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "1")
        (tmp_path / "b.txt").write_text("1")
    finally:
        os.umask(earlier)
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


@pytest.mark.parametrize("name", ["n" * 251 + ".flo", "\u00fc" * 120 + ".mp4", "a" * 140 + ".png"])
def test_the_temporary_name_fits_where_the_name_fits(name, tmp_path):
    with atomic_path(tmp_path / name) as temporary:
        assert os.path.splitext(temporary)[1] == os.path.splitext(name)[1]
        base = os.path.basename(temporary)
        assert len(os.fsencode(base)) <= len(os.fsencode(name)) and is_partial(base)
    assert everything(tmp_path) == [name]


def test_names_that_are_no_utf8_are_escaped_in_text(tmp_path):
    write_text(tmp_path / "a.txt", "scene_\udcff \u00fc")
    assert (tmp_path / "a.txt").read_bytes() == b"scene_\\udcff \xc3\xbc"


def test_other_errors_stay_as_they_are(tmp_path):
    for error in (FileNotFoundError(errno.ENOENT, "none", "another"), OSError("of a library")):
        with pytest.raises(type(error)) as caught, os_errors_naming(tmp_path / "a"):
            raise error
        assert caught.value is error


def test_a_folder_is_refused_at_once(tmp_path):
    for path in (tmp_path, ""):
        with pytest.raises(IsADirectoryError) as caught, atomic_path(path):
            raise AssertionError("the block ran")
        assert caught.value.filename == (str(path) or ".")
    assert not everything(tmp_path)


def test_outputs_are_checked_without_a_trace(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    check_output_file(tmp_path / "file")
    check_output_file(tmp_path / "new" / "deep" / "file")
    check_output_folder(tmp_path / "folder")
    check_output_folder(tmp_path / "new" / "deep")
    check_output_folder("")
    with pytest.raises(IsADirectoryError, match="folder"):
        check_output_file(tmp_path / "folder")
    for path in (tmp_path / "file", tmp_path / "file" / "deep" / "er"):
        with pytest.raises(NotADirectoryError) as caught:
            check_output_folder(path)
        assert caught.value.filename == str(tmp_path / "file")
    with pytest.raises(PermissionError, match="/proc"):
        check_output_folder("/proc/nobody/writes/here")
    for number, kind in (
        (errno.EACCES, PermissionError),
        (errno.EROFS, OSError),
        (errno.ENOSPC, OSError),
    ):

        def refused(dir, number=number):
            raise OSError(number, os.strerror(number), os.path.join(dir, "tmpxyz"))

        monkeypatch.setattr(atomic.tempfile, "TemporaryFile", refused)
        with pytest.raises(kind) as caught:
            check_output_file(tmp_path / "folder" / "new" / "file")
        assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / "folder"))
    assert everything(tmp_path) == ["file", "folder"]


def test_folders_are_written_completely_or_not_at_all(tmp_path):
    path = str(tmp_path / "new" / "model")
    for text in ("first", "second"):
        with atomic_folder(path, "marker") as folder:
            os.mkdir(os.path.join(folder, "inside"))
            write_text(os.path.join(folder, "marker"), text)
    assert everything(tmp_path) == ["new", "new/model", "new/model/inside", "new/model/marker"]
    with pytest.raises(RuntimeError), atomic_folder(path, "marker") as folder:
        write_text(os.path.join(folder, "marker"), "third")
        raise RuntimeError("stopped")
    assert everything(tmp_path) == ["new", "new/model", "new/model/inside", "new/model/marker"]
    assert (tmp_path / "new" / "model" / "marker").read_text() == "second"
    assert os.stat(path).st_mode == os.stat(str(tmp_path / "new")).st_mode


def test_a_folder_of_something_else_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "precious").write_text("")
    monkeypatch.chdir(tmp_path)
    for path in (str(tmp_path), str(tmp_path / "precious"), "", "."):
        with pytest.raises(FileExistsError) as caught, atomic_folder(path, "marker"):
            pass
        assert (path or str(tmp_path)) in str(caught.value)
    assert everything(tmp_path) == ["precious"]


def test_a_replaced_folder_comes_back_where_the_new_one_cannot_be_named(tmp_path, monkeypatch):
    path, rename = tmp_path / "model", os.rename
    path.mkdir()
    (path / "marker").write_text("old")

    def fails_for_new(source, target):
        return failing(errno.EIO)() if source.endswith("new") else rename(source, target)

    monkeypatch.setattr(atomic.os, "rename", fails_for_new)
    with pytest.raises(OSError), atomic_folder(str(path), "marker") as folder:
        write_text(os.path.join(folder, "marker"), "new")
    assert everything(tmp_path) == ["model", "model/marker"]
    assert (path / "marker").read_text() == "old"
