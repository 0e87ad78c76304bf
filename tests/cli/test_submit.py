"""`pwcnet submit`: from its options to the archive."""

import os
import shutil
import zipfile

import cv2
import numpy as np
import pytest

from pwcnet.cli import submit
from pwcnet.data.datasets.sintel import FOLDER
from pwcnet.evaluation import submission, submission_plan
from pwcnet.inference.predictor import Predictor
from pwcnet.io.flow_files import read_flow
from tests.helpers.flows import read_flo
from tests.helpers.frames import moving_frames
from tests.helpers.subcommands import call, only_line, run

SCENES = {"cave": 2, "wall": 3}  # frames of each
FRAMES = moving_frames(3, 64, 128)
STEMS = ["cave/frame_0001", "wall/frame_0001", "wall/frame_0002"]
FLOWS = [render_pass + "/" + stem + ".flo" for render_pass in ("clean", "final") for stem in STEMS]


def store(path, frame):
    os.makedirs(os.path.dirname(str(path)), exist_ok=True)
    assert cv2.imwrite(str(path), frame[..., ::-1])


@pytest.fixture(scope="module")
def sintel(tmp_path_factory):
    """The test split of two scenes in both passes; the final pass is darker."""
    root = tmp_path_factory.mktemp("sintel")
    for render_pass, dark in (("clean", 1), ("final", 2)):
        for scene, count in SCENES.items():
            for number in range(count):
                store(
                    root
                    / FOLDER
                    / "test"
                    / render_pass
                    / scene
                    / ("frame_%04d.png" % (number + 1)),
                    FRAMES[number] // dark,
                )
    return root


@pytest.fixture(scope="module")
def kitti(tmp_path_factory):
    """Both benchmarks' test splits, two pairs each, the second one smaller."""
    root = tmp_path_factory.mktemp("kitti")
    for name, images in (("data_stereo_flow", "colored_0"), ("data_scene_flow", "image_2")):
        for number in range(2):
            for frame in (0, 1):
                store(
                    root / name / "testing" / images / ("%06d_1%d.png" % (number, frame)),
                    FRAMES[frame][: 64 - number],
                )
    return root


@pytest.fixture
def published(monkeypatch):
    """The counts of the tiny sets instead of the published ones."""
    for data, changes in (
        ("sintel", {"pairs": 3, "scenes": 2}),
        ("kitti2012", {"pairs": 2}),
        ("kitti2015", {"pairs": 2}),
    ):
        monkeypatch.setitem(
            submission_plan.BENCHMARKS, data, submission_plan.BENCHMARKS[data]._replace(**changes)
        )


@pytest.fixture
def sintel_main(sintel, small_frozen, tmp_path):
    """Runs the command line on the two scenes, into tmp_path/out."""

    def main(*arguments, data="sintel", dataset=sintel, weights=small_frozen, output=None):
        options = ["--data", "%s=%s" % (data, dataset), "--weights", weights]
        options += ["--output", output or tmp_path / "out"]
        call("submit", *(options + list(arguments)))

    return main


def files(folder):
    return sorted(
        os.path.relpath(os.path.join(parent, name), str(folder))
        for parent, _, names in os.walk(str(folder))
        for name in names
        if name != submission.MANIFEST
    )


def test_the_published_counts():
    assert {
        data: (benchmark.pairs, benchmark.scenes)
        for data, benchmark in submission_plan.BENCHMARKS.items()
    } == {"sintel": (552, 12), "kitti2012": (195, None), "kitti2015": (200, None)}


@pytest.mark.whole_on("tf2")
def test_sintel_both_passes_in_one_archive(
    published, sintel_main, small_checkpoint, tmp_path, capsys
):
    sintel_main("--zip", tmp_path / "flow.zip", weights=small_checkpoint)
    assert files(tmp_path / "out") == FLOWS
    with Predictor(small_checkpoint, quality="plain") as predictor:
        for dark, render_pass in ((1, "clean"), (2, "final")):
            for stem, (first, second) in zip(STEMS, ((0, 1), (0, 1), (1, 2))):
                expected = predictor.flow(FRAMES[first] // dark, FRAMES[second] // dark)
                np.testing.assert_allclose(
                    read_flo(tmp_path / "out" / render_pass / (stem + ".flo")), expected, atol=1e-3
                )
    with zipfile.ZipFile(str(tmp_path / "flow.zip")) as packed:
        assert packed.namelist() == FLOWS and packed.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_DEFLATED for entry in packed.infolist())
        assert packed.read(FLOWS[0]) == (tmp_path / "out" / FLOWS[0]).read_bytes()
    printed = capsys.readouterr().out
    assert "6 flows of sintel" in printed and "flow.zip" in printed and "INCOMPLETE" not in printed
    first = (tmp_path / "flow.zip").read_bytes()
    sintel_main(
        "--zip", tmp_path / "flow.zip", weights=small_checkpoint
    )  # only checked and packed again
    assert (
        "6 of 6 flows are there" in capsys.readouterr().out
        and (tmp_path / "flow.zip").read_bytes() == first
    )


