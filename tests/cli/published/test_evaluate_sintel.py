"""The evaluation on Sintel, from the command line to its last line."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from pwcnet.data.datasets.sintel import FOLDER, sintel_samples
from pwcnet.flow.colors import flow_to_color
from pwcnet.inference.predictor import Predictor
from tests.helpers.commands import ROOT, run_command, run_main
from tests.helpers.flows import average_epe, read_flo

SCRIPT = os.path.join(
    ROOT, "scripts", "pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py"
)
LAST_LINE = re.compile(r"Average EPE=(\d+\.\d\d), mean inference time=(\d+\.\d\d)ms$")
IDS = ["scene_%02d/frames_%04d_%04d" % (scene, n, n + 1) for scene in (1, 2) for n in (1, 2)]


def main(*arguments):
    return run_main(SCRIPT, *arguments)


def averages(stdout):
    """(per-image mean, pooled) of the detailed line."""
    return tuple(
        float(number)
        for number in re.search(
            r"Average EPE: (\S+) pixels, the mean of the images' means; (\S+) pooled", stdout
        ).groups()
    )


def rows(path):
    with open(str(path), newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.whole_on("tf1")
def test_every_output_agrees_with_a_reckoning_in_plain_numpy(
    tiny_sintel, small_checkpoint, tmp_path
):
    done = run_command(
        SCRIPT,
        "--dataset",
        tiny_sintel,
        "--ckpt",
        small_checkpoint,
        "--output",
        tmp_path / "out",
        "--save_flow",
        "--save_pictures",
        cwd=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    truths = [
        read_flo(
            os.path.join(
                tiny_sintel,
                FOLDER,
                "training",
                "flow",
                each.replace("/frames_", "/frame_")[:-5] + ".flo",
            )
        )
        for each in IDS
    ]
    flows = [read_flo(tmp_path / "out" / (each + ".flo")) for each in IDS]
    expected = average_epe(flows, truths)
    assert averages(done.stdout) == pytest.approx(expected, abs=2e-6)
    last = LAST_LINE.match(done.stdout.splitlines()[-1])
    assert last and float(last.group(1)) == pytest.approx(expected[0], abs=0.0051)
    table = rows(tmp_path / "out" / "epe.csv")
    assert [row["id"] for row in table] == IDS and {row["valid_pixels"] for row in table} == {
        "7200"
    }
    assert [float(row["epe"]) for row in table] == pytest.approx(
        [average_epe([flow], [truth])[0] for flow, truth in zip(flows, truths)], abs=1e-6
    )
    assert float(last.group(2)) == pytest.approx(
        1000 * np.mean([float(row["seconds"]) for row in table[1:]]), abs=0.006
    )  # without the first
    for each, flow in zip(IDS, flows):
        np.testing.assert_array_equal(
            cv2.imread(str(tmp_path / "out" / (each + ".png")))[..., ::-1], flow_to_color(flow)
        )
    assert "4 pairs" in done.stdout and "dense" in done.stdout and "Average" in done.stdout
    assert sorted(os.listdir(str(tmp_path / "out"))) == ["epe.csv", "scene_01", "scene_02"]


@pytest.mark.whole_on("tf2")
def test_masked_final_pass(tiny_sintel, small_checkpoint, capsys):
    main("--dataset", tiny_sintel, "--ckpt", small_checkpoint, "--render_pass", "final", "--masked")
    printed = capsys.readouterr().out
    samples = [sample.load(masked=True) for sample in sintel_samples(tiny_sintel, "final")]
    with Predictor(small_checkpoint, quality="plain") as predictor:
        flows = [predictor.flow(each.frame1, each.frame2) for each in samples]
    truths = [np.where(each.valid[..., None], each.flow, 1e10) for each in samples]
    assert averages(printed) == pytest.approx(average_epe(flows, truths), rel=1e-5)
    assert (
        "final: masked" in printed
        and "4 of the pairs have a mask" in printed
        and LAST_LINE.match(printed.splitlines()[-1])
    )


@pytest.mark.whole_on("tf2")
def test_frozen_graph_gives_the_same(tiny_sintel, small_checkpoint, small_frozen, capsys):
    main("--dataset", tiny_sintel, "--ckpt", small_checkpoint)
    main("--dataset", os.path.join(tiny_sintel, FOLDER), "--ckpt", small_frozen)
    first, second = (averages(half) for half in capsys.readouterr().out.split("\n4 pairs"))
    assert first == pytest.approx(second, abs=1e-5)


def test_a_part_of_the_split(tiny_sintel, small_checkpoint, capsys):
    main("--dataset", tiny_sintel, "--ckpt", small_checkpoint, "--mode", "val")
    assert "1 pairs" in capsys.readouterr().out


@pytest.mark.whole_on("tf1")
def test_an_interrupted_run_keeps_what_was_done(tiny_sintel, small_frozen, tmp_path):
    training = tmp_path / FOLDER / "training"
    for kind, ending, count in (("clean", "png", 301), ("flow", "flo", 300)):
        (training / kind / "long").mkdir(parents=True)
        for number in range(1, count + 1):
            os.symlink(
                os.path.join(
                    tiny_sintel, FOLDER, "training", kind, "scene_01", "frame_0001." + ending
                ),
                str(training / kind / "long" / ("frame_%04d.%s" % (number, ending))),
            )
    partial = tmp_path / "out" / "epe.partial.csv"
    process = subprocess.Popen(
        [
            sys.executable,
            SCRIPT,
            "--dataset",
            str(tmp_path),
            "--ckpt",
            small_frozen,
            "--output",
            str(tmp_path / "out"),
            "--save_flow",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    try:
        deadline = time.time() + 60
        while (
            not (partial.exists() and len(rows(partial)) >= 3)
            and process.poll() is None
            and time.time() < deadline
        ):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and "epe.partial.csv" in stderr and "Traceback" not in stderr
    assert 3 <= len(rows(partial)) < 300 and not (tmp_path / "out" / "epe.csv").exists()
    for name in os.listdir(str(tmp_path / "out" / "long")):
        assert (
            name.endswith(".flo")
            and not name.startswith(".")
            and read_flo(tmp_path / "out" / "long" / name).shape == (60, 120, 2)
        )


def test_rows_come_after_their_files(tiny_sintel, small_frozen, tmp_path, monkeypatch):
    write = cv2.imencode

    def full_after_two(*arguments):
        if len(list((tmp_path / "out").glob("*/*.png"))) == 2:
            raise OSError(28, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(cv2, "imencode", full_after_two)
    with pytest.raises(OSError, match="No space"):
        main(
            "--dataset",
            tiny_sintel,
            "--ckpt",
            small_frozen,
            "--output",
            tmp_path / "out",
            "--save_pictures",
        )
    assert [row["id"] for row in rows(tmp_path / "out" / "epe.partial.csv")] == IDS[:2]


def test_an_output_that_is_no_folder_is_refused_at_once(tiny_sintel, tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(NotADirectoryError, match="file"):
        main("--dataset", tiny_sintel, "--ckpt", "absent", "--output", tmp_path / "file")
    (tmp_path / "out" / "epe.csv").mkdir(parents=True)
    with pytest.raises(IsADirectoryError, match="epe.csv"):
        main("--dataset", tiny_sintel, "--ckpt", "absent", "--output", tmp_path / "out")
    assert (tmp_path / "file").read_text() == "precious" and sorted(os.listdir(str(tmp_path))) == [
        "file",
        "out",
    ]


def test_wrong_input_is_one_line(tiny_sintel, small_checkpoint, tmp_path):
    broken = tmp_path / FOLDER
    shutil.copytree(os.path.join(tiny_sintel, FOLDER), str(broken))
    (broken / "training" / "clean" / "scene_01" / "frame_0002.png").write_bytes(b"broken")
    for arguments, words in (
        (("--dataset", tmp_path / "absent", "--ckpt", small_checkpoint), "absent"),
        (("--dataset", tmp_path, "--ckpt", small_checkpoint), "frame_0002.png"),
    ):
        done = run_command(SCRIPT, *arguments)
        assert (
            done.returncode == 2
            and words in done.stderr.splitlines()[-1]
            and "Traceback" not in done.stderr
        ), done.stderr
        assert "Average" not in done.stdout
    with pytest.raises(FileNotFoundError, match="absent.index"):
        main("--dataset", tiny_sintel, "--ckpt", tmp_path / "absent")


@pytest.mark.parametrize(
    "wrong", [["--save_flow"], ["--save_pictures"], ["--mode", "test"], ["--render_pass", "albedo"]]
)
def test_wrong_options_are_refused(wrong, tiny_sintel, capsys):
    with pytest.raises(SystemExit) as caught:
        main("--dataset", tiny_sintel, "--ckpt", "absent", *wrong)
    assert caught.value.code == 2 and wrong[0] in capsys.readouterr().err


def test_no_masks_are_an_error(tiny_sintel, small_checkpoint, tmp_path):
    shutil.copytree(os.path.join(tiny_sintel, FOLDER), str(tmp_path / FOLDER))
    shutil.rmtree(str(tmp_path / FOLDER / "training" / "invalid"))
    with pytest.raises(ValueError, match="mask of invalid pixels .scene_01"):
        main("--dataset", tmp_path, "--ckpt", small_checkpoint, "--masked")
