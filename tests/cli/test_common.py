"""Errors as one line with a remedy, messages that wait for the work, missing packages."""

import errno
import logging
import os
import subprocess
import sys
import types

import pytest

from pwcnet.cli import common
from tests.helpers.commands import ROOT, run_command


@pytest.fixture
def ended(capsys, monkeypatch):
    """A function that runs `main(argv, prog)` as a command; returns (exit code, stdout, stderr)."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level

    def run(main, *argv):
        monkeypatch.setitem(sys.modules, "pwcnet.cli.tested", types.SimpleNamespace(main=main))
        with pytest.raises(SystemExit) as caught:
            common.run("pwcnet.cli.tested", argv, "pwcnet tested")
        printed = capsys.readouterr()
        return caught.value.code, printed.out, printed.err

    yield run
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.mark.parametrize(
    "code, remedy",
    [
        (errno.ENOSPC, "free some space"),
        (errno.EFBIG, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "choose a folder you can write to"),
        (errno.EPERM, "choose a folder you can write to"),
        (errno.EROFS, "choose a folder you can write to"),
        (errno.EISDIR, "name a file"),
        (errno.EEXIST, "choose another"),
        (errno.ENOTDIR, "choose another"),
        (errno.ENOENT, "try another name"),
    ],
)
@pytest.mark.parametrize("name", ["some/file", None])
def test_errors_of_the_file_system_have_a_remedy(code, remedy, name, ended):
    def main(_, prog):
        raise OSError(code, os.strerror(code), *([name] if name else []))

    exit_code, _, line = ended(main)
    start = "pwcnet tested: error: " + ("some/file: " if name else "") + os.strerror(code)
    assert exit_code == 2 and line.startswith(start) and remedy in line and line.count("\n") == 1


@pytest.mark.parametrize("text", ["", "Unable to allocate 56 GiB"])
def test_memory_that_does_not_suffice_is_one_line(text, ended):
    def main(_, prog):
        raise MemoryError(text)

    exit_code, _, line = ended(main)
    assert exit_code == 2 and "memory" in line and text in line and line.count("\n") == 1


def test_an_input_that_may_not_be_read(ended, monkeypatch, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"")
    monkeypatch.setattr(common.os, "access", lambda path, mode: False)

    def main(_, prog):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "secret.png"))

    assert "secret.png: Permission denied; make it readable" in ended(main)[2]


def test_other_errors_keep_their_text_in_one_line(ended):
    def main(_, prog):
        raise ValueError("a.png has 1x1 pixels,\n b.png 2x2")

    assert ended(main)[2] == "pwcnet tested: error: a.png has 1x1 pixels, b.png 2x2\n"


@pytest.mark.parametrize("kind", [ValueError, FileNotFoundError, OSError])
def test_a_remedy_is_appended(kind, ended):
    def main(_, prog):
        with common.remedy("name another"):
            raise kind("no weights at here.npz")

    assert ended(main)[2] == "pwcnet tested: error: no weights at here.npz; name another\n"


def test_a_remedy_keeps_the_errors_of_the_system(ended):
    def main(_, prog):
        with common.remedy("name another"):
            raise OSError(errno.ENOSPC, "No space left on device", "flow.flo")

    line = ended(main)[2]
    assert "flow.flo: No space left on device; free some space" in line and "another\n" not in line


def test_exit_codes(ended):
    assert ended(lambda argv, prog: None)[0] is None
    assert ended(lambda argv, prog: 1)[0] == 1

    def interrupted(argv, prog):
        raise KeyboardInterrupt

    assert ended(interrupted) == (130, "", "interrupted\n")


def test_messages_wait_for_the_work(ended):
    def fails(_, prog):
        logging.getLogger("pwcnet").info("device: cpu")
        raise ValueError("no frames in folder")

    assert ended(fails)[2] == "pwcnet tested: error: no frames in folder\n"

    def works(_, prog):
        logging.getLogger("pwcnet").info("device: cpu")
        common.start_messages()
        logging.getLogger("pwcnet").info("step 1")
        raise ValueError("frame 2 is broken")

    assert ended(works)[2].splitlines() == [
        "device: cpu",
        "step 1",
        "pwcnet tested: error: frame 2 is broken",
    ]
    assert ended(lambda *_: logging.getLogger("pwcnet").info("done"))[2] == "done\n"


def test_a_failure_before_the_first_step_shows_no_bar(ended):
    def main(_, prog):
        def broken():
            raise ValueError("frame_0001.png is damaged")
            yield

        for _ in common.progress_bar(broken(), total=3):
            pass

    assert ended(main)[2] == "pwcnet tested: error: frame_0001.png is damaged\n"


@pytest.mark.parametrize("package", ["cv2", "tensorflow"])
def test_a_missing_package_is_one_line(package, ended):
    def main(_, prog):
        raise ModuleNotFoundError("No module named %r" % package, name=package)

    code, _, line = ended(main)
    assert code == 2 and package in line and sys.executable in line and "setup.sh" in line


def test_a_bug_keeps_its_traceback(ended, monkeypatch):
    def main(_, prog):
        raise ModuleNotFoundError("No module named 'pwcnet.nothing'", name="pwcnet.nothing")

    monkeypatch.setitem(sys.modules, "pwcnet.cli.tested", types.SimpleNamespace(main=main))
    with pytest.raises(ModuleNotFoundError):
        common.run("pwcnet.cli.tested", [], "pwcnet tested")


def test_scripts_without_packages_are_one_line(tmp_path):
    """-S leaves site-packages out; one script of each folder."""
    for script in (
        "offline_infer/dataprep.py",
        "scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py",
    ):
        done = run_command("-S", os.path.join(ROOT, script), "--dataset", "x", cwd=str(tmp_path))
        assert done.returncode == 2 and done.stdout == ""
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_limit_of_the_size_of_files(tmp_path):
    command = "ulimit -f 1; exec %s -m pwcnet scenes --output out --scenes 1" % sys.executable
    done = subprocess.run(
        ["bash", "-c", command + " --frames 2 --size 64x64"],
        cwd=str(tmp_path),
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=ROOT),
    )
    line = done.stderr.splitlines()[-1]
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert line.startswith("pwcnet scenes: error: out: ")
    assert "File too large; free some space" in line
    names = [name for _, _, names in os.walk(str(tmp_path)) for name in names]
    assert not [name for name in names if ".partial-" in name]
