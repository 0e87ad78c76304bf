"""The files that a benchmark expects."""

import os
import shutil

import pytest

from pwcnet.data.datasets.sintel import FOLDER
from pwcnet.evaluation import submission_plan
from pwcnet.evaluation.submission_plan import IncompleteSplitError, plan_submission

SCENES = {"cave": 1, "wall": 2}  # pairs of each


@pytest.fixture
def sintel(tmp_path, monkeypatch):
    """The test split of two scenes in both passes, which counts as the complete one."""
    benchmark = submission_plan.BENCHMARKS["sintel"]._replace(pairs=3, scenes=2)
    monkeypatch.setitem(submission_plan.BENCHMARKS, "sintel", benchmark)
    for render_pass in ("clean", "final"):
        for scene, pairs in SCENES.items():
            folder = tmp_path / FOLDER / "test" / render_pass / scene
            folder.mkdir(parents=True)
            for number in range(1, pairs + 2):
                (folder / ("frame_%04d.png" % number)).write_bytes(b"")
    return tmp_path


@pytest.fixture
def kitti(tmp_path, monkeypatch):
    benchmark = submission_plan.BENCHMARKS["kitti2015"]._replace(pairs=2)
    monkeypatch.setitem(submission_plan.BENCHMARKS, "kitti2015", benchmark)
    folder = tmp_path / "data_scene_flow" / "testing" / "image_2"
    folder.mkdir(parents=True)
    for name in ("000000_10", "000000_11", "000001_10", "000001_11"):
        (folder / (name + ".png")).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize("names, pattern", [("sintel", "frame_%04d"), ("raft", "frame%04d")])
def test_files_of_sintel(names, pattern, sintel):
    plan = plan_submission("sintel", str(sintel), names)
    stems = ["cave/" + pattern % 1, "wall/" + pattern % 1, "wall/" + pattern % 2]
    files = [
        "%s/%s.flo" % (render_pass, stem) for render_pass in ("clean", "final") for stem in stems
    ]
    assert list(plan.files) == files and plan.missing is None
    frame = os.path.join("test", "final", "wall", "frame_0002.png")
    assert plan.files[files[-1]].frame1.endswith(frame)


def test_files_of_kitti(kitti):
    plan = plan_submission("kitti2015", str(kitti))
    assert list(plan.files) == ["flow/000000_10.png", "flow/000001_10.png"] and not plan.missing


def test_an_incomplete_split_names_its_scenes(sintel):
    shutil.rmtree(str(sintel / FOLDER / "test" / "final" / "wall"))
    words = r"found test/clean: 3 pairs in 2 scenes \(cave 1, wall 2\); test/final: 1 pairs in 1"
    with pytest.raises(IncompleteSplitError, match="3 pairs in 2 scenes, .*" + words):
        plan_submission("sintel", str(sintel))
    plan = plan_submission("sintel", str(sintel), allow_incomplete=True)
    assert len(plan.files) == 4 and "wall 2" in plan.missing


def test_another_scene_in_one_pass(sintel):
    folder = sintel / FOLDER / "test" / "final"
    os.rename(str(folder / "cave"), str(folder / "tiger"))
    with pytest.raises(IncompleteSplitError, match="tiger 1"):
        plan_submission("sintel", str(sintel))


def test_a_missing_number(kitti):
    folder = kitti / "data_scene_flow" / "testing" / "image_2"
    for name in ("000000_10.png", "000000_11.png"):
        os.remove(str(folder / name))
    with pytest.raises(IncompleteSplitError, match="000001_10, found 1, 000001_10 to 000001_10"):
        plan_submission("kitti2015", str(kitti))


@pytest.mark.parametrize(
    "data, names, words",
    [
        ("spring", "sintel", "'spring'"),
        ("sintel", "other", "'other'"),
        ("kitti2015", "raft", "'raft'"),
    ],
)
def test_unknown_names(data, names, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        plan_submission(data, str(tmp_path), names)


def test_a_missing_data_set_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        plan_submission("sintel", str(tmp_path / "absent"))
