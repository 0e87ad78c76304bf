"""Source archive and wheel: their contents, and the installed wheel at work from any directory."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import cv2
import numpy as np
import pytest

from pwcnet._version import __version__
from tests.helpers.commands import ROOT, run_python
from tests.helpers.flows import read_flo

SOURCES = ["pwcnet", "LICENSE", "README.md", "MANIFEST.in", "pyproject.toml", "setup.cfg"]
SOURCES += [name for name in sorted(os.listdir(ROOT)) if name.startswith("requirements")]
SOURCES += [
    name for name in ("CHANGELOG.md", "CITATION.cff") if os.path.exists(os.path.join(ROOT, name))
]

FLOW = """
import cv2
import numpy as np

import pwcnet

frames = [cv2.imread(name)[..., ::-1] for name in ("A.png", "B.png")]
with pwcnet.Predictor() as predictor:
    np.save("flow.npy", predictor.flow(*frames))
print(pwcnet.__file__)
"""


def ran(python, *arguments, **options):
    """stdout of `python ARGUMENTS`, which must succeed."""
    done = run_python(python, *arguments, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """(source archive, wheel); the wheel is built from the archive, which is complete then."""
    folder = tmp_path_factory.mktemp("archives")
    source = folder / "source"  # a copy: a build leaves folders behind and would take up older ones
    source.mkdir()
    for name in SOURCES:
        path, copy = os.path.join(ROOT, name), str(source / name)
        if os.path.isdir(path):
            shutil.copytree(path, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, copy)
    (source / "tests").mkdir()
    (source / "tests" / "test_nothing.py").write_text("")
    build = "import setuptools.build_meta; setuptools.build_meta.build_sdist(%r)" % str(folder)
    ran(sys.executable, "-c", build, cwd=str(source))
    (archive,) = folder.glob("*.tar.gz")
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", folder]
    ran(sys.executable, "-m", "pip", "wheel", "--quiet", archive, *options, cwd=str(folder))
    (wheel,) = folder.glob("*.whl")
    return archive, wheel


@pytest.mark.whole_on("tf1")
def test_source_archive_holds_the_package_and_no_tests(archives):
    with tarfile.open(str(archives[0])) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    expected = SOURCES + ["pwcnet/weights/pwcnet-sm-scenes.npz", "pwcnet/py.typed"]
    assert set(expected) <= set(names)
    assert not [name for name in names if "test" in name]


def test_wheel_holds_every_file_of_the_package_and_nothing_else(archives):
    with zipfile.ZipFile(str(archives[1])) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        licences = [name for name in wheel.namelist() if name.endswith("/LICENSE")]
    expected = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "pwcnet")):
        if "__pycache__" not in folder:
            expected |= {os.path.relpath(os.path.join(folder, file), ROOT) for file in files}
    assert names == expected and len(licences) == 1
    assert {
        "pwcnet/py.typed",
        "pwcnet/weights/pwcnet-sm-scenes.npz",
        "pwcnet/archive/html/templates/motion.html",
        "pwcnet/evaluation/html/templates/report.html",
    } <= names


def test_wheel_names_its_version_licence_and_requirements(archives):
    with zipfile.ZipFile(str(archives[1])) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        lines = wheel.read(name).decode("utf-8").splitlines()
        (name,) = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
        commands = wheel.read(name).decode("utf-8").split()
    assert {"Name: pwcnet-tf", "Version: " + __version__, "License: Apache-2.0"} <= set(lines)
    assert commands == ["[console_scripts]", "pwcnet", "=", "pwcnet.cli.main:main"]
    needed = [line for line in lines if line.startswith("Requires-Dist: ") and "extra" not in line]
    with open(os.path.join(ROOT, "requirements.txt")) as stream:
        wanted = [line for line in stream if line.strip() and not line.startswith("#")]
    assert len(needed) == len(wanted) and any("tensorflow" in line for line in needed)


def new_environment(folder, *options):
    """The interpreter of a fresh virtual environment."""
    subprocess.check_call([sys.executable, "-m", "venv", *options, str(folder)])
    return os.path.join(str(folder), "bin", "python")


@pytest.fixture(scope="module")
def installed(archives, tmp_path_factory):
    """The interpreter of an environment with the wheel on top of this environment's packages."""
    folder = tmp_path_factory.mktemp("installed")
    python = new_environment(folder, "--without-pip")
    (packages,) = folder.glob("lib/python*/site-packages")
    below = os.path.dirname(os.path.dirname(np.__file__))
    (packages / "below.pth").write_text(below + "\n")  # its own .pth files are not followed
    options = ["--no-deps", "--no-index", "--ignore-installed", "--quiet"]
    ran(python, "-m", "pip", "install", *(options + [archives[1]]), cwd=str(folder))
    return python


@pytest.fixture
def frames(tmp_path):
    """A folder with A.png and B.png: the second is the first, moved 4 pixels to the right."""
    noise = np.random.RandomState(0).randint(0, 256, (64, 132, 3)).astype(np.uint8)
    texture = cv2.GaussianBlur(noise, (0, 0), 2)
    cv2.imwrite(str(tmp_path / "A.png"), texture[:, 4:])
    cv2.imwrite(str(tmp_path / "B.png"), texture[:, :-4])
    return tmp_path


def check_installation(python, folder):
    """The package at work from a folder that has no checkout above it, and no checkpoint."""
    environment = os.path.dirname(os.path.dirname(python))
    printed = ran(python, "-c", FLOW, cwd=str(folder)).split()
    assert os.path.realpath(printed[-1]).startswith(os.path.realpath(environment))
    flow = np.load(str(folder / "flow.npy"))
    assert flow.shape == (64, 128, 2)
    assert abs(np.median(flow[..., 0]) - 4) < 1 and abs(np.median(flow[..., 1])) < 1

    command = os.path.join(environment, "bin", "pwcnet")
    ran(command, "predict", "A.png", "B.png", "--output", "predicted", cwd=str(folder))
    (file,) = (folder / "predicted").glob("*.flo")
    assert np.abs(read_flo(file) - flow).max() < 1e-3


def test_installed_wheel_computes_flow(installed, frames):
    check_installation(installed, frames)


def test_command_of_the_installed_wheel(installed, tmp_path):
    command = os.path.join(os.path.dirname(installed), "pwcnet")
    assert ran(command, "--version", cwd=str(tmp_path)) == "pwcnet %s\n" % __version__
    assert ran(command, "--help", cwd=str(tmp_path)) == ran(
        installed, "-m", "pwcnet", "--help", cwd=str(tmp_path)
    )


@pytest.mark.full
def test_wheel_installs_with_its_dependencies(archives, frames, tmp_path_factory):
    python = new_environment(tmp_path_factory.mktemp("whole"))
    ran(python, "-m", "pip", "install", "--quiet", "%s[plots,report]" % archives[1])
    ran(python, "-m", "pip", "check")
    check_installation(python, frames)
