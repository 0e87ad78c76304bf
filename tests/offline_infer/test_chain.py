"""Checkpoint -> frozen graph -> raw files -> predictions -> EPE, by the command lines, against the online evaluation."""

import csv
import os
import re
import shutil

import numpy as np
import pytest

from pwcnet.ascend import raw_files as bins
from pwcnet.data.datasets.sintel import FOLDER
from pwcnet.evaluation.results import read_evaluation
from pwcnet.export.frozen_graph import frozen_input_shape, read_frozen
from tests.conftest import (
    ROOT,
    average_epe,
    golden_weights,
    read_flo,
    run_command,
    run_main,
    write_checkpoint,
)

ONLINE = "scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py"
SIZE = ["--height", "64", "--width", "128"]
FRAME = ["--frame_height", "60", "--frame_width", "120"]
NAMES = ["scene_%02d-frames_%04d_%04d" % (scene, n, n + 1) for scene in (1, 2) for n in (1, 2)]


def run(*arguments, **options):
    done = run_command(*arguments, **options)
    assert done.returncode == 0, done.stderr
    return done


def refused(*arguments, **options):
    """The one line of the error."""
    done = run_command(*arguments, **options)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    return done.stderr.splitlines()[-1]


def offline_epe(printed):
    return float(re.match(r"Average EPE =  (\d+\.\d{6,})$", printed.splitlines()[-1]).group(1))


def online_epe(printed):
    return float(re.search(r"Average EPE: (\S+) pixels", printed).group(1))


@pytest.fixture(scope="module")
def chain(tiny_sintel, small_checkpoint, tmp_path_factory):
    """A folder in which the whole chain has run once, and what its commands printed."""
    folder = tmp_path_factory.mktemp("chain")
    script = os.path.join(ROOT, "offline_infer", "%s.py").__mod__
    done = {
        "convert": run(
            script("convert_ckpt2pb"), "--ckpt", small_checkpoint, *SIZE, cwd=str(folder)
        ),
        "prepare": run(
            script("dataprep"),
            "--dataset",
            tiny_sintel,
            "--output",
            "prepared",
            *SIZE,
            cwd=str(folder),
        ),
        "infer": run(
            script("infer_pb"),
            "--pb",
            "pwcnet.pb",
            "--input",
            "prepared/image",
            "--output",
            "new/results",
            cwd=str(folder),
        ),
        "evaluate": run(
            script("evaluation"),
            "--gt_path",
            "prepared/gt",
            "--output_path",
            "new/results",
            "--csv",
            "epe.csv",
            *(SIZE + FRAME),
            cwd=str(folder),
        ),
    }
    return folder, done


def results(folder):
    parent = os.path.join(str(folder), "new", "results")
    return os.path.join(parent, os.listdir(parent)[0])


