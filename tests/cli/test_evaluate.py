"""`pwcnet evaluate`: from its options to the evaluation folder."""

import os
import re
import shutil

import cv2
import numpy as np
import pytest

from pwcnet.data.datasets.registry import dataset_samples
from pwcnet.data.datasets.sintel import FOLDER
from pwcnet.evaluation.results import read_evaluation
from pwcnet.flow.colors import flow_to_color
from pwcnet.flow.metrics import GENERAL_MEASURES, OCCLUSION_MEASURES, SPEED_MEASURES
from pwcnet.io.flow_files import write_flow
from tests.helpers.evaluations import content
from tests.helpers.flows import average_epe, read_flo
from tests.helpers.subcommands import call, only_line, run

IDS = ["scene_%02d/frames_%04d_%04d" % (scene, n, n + 1) for scene in (1, 2) for n in (1, 2)]
CONSTANT = (2.0, -1.0)


class Constant:
    """Instead of the network: the same flow everywhere. The call number `stop` is interrupted."""

    calls, stop = [], None

    def __init__(self, path, *_, quality="plain", memory=None):
        self.path, self.quality = path, quality

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def flow(self, frame1, frame2):
        if self.stop is not None and len(self.calls) == self.stop:
            raise KeyboardInterrupt
        self.calls.append(frame1.shape)
        return np.full(frame1.shape[:2] + (2,), CONSTANT, np.float32)


@pytest.fixture
def constant(monkeypatch, tmp_path):
    """The options of weights that predict CONSTANT."""
    (tmp_path / "weights.pb").write_bytes(b"weights")
    monkeypatch.setattr("pwcnet.inference.predictor.Predictor", Constant)
    monkeypatch.setattr(Constant, "calls", [])
    monkeypatch.setattr(Constant, "stop", None)
    return ["--weights", str(tmp_path / "weights.pb")]


def evaluate(*arguments):
    return call("evaluate", *arguments)


