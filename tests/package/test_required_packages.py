"""The requirement files agree, and the published scripts run with the required packages alone."""

import json
import os
import re

import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from tests.helpers.commands import ROOT, run_command

try:
    from importlib import metadata
except ImportError:  # Python 3.7, where pytest brings it
    import importlib_metadata as metadata

MODULES = {"opencv-python-headless": "cv2", "scikit-learn": "sklearn", "protobuf": "google"}


def requirements(name):
    """The requirement lines of a file in the project's folder."""
    with open(os.path.join(ROOT, name)) as stream:
        lines = (line.strip() for line in stream)
        return [line for line in lines if line and not line.startswith("#")]


def package(requirement):
    return re.match("[A-Za-z0-9_.-]+", requirement).group().lower().replace("_", "-")


@pytest.mark.parametrize(
    "name, absent",
    [
        ("requirements-without-tensorflow.txt", {"tensorflow", "protobuf"}),
        ("requirements-minimal.txt", {"tensorflow", "protobuf", "opencv-python-headless"}),
    ],
)
def test_shorter_files_differ_only_in_what_the_host_brings(name, absent):
    expected = [line for line in requirements("requirements.txt") if package(line) not in absent]
    assert requirements(name) == expected


def test_the_oldest_numpy_has_the_generator_of_the_augmentation():
    """np.random.Generator came with NumPy 1.17."""
    oldest = [
        tuple(map(int, re.search(r">=([0-9.]+)", line).group(1).split(".")))
        for line in requirements("requirements.txt")
        if package(line) == "numpy"
    ]
    assert min(oldest) >= (1, 17)


def installed_closure(names):
    """The named packages and all that they need, as far as they are installed."""
    seen, queue = set(), list(names)
    while queue:
        name = queue.pop()
        try:
            needed = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            continue
        if name not in seen:
            seen.add(name)
            queue += [package(line) for line in needed if "extra ==" not in line]
    return seen


def top_level_modules(distribution):
    """The names that a distribution adds to what can be imported."""
    tops = {str(file).split("/")[0] for file in distribution.files or []}
    names = {re.sub(r"\..*", "", top) for top in tops if not top.endswith((".dist-info", ".pth"))}
    return {name for name in names if name.isidentifier()}


def hidden_modules():
    """The modules of installed packages that the requirements do not need, such as the extras."""
    required = installed_closure(package(line) for line in requirements("requirements.txt"))
    hidden, kept = set(), set()
    for distribution in metadata.distributions():
        name = package(distribution.metadata["Name"])
        group = kept if name in required or name == "pwcnet-tf" else hidden
        group |= top_level_modules(distribution)
    return hidden - kept


@pytest.fixture
def sintel(tmp_path):
    """A folder with MPI-Sintel-complete: one scene of 3 frames."""
    write_sintel(str(tmp_path / "data"), [("one", demo_scene(0, 64, 96, 3, 4))])
    return str(tmp_path / "data")


@pytest.mark.full
def test_published_scripts_need_the_required_packages_alone(sintel, small_checkpoint, tmp_path):
    hidden = hidden_modules()
    assert {"matplotlib", "jinja2", "pytest"} <= hidden
    assert not hidden & {"numpy", "tensorflow", "cv2", "sklearn", "scipy", "tqdm"}
    scripts, offline = os.path.join(ROOT, "scripts", ""), os.path.join(ROOT, "offline_infer", "")
    finetune = scripts + "pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py"
    evaluate = scripts + "pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py"
    size = "--height 64 --width 128".split()
    crop = "--crop_height 64 --crop_width 64".split()
    commands = [
        [finetune, "--help"],
        [finetune, "--iterations", "1", "--save_path", "run", "--batch_size", "4"]
        + ["--dataset", sintel, "--pretrained", small_checkpoint]
        + crop,
        [evaluate, "--dataset", sintel, "--ckpt", small_checkpoint],
        [offline + "convert_ckpt2pb.py", "--ckpt", small_checkpoint, "--output", "pwcnet.pb"]
        + size,
        [offline + "dataprep.py", "--dataset", sintel, "--output", "prepared"] + size,
        [offline + "infer_pb.py", "--pb", "pwcnet.pb"]
        + ["--input", "prepared/image", "--output", "results"],
        [offline + "evaluation.py", "--gt_path", "prepared/gt", "--output_path", "results"]
        + size
        + ["--frame_height", "64", "--frame_width", "96"],
    ]
    job = {
        "root": ROOT,
        "hidden": sorted(hidden),
        "allowed": [
            MODULES.get(name, name) for name in map(package, requirements("requirements.txt"))
        ],
        "commands": commands,
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    program = os.path.join(ROOT, "tests", "package", "isolated_program.py")
    done = run_command(program, tmp_path / "job.json", cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "Average EPE=" in done.stdout and "Average EPE =" in done.stdout
    assert (tmp_path / "run" / "options.json").exists()