@pytest.mark.whole_on("tf2")
def test_a_submission_at_another_level(published, sintel_main, small_checkpoint, tmp_path):
    sintel_main("--quality", "balanced", weights=small_checkpoint)
    with Predictor(small_checkpoint, quality="balanced") as predictor:
        expected = predictor.flow(FRAMES[0], FRAMES[1])
    np.testing.assert_allclose(read_flo(tmp_path / "out" / FLOWS[0]), expected, atol=1e-3)
    with pytest.raises(ValueError, match="quality"):  # flows of two levels are not mixed
        sintel_main(weights=small_checkpoint)


def test_names_as_raft_has_them(published, sintel_main, tmp_path):
    sintel_main("--names", "raft")
    assert files(tmp_path / "out") == [path.replace("frame_", "frame") for path in FLOWS]


@pytest.mark.whole_on("tf1")
@pytest.mark.parametrize("data, prefix", [("kitti2012", ""), ("kitti2015", "flow/")])
def test_kitti(data, prefix, published, kitti, sintel_main, small_frozen, tmp_path):
    sintel_main("--zip", tmp_path / "flow.zip", data=data, dataset=kitti)
    names = [prefix + "000000_10.png", prefix + "000001_10.png"]
    assert files(tmp_path / "out") == names
    with zipfile.ZipFile(str(tmp_path / "flow.zip")) as packed:
        assert packed.namelist() == names
    with Predictor(small_frozen) as predictor:
        for rows, name in ((64, names[0]), (63, names[1])):
            flow, valid = read_flow(str(tmp_path / "out" / name))
            assert flow.shape == (rows, 128, 2) and valid.all()
            np.testing.assert_allclose(
                flow, predictor.flow(FRAMES[0][:rows], FRAMES[1][:rows]), atol=1 / 128 + 1e-3
            )


def test_an_incomplete_set_is_refused(sintel_main, sintel, kitti, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"552 pairs in 12 scenes.*test/clean: 3 pairs in 2 scenes \(cave 1, wall 2\); "
        "test/final: 3 pairs in 2.*--allow-incomplete",
    ):
        sintel_main()
    with pytest.raises(
        ValueError,
        match="195 pairs 000000_10 to 000194_10, found 2, 000000_10 to 000001_10",
    ):
        sintel_main(data="kitti2012", dataset=kitti)
    shutil.copytree(
        str(sintel / FOLDER / "test" / "clean"),
        str(tmp_path / "partly" / FOLDER / "test" / "clean"),
    )
    with pytest.raises(ValueError, match="test/final: none"):
        sintel_main(dataset=tmp_path / "partly")
    assert not (tmp_path / "out").exists()


def test_passes_of_other_pairs_are_refused(published, sintel, sintel_main, tmp_path):
    shutil.copytree(str(sintel), str(tmp_path / "other"))
    os.rename(
        str(tmp_path / "other" / FOLDER / "test" / "final" / "cave"),
        str(tmp_path / "other" / FOLDER / "test" / "final" / "tiger"),
    )
    with pytest.raises(ValueError, match="the same in test/clean and test/final.*tiger 1"):
        sintel_main(dataset=tmp_path / "other")


def test_a_trial_says_that_it_is_one(sintel_main, tmp_path, capsys):
    sintel_main("--allow-incomplete", "--zip", tmp_path / "flow.zip")
    printed = capsys.readouterr().out
    assert printed.count("INCOMPLETE, not to be sent") == 2 and "552 pairs" in printed
    assert files(tmp_path / "out") == FLOWS and sorted(os.listdir(str(tmp_path))) == [
        "flow.incomplete.zip",
        "out",
    ]


def test_an_interrupted_run_goes_on(published, sintel_main, tmp_path, monkeypatch, capsys):
    made, write = [], submission.write_flow

    def counted(path, *arguments):
        if len(made) == 2 and not resumed:
            raise KeyboardInterrupt
        made.append(os.path.relpath(path, str(tmp_path / "out")))
        write(path, *arguments)

    resumed = False
    monkeypatch.setattr(submission, "write_flow", counted)
    with pytest.raises(KeyboardInterrupt):
        sintel_main("--zip", tmp_path / "flow.zip")
    assert made == files(tmp_path / "out") == FLOWS[:2] and not (tmp_path / "flow.zip").exists()
    (tmp_path / "out" / "clean" / ".partial-1-frame_0002.flo").write_bytes(
        b"of a run that was killed"
    )
    torn = tmp_path / "out" / FLOWS[1]
    torn.write_bytes(torn.read_bytes()[:-4])
    resumed = True
    del made[:]
    sintel_main()
    assert made == FLOWS[1:] and files(tmp_path / "out") == FLOWS
    assert "1 of 6 flows are there" in capsys.readouterr().out