def test_online_and_offline_agree_with_plain_numpy(chain, tiny_sintel, small_checkpoint, capsys):
    folder, done = chain
    flows = [
        np.fromfile(os.path.join(results(folder), name + "_output_0.bin"), "<f4").reshape(
            64, 128, 2
        )[:60, :120]
        for name in NAMES
    ]
    truths = [
        read_flo(
            os.path.join(
                tiny_sintel,
                FOLDER,
                "training",
                "flow",
                name.replace("-frames_", "/frame_")[:-5] + ".flo",
            )
        )
        for name in NAMES
    ]
    assert offline_epe(done["evaluate"].stdout) == pytest.approx(
        average_epe(flows, truths)[0], abs=2e-6
    )
    run_main(ONLINE, "--dataset", tiny_sintel, "--ckpt", small_checkpoint)
    assert offline_epe(done["evaluate"].stdout) == pytest.approx(
        online_epe(capsys.readouterr().out), abs=1e-4
    )
    with open(str(folder / "epe.csv"), newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [row["id"] for row in table] == NAMES
    assert [float(row["epe"]) for row in table] == pytest.approx(
        [average_epe([flow], [truth])[0] for flow, truth in zip(flows, truths)], abs=1e-6
    )


def test_what_the_commands_print(chain):
    _, done = chain
    for words in (
        "sm-6-2",
        "nodes",
        "MB",
        "pixels from the checkpoint",
        "pwcnet.pb: x_tnsr [1, 2, 64, 128, 3] -> output [1, 64, 128, 2]",
    ):
        assert words in done["convert"].stdout
    assert "4/4" in done["prepare"].stderr and "4/4" in done["infer"].stderr
    for words in (
        "infer_pb.py --pb pwcnet.pb --input prepared/image",
        "bash offline_infer/pb2om.sh --pb pwcnet.pb --output pwcnet_1batch",
        "sh offline_infer/run_msame.sh --om pwcnet_1batch.om --input prepared/image --output prepared/results",
        "evaluation.py --gt_path prepared/gt --output_path prepared/results",
        "--height 64 --width 128 --frame_height 60 --frame_width 120",
    ):
        assert words in done["prepare"].stdout
    assert re.search(r"^Inference average time : \d+\.\d\d ms$", done["infer"].stdout, re.M)
    assert re.search(
        r"^Inference average time without first time: \d+\.\d\d ms$", done["infer"].stdout, re.M
    )
    assert "the only folder" in done["evaluate"].stderr


def test_files_are_those_of_msame(chain):
    folder, _ = chain
    assert re.match(r"\d{8}_\d{6}$", os.path.basename(results(folder)))
    assert sorted(os.listdir(results(folder))) == [name + "_output_0.bin" for name in NAMES]
    assert {
        os.path.getsize(os.path.join(results(folder), name)) for name in os.listdir(results(folder))
    } == {64 * 128 * 2 * 4}


def test_the_folder_of_an_evaluation(chain, tmp_path, capsys):
    folder, done = chain
    command = [
        "offline_infer/evaluation.py",
        "--gt_path",
        folder / "prepared" / "gt",
        "--output_path",
        folder / "new" / "results",
        "--output",
        tmp_path / "out",
    ]
    run_main(*(command + SIZE + FRAME))
    printed = capsys.readouterr().out
    evaluation = read_evaluation(str(tmp_path / "out"))
    assert printed == done["evaluate"].stdout.replace(
        "new/results", str(folder / "new" / "results")
    )
    assert [name for name, _, _ in evaluation.pairs] == NAMES and {
        seconds for _, _, seconds in evaluation.pairs
    } == {None}
    assert (
        "%.6f" % evaluation.summary["totals"]["EPE"]["per_image"] in printed.splitlines()[-1]
        and "\nWAUC " in printed
    )
    assert (
        evaluation.summary["data"] == "offline"
        and evaluation.summary["mean_seconds"] is None
        and evaluation.summary["weights"]["path"] == results(folder)
    )
    with pytest.raises(FileExistsError, match="evaluation.json; --overwrite"):
        run_main(*(command + SIZE + FRAME))
    run_main(*(command + SIZE + FRAME + ["--overwrite"]))


def test_a_batch_of_three_gives_the_same(chain, small_checkpoint, tmp_path, capsys):
    folder, done = chain
    run_main(
        "offline_infer/convert_ckpt2pb.py",
        "--ckpt",
        small_checkpoint,
        "--output",
        tmp_path / "three.pb",
        "--batch_size",
        "3",
        *SIZE,
    )
    assert frozen_input_shape(read_frozen(str(tmp_path / "three.pb"))) == (3, 64, 128)
    run_main(
        "offline_infer/infer_pb.py",
        "--pb",
        tmp_path / "three.pb",
        "--input",
        folder / "prepared" / "image",
        "--output",
        tmp_path / "results",
    )
    run_main(
        "offline_infer/evaluation.py",
        "--gt_path",
        folder / "prepared" / "gt",
        "--output_path",
        tmp_path / "results",
        *(SIZE + FRAME),
    )
    assert offline_epe(capsys.readouterr().out) == pytest.approx(
        offline_epe(done["evaluate"].stdout), abs=1e-4
    )


def test_half_precision_is_emulated(chain, tmp_path, capsys, caplog):
    caplog.set_level("INFO")
    folder, done = chain
    infer = (
        "offline_infer/infer_pb.py",
        "--pb",
        folder / "pwcnet.pb",
        "--input",
        folder / "prepared" / "image",
        "--output",
    )
    printed = []
    for name, options in (("all", ()), ("kept", ("--keep_coordinates",))):
        run_main(*(infer + (tmp_path / name, "--emulate", "fp16") + options))
        run_main(
            "offline_infer/evaluation.py",
            "--gt_path",
            folder / "prepared" / "gt",
            "--output_path",
            tmp_path / name,
            *(SIZE + FRAME),
        )
        printed.append(capsys.readouterr().out)
    assert "device: cpu (as asked)" in caplog.text  # an NPU would round by itself
    assert (
        "emulating fp16, 0 nodes in float32" in printed[0]
        and "emulating fp16, 84 nodes in float32" in printed[1]
    )
    exact = offline_epe(done["evaluate"].stdout)
    assert exact != offline_epe(printed[0]) != offline_epe(printed[1]) and [
        offline_epe(text) for text in printed
    ] == pytest.approx([exact] * 2, rel=0.05)
    with pytest.raises(ValueError, match="--keep_coordinates with --emulate"):
        run_main(*(infer + (tmp_path / "none", "--keep_coordinates")))


def test_conversion_refuses_and_writes_nothing(tmp_path, small_checkpoint):
    output = tmp_path / "out.pb"
    line = refused(
        "offline_infer/convert_ckpt2pb.py",
        "--ckpt",
        small_checkpoint,
        "--output",
        output,
        "--height",
        "436",
    )
    assert "multiples of 64, got 436x1024; try 448x1024" in line
    with pytest.raises(FileNotFoundError, match="absent.index"):
        run_main(
            "offline_infer/convert_ckpt2pb.py", "--ckpt", tmp_path / "absent", "--output", output
        )
    weights = golden_weights("sm", 0)
    weights["pwcnet/predict_flow/flow2/bias"][:] = np.nan  # a training that diverged
    with pytest.raises(ValueError, match="got nan"):
        run_main(
            "offline_infer/convert_ckpt2pb.py",
            "--ckpt",
            write_checkpoint(tmp_path / "nan", weights),
            "--output",
            output,
            *SIZE,
        )
    assert not output.exists()


def test_outputs_are_checked_before_the_work(
    chain, small_checkpoint, small_frozen, tiny_sintel, tmp_path
):
    folder, _ = chain
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("precious")
    with pytest.raises(IsADirectoryError, match="folder"):
        run_main(
            "offline_infer/convert_ckpt2pb.py",
            "--ckpt",
            "absent",
            "--output",
            tmp_path / "folder",
            *SIZE,
        )
    with pytest.raises(IsADirectoryError, match="folder"):
        run_main(
            "offline_infer/evaluation.py",
            "--gt_path",
            "absent",
            "--output_path",
            "absent",
            "--csv",
            tmp_path / "folder",
        )
    with pytest.raises(NotADirectoryError, match="file"):
        run_main(
            "offline_infer/infer_pb.py",
            "--pb",
            "absent",
            "--input",
            folder / "prepared" / "image",
            "--output",
            tmp_path / "file",
        )
    with pytest.raises(NotADirectoryError, match="file"):
        run_main(
            "offline_infer/dataprep.py",
            "--dataset",
            tiny_sintel,
            "--output",
            tmp_path / "file",
            *SIZE,
        )
    assert sorted(os.listdir(str(tmp_path))) == ["file", "folder"] and not os.listdir(
        str(tmp_path / "folder")
    )
    line = refused(
        "offline_infer/evaluation.py",
        "--gt_path",
        folder / "prepared" / "gt",
        "--output_path",
        results(folder),
        "--csv",
        tmp_path / "folder",
    )
    assert line.endswith(
        "error: %s: Is a directory; this is a folder; name a file" % (tmp_path / "folder")
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_inferring_that_fails_leaves_no_results(error, chain, tmp_path, monkeypatch):
    folder, _ = chain
    write = bins.write_bin

    def failing(path, flow):
        if "scene_02" in path:
            raise error
        write(path, flow)

    monkeypatch.setattr(bins, "write_bin", failing)
    with pytest.raises(type(error)):
        run_main(
            "offline_infer/infer_pb.py",
            "--pb",
            folder / "pwcnet.pb",
            "--input",
            folder / "prepared" / "image",
            "--output",
            tmp_path / "out",
        )
    assert not os.listdir(str(tmp_path / "out"))


def test_preparing_refuses(chain, tiny_sintel, tmp_path):
    folder, _ = chain
    dataprep = ("offline_infer/dataprep.py", "--dataset", tiny_sintel, "--output")
    assert "at most 64x64" in refused(*dataprep, tmp_path, "--height", "64", "--width", "64")
    assert "frames_" in refused(*dataprep, folder / "prepared", "--mode", "val", *SIZE)
    assert not os.listdir(str(tmp_path))


def test_inferring_refuses(chain, small_frozen, tmp_path):
    folder, _ = chain
    infer = (
        "offline_infer/infer_pb.py",
        "--pb",
        small_frozen,
        "--output",
        tmp_path / "out",
        "--input",
    )
    assert "absent" in refused(*infer, tmp_path / "absent")
    shutil.copytree(str(folder / "prepared" / "image"), str(tmp_path / "image"))
    (tmp_path / "image" / "short.bin").write_bytes(b"1234")
    with pytest.raises(ValueError, match="got 4 in .*short.bin .1 of 5"):
        run_main(*(infer + (tmp_path / "image",)))
    assert not (tmp_path / "out").exists()


def test_evaluating_refuses(chain, tmp_path):
    folder, _ = chain
    shutil.copytree(results(folder), str(tmp_path / "results"))
    evaluation = [
        "offline_infer/evaluation.py",
        "--gt_path",
        folder / "prepared" / "gt",
        "--output_path",
        tmp_path / "results",
    ]
    assert "--height" in refused(*evaluation)  # 448x1024 by default
    (tmp_path / "results" / (NAMES[1] + "_output_0.bin")).unlink()
    assert "none for 1: %s_output_0.bin" % NAMES[1] in refused(*(evaluation + SIZE + FRAME))


def test_real_frames(real_data, small_checkpoint, tmp_path, capsys):
    dataset = tmp_path / FOLDER / "training"
    for kind in ("clean", "flow"):
        for scene in ("alley_1", "market_5"):
            shutil.copytree(
                os.path.join(real_data, FOLDER, "training", kind, scene),
                str(dataset / kind / scene),
            )
    for name in (
        "clean/alley_1/frame_0003.png",
        "clean/alley_1/frame_0004.png",
        "flow/alley_1/frame_0002.flo",
        "flow/alley_1/frame_0003.flo",
    ):
        (dataset / name).unlink()  # a pair a scene is enough
    run_main(
        "offline_infer/convert_ckpt2pb.py",
        "--ckpt",
        small_checkpoint,
        "--output",
        tmp_path / "pwcnet.pb",
    )
    run_main("offline_infer/dataprep.py", "--dataset", tmp_path, "--output", tmp_path)
    run_main(
        "offline_infer/infer_pb.py",
        "--pb",
        tmp_path / "pwcnet.pb",
        "--input",
        tmp_path / "image",
        "--output",
        tmp_path / "results",
    )
    run_main(
        "offline_infer/evaluation.py",
        "--gt_path",
        tmp_path / "gt",
        "--output_path",
        tmp_path / "results",
    )
    offline = capsys.readouterr().out
    run_main(ONLINE, "--dataset", tmp_path, "--ckpt", small_checkpoint)
    assert offline_epe(offline) == pytest.approx(online_epe(capsys.readouterr().out), abs=1e-4)
    assert os.path.getsize(str(tmp_path / "gt" / "market_5-frames_0002_0003.bin")) == 3670016
