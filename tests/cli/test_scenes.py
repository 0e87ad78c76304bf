"""`pwcnet scenes`."""

import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.synthetic.options import SceneOptions
from pwcnet.data.synthetic.scenes import generate_pair
from pwcnet.io.images import write_image
from tests.helpers.frames import list_files
from tests.helpers.subcommands import call, only_line, run

SMALL = ["--scenes", "2", "--frames", "3", "--size", "48x64", "--max-motion", "4"]


def make(*arguments):
    call("scenes", *arguments)


def test_makes_a_data_set_from_any_directory(tmp_path):
    done = run(
        "scenes",
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
    loaded = samples[0].load()
    assert (
        loaded.frame1.shape == (48, 64, 3)
        and 0 < np.abs(loaded.flow).max() <= 4
        and loaded.occlusion is not None
    )
    assert len(sintel_samples(str(tmp_path / "made"), "final", mode="test")) == 2


def test_seed_decides(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        make("--output", tmp_path / name, "--seed", seed, *SMALL)
    assert list_files(tmp_path / "a") == list_files(tmp_path / "c")
    same, other = (
        [
            (tmp_path / "a" / path).read_bytes() == (tmp_path / name / path).read_bytes()
            for path in list_files(tmp_path / "a")
        ]
        for name in "bc"
    )
    assert all(same) and not all(other)


def test_refuses_a_folder_with_other_files(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    assert "thesis.txt" in only_line(run("scenes", "--output", str(tmp_path), *SMALL))
    assert list_files(tmp_path) == ["thesis.txt"]


def test_pairs_to_train_on(tmp_path, capsys):
    options = ["--pairs", "2", "--size", "64x96", "--median-motion", "3", "--seed", "4"]
    make("--output", tmp_path, "--style", "training", *options)
    assert "2 training scenes and 1 test scene" in capsys.readouterr().out
    samples = sintel_samples(str(tmp_path))
    assert [sample.id for sample in samples] == [
        "pair_%06d/frames_0001_0002" % number for number in (1, 2)
    ]
    made, loaded = (
        generate_pair(4, 1, SceneOptions(height=64, width=96, median_motion=3.0)),
        samples[1].load(),
    )
    assert all(
        (getattr(loaded, name) == getattr(made, name)).all()
        for name in ("frame1", "frame2", "flow", "valid", "occlusion")
    )


@pytest.mark.parametrize("style", ["demo", "training"])
def test_worlds_of_photographs(style, tmp_path):
    write_image(str(tmp_path / "photos" / "a.png"), np.full((64, 64, 3), 90, np.uint8))
    options = SMALL if style == "demo" else ["--pairs", "2", "--size", "48x64"]
    made = tmp_path / "made"
    content = ["--kind", "worlds", "--photos", tmp_path / "photos", "--photo-share", "1"]
    make("--output", made, "--style", style, *options, *content)
    samples = sintel_samples(str(made))
    loaded = samples[1].load(masked=True)
    assert np.abs(loaded.flow[loaded.valid]).max() > 0 and loaded.valid.mean() > 0.5
    if style == "training":
        pair = generate_pair(
            0,
            1,
            SceneOptions(
                kind="worlds", height=48, width=64, photos=str(tmp_path / "photos"), photo_share=1.0
            ),
        )
        np.testing.assert_array_equal(loaded.frame1, pair.frame1)
        np.testing.assert_array_equal(loaded.valid, pair.valid)
        np.testing.assert_array_equal(loaded.flow[loaded.valid], pair.flow[pair.valid])


def test_further_content(tmp_path):
    content = ["--content", "haze+shadows", "--kind", "both"]
    make("--output", tmp_path, "--style", "training", "--pairs", 2, "--size", "48x64", *content)
    options = SceneOptions(kind="both", height=48, width=64, content="haze+shadows")
    for number, sample in enumerate(sintel_samples(str(tmp_path))):
        made = generate_pair(0, number, options)
        np.testing.assert_array_equal(sample.load().frame1, made.frame1)


def test_a_folder_without_photographs_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    arguments = ["scenes", "--output", tmp_path / "made", "--photos", tmp_path / "empty"]
    assert "empty" in only_line(run(*map(str, arguments)))
    assert not (tmp_path / "made").exists()


def test_a_broken_photograph_costs_no_earlier_scenes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image("photos/a.png", np.full((64, 64, 3), 90, np.uint8))
    make("--output", "./made", *SMALL)
    before = {path: path.read_bytes() for path in (tmp_path / "made").rglob("*.*")}
    (tmp_path / "photos" / "broken.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="broken.png"):
        make("--output", "./made", *SMALL, "--photos", "photos", "--photo-share", "1")
    assert {path: path.read_bytes() for path in (tmp_path / "made").rglob("*.*")} == before


@pytest.mark.parametrize(
    "wrong",
    [
        ["--pairs", "3"],
        ["--kind", "cubes"],
        ["--content", "rain"],
        ["--content", "haze+haze"],
        ["--photo-share", "-1"],
        ["--photo-share", "0.6"],
        ["--style", "training", "--frames", "3"],
        ["--frames", "0"],
        ["--max-motion", "-3"],
        ["--scenes", "many"],
        ["--seed", "-1"],
        ["--size", "48"],
    ],
)
def test_refuses_wrong_options(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        make("--output", tmp_path, *wrong)
    assert caught.value.code == 2 and wrong[-2] in capsys.readouterr().err
    assert list_files(tmp_path) == []


def test_one_frame_is_no_scene_and_costs_none_that_was_there(tmp_path):
    make("--output", tmp_path, *SMALL)
    before = list_files(tmp_path)
    with pytest.raises(ValueError, match="2 frames"):
        make("--output", tmp_path, "--frames", "1")
    assert list_files(tmp_path) == before
