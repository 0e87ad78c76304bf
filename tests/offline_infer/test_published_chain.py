"""The published scripts of offline inference, in a checkout and from another directory."""

import os
import re
import shutil

import pytest

from pwcnet.cli.published import (
    check_pb,
    convert_ckpt2pb,
    dataprep,
    evaluation,
    infer_pb,
    run_device,
)
from tests.helpers.commands import ROOT, run_command

SCRIPTS = ("convert_ckpt2pb", "dataprep", "infer_pb", "evaluation")
SIZE = "--height 64 --width 128"
COMMANDS = (
    "--ckpt %s " + SIZE,
    "--dataset %s --output prepared " + SIZE,
    "--pb %s --input prepared/image --output results",
    "--gt_path prepared/gt --output_path results --csv epe.csv --frame_height 60 --frame_width 120 "
    + SIZE,
)


@pytest.fixture
def checkout(tmp_path):
    """A checkout that is not installed: its scripts, and the package by a link."""
    folder = tmp_path / "checkout"
    shutil.copytree(os.path.join(ROOT, "offline_infer"), str(folder / "offline_infer"))
    os.symlink(os.path.join(ROOT, "pwcnet"), str(folder / "pwcnet"))
    return folder


@pytest.mark.whole_on("tf1")
def test_the_published_commands(checkout, tiny_sintel, small_checkpoint, tmp_path):
    """The frozen graph lands in the checkout's offline_infer, wherever the script is called."""
    here = tmp_path / "elsewhere"
    here.mkdir()
    graph = str(checkout / "offline_infer" / "pwcnet.pb")
    printed = {}
    for name, command, value in zip(
        SCRIPTS, COMMANDS, (small_checkpoint, tiny_sintel, graph, None)
    ):
        arguments = [word if word != "%s" else value for word in command.split()]
        script = str(checkout / "offline_infer" / (name + ".py"))
        environment = dict(os.environ, PYTHONPATH="", PYTHONDONTWRITEBYTECODE="1")
        done = run_command(script, *arguments, cwd=str(here), env=environment)
        assert done.returncode == 0, done.stderr
        printed[name] = done.stdout
    assert os.path.isfile(graph) and graph in printed["convert_ckpt2pb"]
    assert sorted(os.listdir(str(here))) == ["epe.csv", "prepared", "results"]
    for words in (
        "infer_pb.py --pb offline_infer/pwcnet.pb --input prepared/image",
        "bash offline_infer/pb2om.sh --pb offline_infer/pwcnet.pb --output pwcnet_1batch",
        "sh offline_infer/run_msame.sh --om pwcnet_1batch.om --input prepared/image",
        "evaluation.py --gt_path prepared/gt --output_path prepared/results",
        "--height 64 --width 128 --frame_height 60 --frame_width 120",
    ):
        assert words in printed["dataprep"]
    assert re.search(r"^Inference average time : \d+\.\d\d ms$", printed["infer_pb"], re.M)
    assert re.match(r"Average EPE =  \d+\.\d{6}$", printed["evaluation"].splitlines()[-1])


@pytest.mark.parametrize(
    "module, arguments, defaults",
    [
        (
            convert_ckpt2pb,
            "",
            {"weights": None, "height": 448, "width": 1024, "target": "ascend", "batch_size": 1},
        ),
        (
            dataprep,
            "--dataset d --output o",
            {"height": 448, "width": 1024, "mode": "val_notrain", "render_pass": "clean"},
        ),
        (
            evaluation,
            "--gt_path g --output_path p",
            {
                "height": 448,
                "width": 1024,
                "frame_height": 436,
                "frame_width": 1024,
                "csv": None,
                "output": None,
                "overwrite": False,
            },
        ),
        (
            infer_pb,
            "--pb p --input i --output o",
            {"emulate": None, "keep_coordinates": False, "device": "auto"},
        ),
        (
            run_device,
            "--om m --output o",
            {"tool": "msame", "mode": "accuracy", "loop": 1, "device": None, "input": None},
        ),
        (
            check_pb,
            "p",
            {"batch_size": None, "height": None, "width": None, "allow_unknown": False},
        ),
    ],
)
def test_published_defaults(module, arguments, defaults):
    args = vars(module.parser("x").parse_args(arguments.split()))
    assert {name: args[name] for name in defaults} == defaults


def test_one_size_of_two_is_refused(small_frozen):
    """check_pb.py takes height and width one by one."""
    assert check_pb.main([small_frozen, "--height", "64", "--allow_unknown"], "check_pb.py") == 0
    with pytest.raises(ValueError, match="1, 2, 64, 128"):
        check_pb.main([small_frozen, "--width", "64"], "check_pb.py")


def test_a_size_that_suits_no_network(tmp_path):
    output = tmp_path / "out.pb"
    with pytest.raises(ValueError, match="448x1024"):
        convert_ckpt2pb.main(["--output", str(output), "--height", "436"], "convert_ckpt2pb.py")
    assert not output.exists()
