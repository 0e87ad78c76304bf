import os
import sys

import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.sample import load_sample
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.scenes import generate_pair
from scripts import make_scenes
from tests.conftest import ROOT, run_command

SMALL = ["--scenes", "2", "--frames", "3", "--height", "48", "--width", "64", "--max_motion", "4"]


def files(folder):
    return {
        os.path.relpath(os.path.join(parent, name), str(folder))
        for parent, _, names in os.walk(str(folder))
        for name in names
    }


def test_makes_a_data_set_from_any_directory(tmp_path):
    done = run_command(
        os.path.join(ROOT, "scripts", "make_scenes.py"),
        "--output",
        "made",
        *SMALL,
        cwd=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert "2 training scenes and 1 test scene in made" in done.stdout
    samples = sintel_samples(str(tmp_path / "made"))
    assert [sample.id for sample in samples] == [
        "scene_%02d/frames_%04d_%04d" % (s, n, n + 1) for s in (1, 2) for n in (1, 2)
    ]
    loaded = load_sample(samples[0])
    assert (
        loaded.frame1.shape == (48, 64, 3)
        and 0 < np.abs(loaded.flow).max() <= 4
        and loaded.occlusion is not None
    )
    assert len(sintel_samples(str(tmp_path / "made"), "final", mode="test")) == 2


def test_seed_decides(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        make_scenes.main(["--output", str(tmp_path / name), "--seed", str(seed)] + SMALL)
    assert files(tmp_path / "a") == files(tmp_path / "c")
    same, other = (
        [
            (tmp_path / "a" / path).read_bytes() == (tmp_path / name / path).read_bytes()
            for path in sorted(files(tmp_path / "a"))
        ]
        for name in "bc"
    )
    assert all(same) and not all(other)


def test_refuses_a_folder_with_other_files(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    done = run_command(os.path.join("scripts", "make_scenes.py"), "--output", tmp_path, *SMALL)
    assert done.returncode == 2
    assert "thesis.txt" in done.stderr and "Traceback" not in done.stderr
    assert files(tmp_path) == {"thesis.txt"}


def test_pairs_to_train_on(tmp_path, capsys):
    make_scenes.main(
        [
            "--output",
            str(tmp_path),
            "--style",
            "training",
            "--pairs",
            "2",
            "--height",
            "64",
            "--width",
            "96",
            "--median_motion",
            "3",
            "--seed",
            "4",
        ]
    )
    assert "2 training scenes and 1 test scene" in capsys.readouterr().out
    samples = sintel_samples(str(tmp_path))
    assert [sample.id for sample in samples] == [
        "pair_%06d/frames_0001_0002" % number for number in (1, 2)
    ]
    made, loaded = (
        generate_pair(4, 1, SceneOptions(height=64, width=96, median_motion=3.0)),
        load_sample(samples[1]),
    )
    assert all(
        (getattr(loaded, name) == getattr(made, name)).all()
        for name in ("frame1", "frame2", "flow", "valid", "occlusion")
    )


@pytest.mark.parametrize("mixed", [["--pairs", "3"], ["--style", "training", "--frames", "3"]])
def test_refuses_options_of_the_other_style(mixed, tmp_path):
    with pytest.raises(ValueError, match=mixed[-2]):
        make_scenes.main(["--output", str(tmp_path)] + mixed)
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    "wrong", [["--frames", "0"], ["--max_motion", "-3"], ["--scenes", "many"], ["--seed", "-1"]]
)
def test_refuses_wrong_numbers(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        make_scenes.main(["--output", str(tmp_path)] + wrong)
    assert caught.value.code == 2 and wrong[0] in capsys.readouterr().err
    assert files(tmp_path) == set()


def test_one_frame_is_no_scene_and_costs_none_that_was_there(tmp_path):
    make_scenes.main(["--output", str(tmp_path)] + SMALL)
    before = files(tmp_path)
    with pytest.raises(ValueError, match="2 frames"):
        make_scenes.main(["--output", str(tmp_path), "--frames", "1"])
    assert files(tmp_path) == before


def test_imports_no_tensorflow():
    done = run_command("-c", "import sys, pwcnet.cli.scenes; sys.exit('tensorflow' in sys.modules)")
    assert done.returncode == 0, (done.stderr, sys.executable)
