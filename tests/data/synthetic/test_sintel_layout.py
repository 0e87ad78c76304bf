"""Scenes as files in Sintel's layout."""

import os

import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import MANIFEST, write_sintel


@pytest.fixture(scope="module")
def scenes():
    return [demo_scene(number, 48, 64, 4, 8) for number in range(3)]


def test_written_scenes_read_back(scenes, tmp_path):
    write_sintel(str(tmp_path), [("one", scenes[0]), ("two", scenes[1])], [("three", scenes[2])])
    for render_pass in ("clean", "final"):
        samples = sintel_samples(str(tmp_path), render_pass)
        assert [sample.id for sample in samples] == [
            "%s/frames_%04d_%04d" % (scene, n, n + 1) for scene in ("one", "two") for n in (1, 2, 3)
        ]
        loaded = samples[4].load(masked=True)
        np.testing.assert_array_equal(loaded.flow, scenes[1].flows[1])
        np.testing.assert_array_equal(loaded.occlusion, scenes[1].occlusions[1])
        np.testing.assert_array_equal(loaded.valid, ~scenes[1].invalids[1])
        change = np.abs(loaded.frame2.astype(float) - scenes[1].frames[2]).mean()
        assert change == 0 if render_pass == "clean" else 0.5 < change < 8
        test = sintel_samples(str(tmp_path), render_pass, mode="test")
        assert [sample.id for sample in test] == [
            "three/frames_%04d_%04d" % (n, n + 1) for n in (1, 2, 3)
        ]


def test_writing_again_replaces_what_was_made(scenes, tmp_path):
    write_sintel(str(tmp_path), [("one", scenes[0]), ("two", scenes[1])])
    write_sintel(str(tmp_path), [("three", scenes[2])])
    assert {sample.id.split("/")[0] for sample in sintel_samples(str(tmp_path))} == {"three"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_scene_that_fails_leaves_the_folder_as_it_was(error, scenes, tmp_path):
    def failing():
        yield "two", scenes[1]
        raise error("broken.png")

    for named in ([], [("one", scenes[0])]):
        write_sintel(str(tmp_path), named)
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        for parts in ((failing(), ()), ([("two", scenes[1])], failing())):
            with pytest.raises(error, match="broken.png"):
                write_sintel(str(tmp_path), *parts)
            now = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
            assert now == before
            assert not list(tmp_path.glob(".*")) and bool(list(tmp_path.iterdir())) == bool(named)


def test_the_manifest_names_what_is_there(scenes, tmp_path):
    for name, scene in zip("abb", scenes):
        write_sintel(str(tmp_path), [(name, scene)])
    names = (tmp_path / MANIFEST).read_text().split()
    files = (path for path in tmp_path.rglob("*") if path.is_file())
    assert sorted(names + [MANIFEST]) == sorted(str(path.relative_to(tmp_path)) for path in files)


def test_folders_that_a_killed_call_left_empty_are_removed(scenes, tmp_path):
    write_sintel(str(tmp_path), [("one", scenes[0])])
    (tmp_path / "MPI-Sintel-complete" / "training" / "clean" / "two").mkdir()
    write_sintel(str(tmp_path), [("three", scenes[2])])
    assert {sample.id.split("/")[0] for sample in sintel_samples(str(tmp_path))} == {"three"}


@pytest.mark.parametrize(
    "foreign",
    [
        "MPI-Sintel-complete/training/clean/alley_1/frame_0001.png",
        "training/flow/alley_1/frame_0001.flo",
        "notes.txt",
    ],
)
def test_never_writes_among_other_files(foreign, scenes, tmp_path):
    path = tmp_path / foreign
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"precious")
    with pytest.raises(ValueError, match=os.path.basename(foreign)):
        write_sintel(str(tmp_path), [("alley_1", scenes[0])])
    assert [
        os.path.join(parent, name) for parent, _, names in os.walk(str(tmp_path)) for name in names
    ] == [str(path)]
    assert path.read_bytes() == b"precious"


def test_refuses_after_others_added_files(scenes, tmp_path):
    write_sintel(str(tmp_path), [("one", scenes[0])])
    (tmp_path / "MPI-Sintel-complete" / "training" / "flow" / "one" / "mine.flo").write_bytes(
        b"mine"
    )
    with pytest.raises(ValueError, match="mine.flo"):
        write_sintel(str(tmp_path), [("one", scenes[0])])
    assert len(sintel_samples(str(tmp_path))) == 3
