"""What all command lines do alike: errors as one line with a remedy, and none without the packages."""

import errno
import os
import subprocess
import sys

import pytest

from pwcnet.cli import common as command_line
from tests.conftest import ROOT, run_command


def is_program(path):
    """Whether a user may start it; benchmark.py alone starts benchmark_case.py."""
    with open(path) as stream:
        return (
            path.endswith(".py")
            and '__name__ == "__main__"' in stream.read()
            and not path.endswith("benchmark_case.py")
        )


PROGRAMS = [
    os.path.join(folder, name)
    for folder in ("scripts", "offline_infer")
    for name in sorted(os.listdir(os.path.join(ROOT, folder)))
    if os.path.isfile(os.path.join(ROOT, folder, name))
    and is_program(os.path.join(ROOT, folder, name))
]


def ended(main, capsys):
    """(exit code, stderr) of a command line."""
    with pytest.raises(SystemExit) as caught:
        command_line.run(main)
    return caught.value.code, capsys.readouterr().err


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_packages_there_is_one_line(program, tmp_path):
    done = run_command(
        "-S", os.path.join(ROOT, program), "--help", cwd=str(tmp_path), env={}
    )  # -S: without site-packages
    assert done.returncode == 2 and not done.stdout and len(done.stderr.splitlines()) == 1, (
        done.stderr
    )
    line = done.stderr.strip()
    assert line.startswith(
        os.path.basename(program)
        + ": error: expected the packages of requirements.txt, found no 'numpy', "
    )
    assert "'tensorflow'" in line and line.endswith(
        "in %s; run bash scripts/setup.sh, then use .venv-tf1/bin/python or .venv-tf2/bin/python"
        % sys.executable
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_option_that_is_not_there_is_one_line(program, tmp_path):
    done = run_command(
        os.path.join(ROOT, program), "--job", "v1", "--no_such_option", cwd=str(tmp_path)
    )
    assert done.returncode == 2 and not done.stdout and len(done.stderr.splitlines()) == 1, (
        done.stderr
    )
    assert done.stderr.startswith(os.path.basename(program) + ": error: ") and done.stderr.endswith(
        "; --help lists the options\n"
    )
    assert not list(tmp_path.iterdir())


def test_only_what_is_missing_is_named(monkeypatch, capsys):
    monkeypatch.setattr(
        sys.modules["__main__"],
        "__file__",
        os.path.join(ROOT, "scripts", "predict.py"),
        raising=False,
    )
    command_line.check_packages()
    monkeypatch.setattr(command_line, "PACKAGES", ("numpy", "no_such_package"))
    with pytest.raises(SystemExit) as caught:
        command_line.check_packages()
    assert caught.value.code == 2 and "predict.py: error: " in capsys.readouterr().err
    monkeypatch.setattr(sys.modules["__main__"], "__file__", os.path.join(ROOT, "elsewhere.py"))
    command_line.check_packages()  # other programs have their own way


@pytest.mark.parametrize(
    "code, remedy",
    [
        (errno.ENOSPC, "free some space or choose another folder"),
        (errno.EFBIG, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "choose a folder you can write to"),
        (errno.EPERM, "choose a folder"),
        (errno.EROFS, "choose a folder"),
        (errno.EISDIR, "name a file"),
        (errno.EEXIST, "is a file, where a folder is needed; choose another"),
        (errno.ENOTDIR, "is a file"),
        (errno.ENOENT, "try another name"),
    ],
)
def test_errors_of_the_file_system_have_a_remedy(code, remedy, capsys):
    for name, named in (("some/file", "error: some/file: "), (None, "error: ")):

        def main(_):
            raise OSError(code, os.strerror(code), *([name] if name else []))

        exit_code, line = ended(main, capsys)
        assert (
            exit_code == 2
            and named + os.strerror(code) + "; " in line
            and remedy in line
            and len(line.splitlines()) == 1
        )


def test_an_input_that_may_not_be_read(monkeypatch, tmp_path, capsys):
    (tmp_path / "secret.png").write_bytes(b"")
    monkeypatch.setattr(command_line.os, "access", lambda path, mode: False)

    def main(_):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "secret.png"))

    assert "secret.png: Permission denied; make it readable" in ended(main, capsys)[1]


def test_other_errors_keep_their_text(capsys):
    def main(_):
        raise ValueError("expected one line,\n got two")

    assert ended(main, capsys)[1].endswith("error: expected one line, got two\n")


def test_a_limit_of_the_size_of_files(tmp_path):
    command = 'ulimit -f 1; exec "$@"'  # blocks of 1024 bytes (512 in some shells)
    done = subprocess.run(
        [
            "bash",
            "-c",
            command,
            "-",
            sys.executable,
            os.path.join(ROOT, "scripts", "make_scenes.py"),
            "--output",
            "made",
            "--scenes",
            "1",
            "--frames",
            "2",
            "--height",
            "64",
            "--width",
            "64",
        ],
        cwd=str(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"),
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    line = done.stderr.splitlines()[-1]
    assert (
        line.startswith("make_scenes.py: error: made/MPI-Sintel-complete/")
        and "File too large; free some space or choose another folder" in line
    )
    assert not [
        name for _, _, names in os.walk(str(tmp_path)) for name in names if ".partial-" in name
    ]
