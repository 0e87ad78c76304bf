"""Checkpoint -> frozen graph -> raw files -> predictions -> EPE, against the online evaluation."""

import contextlib
import csv
import io
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from pwcnet.ascend import raw_files
from pwcnet.cli import export
from pwcnet.cli.ascend import infer, prepare, score
from pwcnet.data.datasets.sintel import FOLDER
from pwcnet.evaluation.results import read_evaluation
from pwcnet.export.frozen_graph import frozen_input_shape, read_frozen
from tests.helpers.commands import ROOT, run_main
from tests.helpers.flows import average_epe, read_flo

ONLINE = "scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py"
SIZE = ["--size", "64x128"]
SIZES = SIZE + ["--frame-size", "60x120"]
NAMES = ["scene_%02d-frames_%04d_%04d" % (scene, n, n + 1) for scene in (1, 2) for n in (1, 2)]


def run(command, *arguments):
    """Runs a subcommand in this process; returns what it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        name = command.__name__.rpartition(".")[2]
        command.main([str(argument) for argument in arguments], "pwcnet ascend " + name)
    return out.getvalue()


def offline_epe(printed):
    return float(re.match(r"Average EPE =  (\d+\.\d{6,})$", printed.splitlines()[-1]).group(1))


def online_epe(printed):
    return float(re.search(r"Average EPE: (\S+) pixels", printed).group(1))


def frozen(checkpoint, output, *arguments):
    target = ["--target", "ascend", "--weights", checkpoint, "--output", output]
    return run(export, *(target + list(arguments)))


@pytest.fixture(scope="module")
def chain(tiny_sintel, small_checkpoint, tmp_path_factory):
    """A folder in which the whole chain has run once, and what its commands printed."""
    folder = tmp_path_factory.mktemp("chain")
    before = os.getcwd()
    os.chdir(str(folder))
    try:
        data = ["--data", "sintel-clean=" + tiny_sintel]
        printed = {
            "export": frozen(small_checkpoint, "pwcnet.pb", *SIZE),
            "prepare": run(prepare, *(data + ["--output", "raw files"] + SIZE)),
            "infer": run(
                infer,
                *["--weights", "pwcnet.pb", "--input", "raw files/image"],
                *["--output", "new/results"],
            ),
            "score": run(
                score,
                *["--ground-truth", "raw files/gt", "--predictions", "new/results"],
                *(["--csv", "epe.csv"] + SIZES),
            ),
        }
    finally:
        os.chdir(before)
    return folder, printed


def raw(chain, *names):
    return os.path.join(str(chain[0]), "raw files", *names)


def results(chain):
    parent = os.path.join(str(chain[0]), "new", "results")
    return os.path.join(parent, os.listdir(parent)[0])


@pytest.mark.whole_on("tf1")
def test_online_and_offline_agree_with_plain_numpy(chain, tiny_sintel, small_checkpoint, capsys):
    folder, printed = chain
    flows = [
        np.fromfile(os.path.join(results(chain), name + "_output_0.bin"), "<f4") for name in NAMES
    ]
    flows = [flow.reshape(64, 128, 2)[:60, :120] for flow in flows]
    truth = os.path.join(tiny_sintel, FOLDER, "training", "flow")
    files = [name.replace("-frames_", "/frame_")[:-5] + ".flo" for name in NAMES]
    truths = [read_flo(os.path.join(truth, file)) for file in files]
    offline = offline_epe(printed["score"])
    assert offline == pytest.approx(average_epe(flows, truths)[0], abs=2e-6)
    run_main(ONLINE, "--dataset", tiny_sintel, "--ckpt", small_checkpoint)
    assert offline == pytest.approx(online_epe(capsys.readouterr().out), abs=1e-4)
    with open(str(folder / "epe.csv"), newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [row["id"] for row in table] == NAMES
    expected = [average_epe([flow], [truth])[0] for flow, truth in zip(flows, truths)]
    assert [float(row["epe"]) for row in table] == pytest.approx(expected, abs=1e-6)


def test_what_the_commands_print(chain):
    _, printed = chain
    for words in (
        "sm-6-2",
        "nodes",
        "MB",
        "pixels from the checkpoint",
        "pwcnet.pb: x_tnsr [1, 2, 64, 128, 3] -> output [1, 64, 128, 2]",
    ):
        assert words in printed["export"]
    for words in (
        "pwcnet export --target ascend --size 64x128 --output pwcnet.pb",
        "pwcnet ascend infer --weights pwcnet.pb --input 'raw files/image'",
        "bash offline_infer/pb2om.sh --pb pwcnet.pb --output pwcnet_1batch",
        "pwcnet ascend run --om pwcnet_1batch.om --input 'raw files/image' --output 'raw files/res",
        "pwcnet ascend score --ground-truth 'raw files/gt' --predictions 'raw files/results'",
        "--size 64x128 --frame-size 60x120",
    ):
        assert words in printed["prepare"]
    times = printed["infer"]
    assert re.search(r"^Inference average time : \d+\.\d\d ms$", times, re.M)
    assert re.search(r"^Inference average time without first time: \d+\.\d\d ms$", times, re.M)


def test_files_are_those_of_msame(chain):
    folder = results(chain)
    assert re.match(r"\d{8}_\d{6}$", os.path.basename(folder))
    assert sorted(os.listdir(folder)) == [name + "_output_0.bin" for name in NAMES]
    sizes = {os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)}
    assert sizes == {64 * 128 * 2 * 4}


def test_the_folder_of_an_evaluation(chain, tmp_path):
    command = ["--ground-truth", raw(chain, "gt"), "--predictions", results(chain)]
    command += ["--output", str(tmp_path / "out")] + SIZES
    printed = run(score, *command)
    evaluation = read_evaluation(str(tmp_path / "out"))
    assert printed.splitlines()[1:] == chain[1]["score"].splitlines()[1:]
    assert [name for name, _, _ in evaluation.pairs] == NAMES
    assert {seconds for _, _, seconds in evaluation.pairs} == {None}
    summary = evaluation.summary
    assert "%.6f" % summary["totals"]["EPE"]["per_image"] in printed.splitlines()[-1]
    assert "\nWAUC " in printed and summary["command"][:3] == ["pwcnet", "ascend", "score"]
    assert summary["data"] == "offline" and summary["mean_seconds"] is None
    assert summary["weights"]["path"] == results(chain)
    with pytest.raises(FileExistsError, match="evaluation.json.*; --overwrite"):
        run(score, *command)
    run(score, *(command + ["--overwrite"]))


@pytest.mark.whole_on("tf1")
def test_a_batch_of_three_gives_the_same(chain, small_checkpoint, tmp_path):
    frozen(small_checkpoint, tmp_path / "three.pb", "--batch-size", "3", *SIZE)
    assert frozen_input_shape(read_frozen(str(tmp_path / "three.pb"))) == (3, 64, 128)
    given = ["--weights", tmp_path / "three.pb", "--input", raw(chain, "image")]
    run(infer, *(given + ["--output", tmp_path / "results"]))
    given = ["--ground-truth", raw(chain, "gt"), "--predictions", tmp_path / "results"]
    epe = offline_epe(run(score, *(given + SIZES)))
    assert epe == pytest.approx(offline_epe(chain[1]["score"]), abs=1e-4)


@pytest.mark.whole_on("tf1")
def test_half_precision_is_emulated(chain, tmp_path, caplog):
    caplog.set_level("INFO")
    command = ["--weights", chain[0] / "pwcnet.pb", "--input", raw(chain, "image"), "--output"]
    nodes, epe = [], []
    for name, options in (("all", []), ("kept", ["--keep-coordinates"])):
        printed = run(infer, *(command + [tmp_path / name, "--emulate", "fp16"] + options))
        nodes += re.findall(r"emulating fp16, (\d+) nodes in float32", printed)
        given = ["--ground-truth", raw(chain, "gt"), "--predictions", tmp_path / name]
        epe.append(offline_epe(run(score, *(given + SIZES))))
    assert "device: cpu (as asked)" in caplog.text  # an NPU would round by itself
    assert nodes == ["0", "84"]
    exact = offline_epe(chain[1]["score"])
    assert exact != epe[0] != epe[1] and epe == pytest.approx([exact] * 2, rel=0.05)
    with pytest.raises(ValueError, match="--emulate"):
        run(infer, *(command + [tmp_path / "none", "--keep-coordinates"]))


def test_outputs_are_checked_before_the_work(chain, tiny_sintel, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("precious")
    given = ["--ground-truth", "absent", "--predictions", "absent", "--csv", tmp_path / "folder"]
    with pytest.raises(IsADirectoryError, match="folder"):
        run(score, *given)
    given = ["--weights", "absent", "--input", raw(chain, "image"), "--output", tmp_path / "file"]
    with pytest.raises(NotADirectoryError, match="file"):
        run(infer, *given)
    given = ["--data", "sintel-clean=" + tiny_sintel, "--output", tmp_path / "file"]
    with pytest.raises(NotADirectoryError, match="file"):
        run(prepare, *(given + SIZE))
    assert sorted(os.listdir(str(tmp_path))) == ["file", "folder"]
    assert not os.listdir(str(tmp_path / "folder"))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_inferring_that_fails_leaves_no_results(error, chain, tmp_path, monkeypatch):
    write = raw_files.write_raw

    def failing(path, flow):
        if "scene_02" in path:
            raise error
        write(path, flow)

    monkeypatch.setattr(raw_files, "write_raw", failing)
    given = ["--weights", chain[0] / "pwcnet.pb", "--input", raw(chain, "image")]
    with pytest.raises(type(error)):
        run(infer, *(given + ["--output", tmp_path / "out"]))
    assert not os.listdir(str(tmp_path / "out"))


def test_preparing_refuses(chain, tiny_sintel, tmp_path, capsys):
    sintel = ["--data", "sintel-clean=" + tiny_sintel, "--output"]
    with pytest.raises(ValueError, match="60x120 .*64x64"):
        run(prepare, *(sintel + [tmp_path, "--size", "64x64"]))
    with pytest.raises(ValueError, match="frames_"):  # pairs of another mode lie there
        run(prepare, *(sintel + [raw(chain), "--mode", "val"] + SIZE))
    for data in ("sintel-clean=%s@2" % tiny_sintel, "generated=pairs=2"):
        with pytest.raises(ValueError, match=data):
            run(prepare, "--data", data, "--output", tmp_path)
    with pytest.raises(SystemExit):
        run(prepare, *(sintel + [tmp_path, "--size", "436x1024"]))
    assert "448x1024" in capsys.readouterr().err
    assert not os.listdir(str(tmp_path))


def test_inferring_refuses(chain, small_frozen, tmp_path):
    command = ["--weights", small_frozen, "--output", tmp_path / "out", "--input"]
    with pytest.raises(FileNotFoundError, match="absent"):
        run(infer, *(command + [tmp_path / "absent"]))
    shutil.copytree(raw(chain, "image"), str(tmp_path / "image"))
    (tmp_path / "image" / "short.bin").write_bytes(b"1234")
    with pytest.raises(ValueError, match="short.bin has 4 .*1 of 5"):
        run(infer, *(command + [tmp_path / "image"]))
    assert not (tmp_path / "out").exists()


def test_scoring_refuses(chain, tmp_path):
    shutil.copytree(results(chain), str(tmp_path / "results"))
    given = ["--ground-truth", raw(chain, "gt"), "--predictions", tmp_path / "results"]
    with pytest.raises(ValueError, match=r"scene_01.*448, 1024"):  # the sizes by default
        run(score, *given)
    (tmp_path / "results" / (NAMES[1] + "_output_0.bin")).unlink()
    with pytest.raises(ValueError, match="1 of .*: %s_output_0.bin" % NAMES[1]):
        run(score, *(given + SIZES))


def test_another_data_set_without_tensorflow(tmp_path):
    """A process of its own, in which nothing has imported TensorFlow yet."""
    program = (
        "import json, sys\n"
        "from pwcnet.cli.ascend import prepare, rank_table, score\n"
        "from tests.helpers import dataset_trees as trees\n"
        "folder = sys.argv[1]\n"
        "data = ['--data', 'chairs=' + trees.chairs(folder, 3), '--size', '64x64']\n"
        "prepare.main(data + ['--output', folder + '/raw'], 'prepare')\n"
        "given = ['--ground-truth', folder + '/raw/gt', '--predictions', folder + '/flow']\n"
        "import os, shutil\n"
        "shutil.copytree(folder + '/raw/gt', folder + '/flow')\n"
        "for name in os.listdir(folder + '/flow'):\n"
        "    path = folder + '/flow/' + name\n"
        "    os.rename(path, path.replace('.bin', '_output_0.bin'))\n"
        "score.main(given + ['--size', '64x64', '--frame-size', '12x16'], 'score')\n"
        "table = ['--output', folder + '/table.json', '--server', 'node_0=10.0.0.1']\n"
        "rank_table.main(table, 'rank-table')\n"
        "print('tensorflow' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "--size 64x64 --frame-size 12x16" in done.stdout
    assert "\nAverage EPE =  0.000000\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.full
def test_real_frames(real_data, small_checkpoint, tmp_path, capsys):
    dataset = tmp_path / FOLDER / "training"
    for kind in ("clean", "flow"):
        for scene in ("alley_1", "market_5"):
            source = os.path.join(real_data, FOLDER, "training", kind, scene)
            shutil.copytree(source, str(dataset / kind / scene))
    for name in (
        "clean/alley_1/frame_0003.png",
        "clean/alley_1/frame_0004.png",
        "flow/alley_1/frame_0002.flo",
        "flow/alley_1/frame_0003.flo",
    ):
        (dataset / name).unlink()  # a pair a scene is enough
    frozen(small_checkpoint, tmp_path / "pwcnet.pb")
    run(prepare, "--data", "sintel-clean=%s" % tmp_path, "--output", tmp_path)
    given = ["--weights", tmp_path / "pwcnet.pb", "--input", tmp_path / "image"]
    run(infer, *(given + ["--output", tmp_path / "results"]))
    given = ["--ground-truth", tmp_path / "gt", "--predictions", tmp_path / "results"]
    offline = offline_epe(run(score, *given))
    capsys.readouterr()
    run_main(ONLINE, "--dataset", tmp_path, "--ckpt", small_checkpoint)
    assert offline == pytest.approx(online_epe(capsys.readouterr().out), abs=1e-4)
    assert os.path.getsize(str(tmp_path / "gt" / "market_5-frames_0002_0003.bin")) == 3670016