@pytest.mark.whole_on("tf2")
def test_a_network_from_frames_to_the_folder(tiny_sintel, small_checkpoint, tmp_path):
    done = run(
        "evaluate",
        "--data",
        "sintel-final=" + tiny_sintel,
        "--weights",
        small_checkpoint,
        "--output",
        "out",
        "--save-flow",
        "--save-pictures",
        cwd=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    evaluation = read_evaluation(str(tmp_path / "out"))
    flows = [read_flo(tmp_path / "out" / "flow" / (each + ".flo")) for each in IDS]
    truths = [
        sample.load().flow for sample in dataset_samples("sintel-final", tiny_sintel, "val_notrain")
    ]
    expected = average_epe(flows, truths)
    epe = evaluation.summary["totals"]["EPE"]
    assert (epe["per_image"], epe["pooled"]) == pytest.approx(expected, abs=2e-6) and [
        each for each, _, _ in evaluation.pairs
    ] == IDS
    for each, flow in zip(IDS, flows):
        np.testing.assert_array_equal(
            cv2.imread(str(tmp_path / "out" / "pictures" / (each + ".png")))[..., ::-1],
            flow_to_color(flow),
        )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("4 pairs of sintel-final in %s: dense" % tiny_sintel)
    assert (
        [line.split("  ")[0].strip() for line in lines[2:-1]]
        == list(evaluation.summary["totals"])
        == list(GENERAL_MEASURES + SPEED_MEASURES + OCCLUSION_MEASURES)
    )
    last = re.match(r"Average EPE=(\d+\.\d\d), mean inference time=(\d+\.\d\d)ms$", lines[-1])
    seconds = [taken for _, _, taken in evaluation.pairs]
    assert float(last.group(1)) == pytest.approx(expected[0], abs=0.0051) and float(
        last.group(2)
    ) == pytest.approx(1000 * np.mean(seconds[1:]), abs=0.01)
    about = evaluation.summary
    assert (
        about["command"][:3] == ["pwcnet", "evaluate", "--data"]
        and about["versions"]["tensorflow"]
        and about["root"] == tiny_sintel
    )
    assert (
        about["weights"]["path"] == small_checkpoint
        and about["weights"]["kind"] == "checkpoint"
        and len(about["weights"]["sha256"]) == 64
    )


def reckon(samples, masked=False):
    """{measure: [an array of values a pixel for each image]} of CONSTANT, in plain NumPy."""
    found = {
        name: []
        for name in (
            "EPE",
            "Zero flow",
            "1px",
            "Fl-all",
            "AAE",
            "s0-10",
            "s40+",
            "EPE matched",
            "EPE unmatched",
        )
    }
    for loaded in (sample.load(masked) for sample in samples):
        truth, valid = (
            np.where(loaded.valid[..., None], loaded.flow, 0).astype(np.float64),
            loaded.valid,
        )
        epe, speed = np.linalg.norm(truth - CONSTANT, axis=-1), np.linalg.norm(truth, axis=-1)
        one, other = (
            np.dstack([flow, np.ones(epe.shape)])
            for flow in (truth, np.broadcast_to(CONSTANT, truth.shape))
        )
        cosine = (
            (one * other).sum(axis=-1)
            / np.linalg.norm(one, axis=-1)
            / np.linalg.norm(other, axis=-1)
        )
        values = {
            "EPE": epe[valid],
            "Zero flow": speed[valid],
            "1px": 100.0 * (epe > 1)[valid],
            "Fl-all": 100.0 * ((epe > 3) & (epe > 0.05 * speed))[valid],
            "AAE": np.degrees(np.arccos(np.clip(cosine, -1, 1)))[valid],
            "s0-10": epe[valid & (speed < 10)],
            "s40+": epe[valid & (speed >= 40)],
        }
        if loaded.occlusion is not None:
            values.update(
                {
                    "EPE matched": epe[valid & ~loaded.occlusion],
                    "EPE unmatched": epe[valid & loaded.occlusion],
                }
            )
        for name, array in values.items():
            found[name].append(array)
    return found


@pytest.mark.parametrize(
    "name, root, pairs, masked",
    [
        ("sintel-clean", "", 4, False),
        ("sintel-final", "", 4, True),
        ("kitti2012", "KITTI", 1, False),
        ("kitti2015", "KITTI", 1, False),
        ("middlebury", "", 2, False),
        ("chairs", "", 3, False),
    ],
)
def test_totals_of_real_frames_agree_with_plain_numpy(
    name, root, pairs, masked, real_data, constant, tmp_path, capsys
):
    root = os.path.join(real_data, root)
    evaluate(
        "--data",
        "%s=%s" % (name, root),
        "--output",
        tmp_path / "out",
        *(constant + ["--masked"] * masked),
    )
    evaluation = read_evaluation(str(tmp_path / "out"))
    samples = dataset_samples(name, root, "val_notrain")
    assert len(evaluation.pairs) == pairs == len(samples) and [
        each for each, _, _ in evaluation.pairs
    ] == [sample.id for sample in samples]
    for measure, images in reckon(samples, masked).items():
        images = [image for image in images if image.size]
        if not images:
            assert evaluation.summary["totals"].get(measure, {"pixels": 0})["pixels"] == 0
            continue
        found = evaluation.summary["totals"][measure]
        assert found == {
            "per_image": pytest.approx(
                np.mean([image.mean() for image in images]), rel=1e-6, abs=1e-6
            ),
            "images": len(images),
            "pooled": pytest.approx(np.concatenate(images).mean(), rel=1e-6, abs=1e-6),
            "pixels": sum(image.size for image in images),
        }, measure
    histograms, epe = evaluation.summary["histograms"], evaluation.summary["totals"]["EPE"]
    assert sum(histograms["pixels_by_speed"]) == sum(histograms["pixels_by_epe"]) == epe["pixels"]
    assert sum(histograms["epe_sum_by_speed"]) == pytest.approx(epe["pooled"] * epe["pixels"])
    assert "Average EPE=%.2f, " % epe["per_image"] in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("kept", [[], ["--save-flow"], ["--save-flow", "--save-pictures"]])
@pytest.mark.parametrize("stop", [1, 3])
def test_an_interrupted_evaluation_continues_where_it_stopped(
    stop, kept, tiny_sintel, constant, monkeypatch, tmp_path, capsys
):
    command = ["--data", "sintel-clean=" + tiny_sintel] + constant + kept
    evaluate(*(command + ["--output", tmp_path / "whole"]))
    whole = capsys.readouterr().out
    Constant.calls.clear()
    monkeypatch.setattr(Constant, "stop", stop)
    with pytest.raises(KeyboardInterrupt):
        evaluate(*(command + ["--output", tmp_path / "out"]))
    assert (
        not (tmp_path / "out" / "evaluation.json").exists()
        and not (tmp_path / "out" / "pairs.csv").exists()
    )
    monkeypatch.setattr(Constant, "stop", None)
    evaluate(*(command + ["--output", tmp_path / "out"]))
    assert len(Constant.calls) == 4  # each pair once, over both runs
    assert content(tmp_path / "out") == content(tmp_path / "whole")
    assert capsys.readouterr().out.splitlines()[:-1] == whole.splitlines()[:-1]


def test_files_that_are_missing_are_made_again(tiny_sintel, constant, monkeypatch, tmp_path):
    command = ["--data", "sintel-clean=" + tiny_sintel, "--output", tmp_path / "out"] + constant
    monkeypatch.setattr(Constant, "stop", 3)
    with pytest.raises(KeyboardInterrupt):
        evaluate(*(command + ["--save-flow"]))
    os.remove(str(tmp_path / "out" / "flow" / (IDS[1] + ".flo")))
    monkeypatch.setattr(Constant, "stop", None)
    evaluate(*(command + ["--save-flow"]))
    assert len(Constant.calls) == 5 and all(
        (tmp_path / "out" / "flow" / (each + ".flo")).exists() for each in IDS
    )


def test_a_stop_between_the_last_pair_and_the_end(
    tiny_sintel, constant, monkeypatch, tmp_path, capsys
):
    command = ["--data", "sintel-clean=" + tiny_sintel, "--output", tmp_path / "out"] + constant
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(
            "pwcnet.evaluation.results.EvaluationFolder.finish",
            lambda *_: (_ for _ in ()).throw(KeyboardInterrupt),
        )
        evaluate(*command)
    evaluate(*command)
    assert (
        len(Constant.calls) == 4
        and len(read_evaluation(str(tmp_path / "out")).pairs) == 4
        and "Average EPE=" in capsys.readouterr().out
    )


def test_a_part_of_the_data(tiny_sintel, constant, tmp_path, capsys):
    evaluate(
        "--data",
        "sintel-clean=" + tiny_sintel,
        "--scene",
        "scene_02",
        "--pattern",
        "*_0002",
        "*_0009",
        "--output",
        tmp_path / "out",
        *constant,
    )
    evaluation = read_evaluation(str(tmp_path / "out"))
    assert [each for each, _, _ in evaluation.pairs] == [
        IDS[2]
    ] and "1 pairs" in capsys.readouterr().out
    assert evaluation.summary["filters"] == {
        "mode": "val_notrain",
        "scenes": ["scene_02"],
        "patterns": ["*_0002", "*_0009"],
    }
    evaluate("--data", "sintel-clean=" + tiny_sintel, "--mode", "val", *constant)
    assert "1 pairs" in capsys.readouterr().out


@pytest.mark.whole_on("tf1")
def test_sizes_that_differ_and_a_frozen_graph_that_is_larger(
    tiny_sintel, small_checkpoint, small_frozen, tmp_path, capsys
):
    shutil.copytree(os.path.join(tiny_sintel, FOLDER), str(tmp_path / FOLDER))
    training = tmp_path / FOLDER / "training"
    for kind, names in (
        ("clean", ["frame_0001.png", "frame_0002.png"]),
        ("flow", ["frame_0001.flo"]),
    ):
        for name in os.listdir(str(training / kind / "scene_02")):
            path = training / kind / "scene_02" / name
            if name not in names:
                os.remove(str(path))
            elif kind == "clean":
                cv2.imwrite(str(path), cv2.imread(str(path))[:40, :100])
            else:
                write_flow(str(path), read_flo(path)[:40, :100])
    shutil.rmtree(str(training / "occlusions"))
    shutil.rmtree(str(training / "invalid"))
    for weights in (small_checkpoint, small_frozen):
        evaluate(
            "--data",
            "sintel-clean=%s" % tmp_path,
            "--weights",
            weights,
            "--output",
            tmp_path / os.path.basename(weights),
        )
    first, second = (
        read_evaluation(str(tmp_path / os.path.basename(weights)))
        for weights in (small_checkpoint, small_frozen)
    )
    assert [mean["EPE"].count for _, mean, _ in first.pairs] == [7200, 7200, 4000] and list(
        first.summary["totals"]
    ) == list(GENERAL_MEASURES + SPEED_MEASURES)
    assert first.summary["totals"]["EPE"]["per_image"] == pytest.approx(
        second.summary["totals"]["EPE"]["per_image"], abs=1e-4
    )
    assert second.summary["weights"]["kind"] == "frozen"


def test_the_quality_is_plain_unless_told_otherwise(tiny_sintel, constant, tmp_path):
    data, output = "sintel-clean=" + tiny_sintel, str(tmp_path / "out")
    for options, quality in ((), "plain"), (("--quality", "best"), "best"):
        folder = os.path.join(output, quality)
        evaluate("--data", data, *constant, *options, "--output", folder)
        assert read_evaluation(folder).summary["quality"] == quality
    with pytest.raises(SystemExit):
        evaluate("--data", data, "--classical", "dis", "--quality", "best")


def test_the_number_of_threads_is_that_of_the_session(tiny_sintel, constant, monkeypatch):
    seen = []

    class Watched(Constant):
        def __init__(self, path, config, *rest, **_):
            super().__init__(path)
            seen.append((config.intra_op_parallelism_threads, config.inter_op_parallelism_threads))

    monkeypatch.setattr("pwcnet.inference.predictor.Predictor", Watched)
    evaluate("--data", "sintel-clean=" + tiny_sintel, "--threads", 3, *constant)
    assert seen == [(3, 3)]


@pytest.mark.parametrize("wrong", ["-1", "two", "1.5", "", "100000"])
def test_a_wrong_number_of_threads_is_one_line(wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        evaluate("--data", "sintel-clean=/data", "--threads=" + wrong)
    line = capsys.readouterr().err
    assert caught.value.code == 2 and line.count("\n") == 1 and "--threads" in line


def test_a_complete_or_other_evaluation_is_refused(tiny_sintel, constant, monkeypatch, tmp_path):
    command = ["--data", "sintel-clean=" + tiny_sintel, "--output", tmp_path / "out"] + constant
    monkeypatch.setattr(Constant, "stop", 2)
    with pytest.raises(KeyboardInterrupt):
        evaluate(*command)
    monkeypatch.setattr(Constant, "stop", None)
    with pytest.raises(
        ValueError, match="partial.jsonl .*masked .false there, true now.*--overwrite"
    ):
        evaluate(*(command + ["--masked"]))
    with open(constant[1], "ab") as stream:
        stream.write(b"other")
    with pytest.raises(ValueError, match="another weights"):
        evaluate(*command)
    evaluate(*(command + ["--overwrite"]))
    assert len(Constant.calls) == 6
    with pytest.raises(FileExistsError, match="evaluation.json; --overwrite"):
        evaluate(*command)
    (tmp_path / "file").write_text("precious")
    with pytest.raises(NotADirectoryError, match="file"):
        evaluate("--data", "sintel-clean=" + tiny_sintel, "--output", tmp_path / "file", *constant)


def test_another_device_does_not_continue(tiny_sintel, constant, monkeypatch, tmp_path):
    command = ["--data", "sintel-clean=" + tiny_sintel, "--output", tmp_path / "out"] + constant
    monkeypatch.setattr(Constant, "stop", 2)
    with pytest.raises(KeyboardInterrupt):
        evaluate(*(command + ["--device", "cpu"]))
    monkeypatch.setattr(Constant, "stop", None)
    with monkeypatch.context() as patch, pytest.raises(
        ValueError, match="another session .*GPU.* there, .* now.; --overwrite"
    ):
        patch.setattr("pwcnet.runtime.devices.choose_device", lambda _: "gpu")
        evaluate(*command)
    evaluate(*(command + ["--device", "cpu"]))
    assert (
        len(Constant.calls) == 4
        and "allow_growth" in read_evaluation(str(tmp_path / "out")).summary["session"]
    )


def test_generated_pairs_are_no_path(constant, tmp_path):
    values = "seed=5,height=64,width=64,median=2,largest=6,textures=4"
    evaluate(
        "--data",
        "generated=" + values,
        "--mode",
        "val",
        "--pattern",
        "*8",
        "--output",
        tmp_path / "out",
        *constant,
    )
    assert read_evaluation(str(tmp_path / "out")).summary["root"] == values


def test_a_diverged_prediction_names_the_pair(tiny_sintel, constant, monkeypatch, tmp_path):
    monkeypatch.setattr("tests.cli.test_evaluate.CONSTANT", (np.nan, 0))
    with pytest.raises(ValueError, match="prediction has .*%s" % IDS[0]):
        evaluate("--data", "sintel-clean=" + tiny_sintel, "--output", tmp_path / "out", *constant)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "wrong, words",
    [
        (["--scene", "scene_99"], "scene_99.*scene_01, scene_02"),
        (["--pattern", "x*"], "scene_01/frames_0001_0002, "),
        (["--data", "sintel=/data"], "sintel-clean, .*sintel"),
        (["--data", "sintel-clean"], "NAME=FOLDER"),
        (["--data", "sintel-clean=/data@0.5"], "sintel-clean=/data@0.5"),
    ],
)
def test_wrong_input(wrong, words, tiny_sintel):
    with pytest.raises(ValueError, match=words):
        evaluate("--data", "sintel-clean=" + tiny_sintel, "--weights", "absent", *wrong)


def test_what_has_no_truth_masks_or_place_is_refused(tiny_sintel, constant, tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match="sintel-clean="):
        evaluate("--data", "sintel-clean=%s" % tmp_path, *constant)
    with pytest.raises(FileNotFoundError, match="absent"):
        evaluate(
            "--data",
            "sintel-clean=" + tiny_sintel,
            "--weights",
            tmp_path / "absent.pb",
            "--output",
            tmp_path / "out",
        )
    with pytest.raises(SystemExit) as caught:
        evaluate(
            "--data", "sintel-clean=" + tiny_sintel, "--classical", "dis", "--precision", "bfloat16"
        )
    assert caught.value.code == 2 and "--classical takes no --precision" in capsys.readouterr().err
    for wrong in (["--save-flow"], ["--mode", "test"]):
        with pytest.raises(SystemExit) as caught:
            evaluate("--data", "sintel-clean=" + tiny_sintel, *(constant + wrong))
        assert caught.value.code == 2 and wrong[0] in capsys.readouterr().err
    shutil.copytree(os.path.join(tiny_sintel, FOLDER), str(tmp_path / FOLDER))
    shutil.rmtree(str(tmp_path / FOLDER / "training" / "invalid"))
    with pytest.raises(ValueError, match="mask of invalid pixels .scene_01"):
        evaluate("--data", "sintel-clean=%s" % tmp_path, "--masked", *constant)


def test_a_refusal_is_one_line(tiny_sintel, tmp_path):
    done = run(
        "evaluate",
        "--data",
        "sintel-clean=" + tiny_sintel,
        "--weights",
        "absent.pb",
        "--output",
        "out",
        cwd=str(tmp_path),
    )
    assert "absent.pb" in only_line(done) and not (tmp_path / "out").exists()