def test_other_settings_and_weights_are_never_mixed(
    published, sintel_main, small_checkpoint, tmp_path, monkeypatch
):
    def stopped(args, weights, config, folder, remaining):
        folder.write(next(iter(remaining)), np.zeros((64, 128, 2), np.float32))
        raise KeyboardInterrupt

    monkeypatch.setattr(submit, "predict", stopped)
    with pytest.raises(KeyboardInterrupt):
        sintel_main()
    for arguments, changed, word in (
        (["--names", "raft"], {}, "names: 'sintel' in .*submission.json, 'raft' now"),
        (["--precision", "float16"], {}, "precision: .*submission.json"),
        ([], {"weights": small_checkpoint}, "weights: .*submission.json"),
    ):
        with pytest.raises(ValueError, match=word):
            sintel_main(*arguments, **changed)
    (tmp_path / "out" / submission.MANIFEST).write_text("[1]")
    with pytest.raises(ValueError, match="submission.json"):
        sintel_main()


def test_a_run_that_wrote_no_flow_binds_nobody(published, sintel_main, small_checkpoint, tmp_path):
    (tmp_path / "broken.pb").write_bytes(b"no graph")
    with pytest.raises(ValueError, match="broken.pb"):
        sintel_main(weights=tmp_path / "broken.pb")
    assert os.listdir(str(tmp_path / "out")) == [submission.MANIFEST]
    sintel_main(weights=small_checkpoint)
    assert files(tmp_path / "out") == FLOWS


def test_folders_with_other_files_are_refused(published, sintel_main, sintel, tmp_path):
    with pytest.raises(ValueError, match="%s.* 10 other files" % FOLDER):
        sintel_main(output=sintel / FOLDER)
    sintel_main()
    (tmp_path / "out" / "clean" / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="clean/notes.txt"):
        sintel_main()
    assert (tmp_path / "out" / "clean" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "archive, words",
    [
        ("flow.tar", "flow.tar"),
        ("out/flow.zip", "out/flow.zip"),
        ("out/clean/flow.zip", "out/clean/flow.zip"),
    ],
)
def test_archives_that_cannot_be(archive, words, published, sintel_main, tmp_path):
    with pytest.raises(ValueError, match=words):
        sintel_main("--zip", tmp_path / archive)
    assert not (tmp_path / "out").exists()


def test_a_refusal_is_one_line(sintel, small_checkpoint, tmp_path):
    options = ["--data", "sintel=%s" % sintel, "--weights", small_checkpoint, "--output", "out"]
    assert "552 pairs" in only_line(run("submit", *options, cwd=str(tmp_path)))
    assert os.listdir(str(tmp_path)) == []


def test_wrong_input(sintel_main, sintel, tmp_path):
    for changed, name in (
        ({"dataset": tmp_path / "absent"}, "absent"),
        ({"weights": tmp_path / "none"}, "none.index"),
        ({"weights": "none.pb"}, "none.pb"),
    ):
        with pytest.raises(FileNotFoundError, match=name):
            sintel_main("--allow-incomplete", **changed)
    with pytest.raises(ValueError, match="kitti2015.*'raft'"):
        sintel_main("--names", "raft", data="kitti2015")
    with pytest.raises(ValueError, match="sintel, kitti2012, kitti2015, .*hd1k="):
        sintel_main(data="hd1k")
    (tmp_path / "file").write_text("precious")
    with pytest.raises(NotADirectoryError):
        sintel_main("--allow-incomplete", output=tmp_path / "file")
    assert os.listdir(str(tmp_path)) == ["file"]


def test_frames_of_two_sizes_are_named(sintel, sintel_main, tmp_path):
    shutil.copytree(str(sintel), str(tmp_path / "broken"))
    wrong = tmp_path / "broken" / FOLDER / "test" / "clean" / "wall" / "frame_0003.png"
    store(wrong, FRAMES[0][:, :96])
    with pytest.raises(
        ValueError,
        match="frame_0002.png has 64x128 .*frame_0003.png has 64x96",
    ):
        sintel_main("--allow-incomplete", dataset=tmp_path / "broken")


def test_real_frames_without_a_final_pass(real_data, sintel_main):
    with pytest.raises(
        ValueError, match=r"test/clean: 3 pairs in 1 scenes \(ambush_1 3\); test/final: none"
    ):
        sintel_main(dataset=real_data)
