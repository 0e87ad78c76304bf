"""PB -> OM with a stand-in for ATC: its arguments, and every way in which it may fail."""

import os
import subprocess
import sys

import pytest

from pwcnet.export.frozen_graph import freeze, read_frozen, write_frozen
from pwcnet.export.half_precision import coordinate_ops
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.commands import ROOT, run_main

SCRIPT = os.path.join(ROOT, "offline_infer", "pb2om.sh")
QUICK = """#!/bin/sh
case "$1" in */check_pb.py) cp "{report}" "$4"; exit {code} ;; *) exec "{python}" "$@" ;; esac
"""


@pytest.fixture(scope="module")
def made(small_checkpoint, tmp_path_factory):
    """A folder with pwcnet.pb for Ascend and its report.json."""
    folder = tmp_path_factory.mktemp("pb2om")
    write_frozen(
        str(folder / "pwcnet.pb"), freeze(Checkpoint(small_checkpoint), 1, 64, 128, "ascend")
    )
    run_main("offline_infer/check_pb.py", folder / "pwcnet.pb", "--json", folder / "report.json")
    return folder


def pb2om(folder, *arguments):
    return subprocess.run(
        ["bash", SCRIPT] + [str(argument) for argument in arguments],
        cwd=str(folder),
        text=True,
        capture_output=True,
    )


@pytest.fixture
def convert(made, programs, tmp_path, monkeypatch):
    """Runs the script in a new folder, with a report from before: saves the start of TensorFlow."""
    here = tmp_path / "it's here"
    here.mkdir()

    def run(*arguments, code=0, report=None):
        quick = tmp_path / "quick"
        quick.write_text(
            QUICK.format(report=report or made / "report.json", code=code, python=sys.executable)
        )
        quick.chmod(0o755)
        monkeypatch.setenv("PYTHON", str(quick))
        return pb2om(here, "--pb", made / "pwcnet.pb", *arguments)

    return run


@pytest.mark.whole_on("tf1")
def test_as_it_is_run(made, programs, tmp_path):
    (tmp_path / "pwcnet.pb").write_bytes((made / "pwcnet.pb").read_bytes())
    done = pb2om(tmp_path, "--pb", "pwcnet.pb")
    assert done.returncode == 0, done.stderr
    expected = [
        "--model=pwcnet.pb",
        "--framework=3",
        "--input_shape=x_tnsr:1,2,64,128,3",
        "--output=pwcnet_1batch",
        "--soc_version=Ascend310",
        "--out_nodes=output:0",
        "--precision_mode=force_fp16",
        "--log=info",
        "--keep_dtype=pwcnet_1batch.keep_dtype",
    ]
    assert programs() == [expected] and "atc " + " ".join(expected) in done.stdout
    assert (
        (tmp_path / "pwcnet_1batch.om").exists()
        and "wrote       pwcnet_1batch.om (4 bytes)" in done.stdout
        and "all static" in done.stdout
    )
    assert (tmp_path / "pwcnet_1batch.keep_dtype").read_text().splitlines() == coordinate_ops(
        read_frozen(str(made / "pwcnet.pb"))
    )
    done = pb2om(tmp_path, "--pb", "pwcnet.pb", "--batch_size", "4")
    assert done.returncode == 2 and "not [4, 2, H, W, 3]" in done.stderr and len(programs()) == 1


def test_options(convert, programs, tmp_path):
    (tmp_path / "names").write_text("OpType::Floor\n")
    done = convert(
        "--output=new/folder/x.om",
        "--soc_version",
        "Ascend910A",
        "--precision_mode",
        "allow_fp32_to_fp16",
        "--keep_dtype",
        tmp_path / "names",
        "--log=error",
        "--out_nodes",
        "mul:0",
        "--",
        "--insert_op_conf=a b.cfg",
    )
    assert done.returncode == 0, done.stderr
    assert programs()[0][3:] == [
        "--output=new/folder/x",
        "--soc_version=Ascend910A",
        "--out_nodes=mul:0",
        "--precision_mode=allow_fp32_to_fp16",
        "--log=error",
        "--keep_dtype=%s" % (tmp_path / "names"),
        "--insert_op_conf=a b.cfg",
    ]
    assert (
        "--insert_op_conf=a\\ b.cfg" in done.stdout
        and (tmp_path / "it's here" / "new" / "folder" / "x.om").exists()
    )


@pytest.mark.parametrize(
    "arguments, kept",
    [
        ((), True),
        (("--precision_mode", "must_keep_origin_dtype"), False),
        (("--keep_dtype", "none"), False),
        (("--precision_mode", "allow_fp32_to_fp16", "--keep_dtype", "auto"), True),
    ],
)
def test_which_modes_keep_coordinates(arguments, kept, convert, programs):
    assert convert("--output", "x", *arguments).returncode == 0
    assert ("--keep_dtype=x.keep_dtype" in programs()[0]) == kept and any(
        "keep_dtype" in word for word in programs()[0]
    ) == kept


@pytest.mark.parametrize(
    "fault, words",
    [
        ("exit", "atc failed with exit code 1"),
        ("silent", 'atc did not print "ATC run success"'),
        ("no_om", "wrote no x.om"),
    ],
)
def test_atc_fails(fault, words, convert, monkeypatch, tmp_path):
    assert convert("--output", "x").returncode == 0  # what an earlier run left is no success
    monkeypatch.setenv("STANDIN_FAULT", fault)
    done = convert("--output", "x")
    assert done.returncode == 1 and words in done.stderr and "wrote       " not in done.stdout
    assert fault != "silent" or not list(
        tmp_path.glob("**/*.om")
    )  # what a failure wrote is no model
    assert fault != "exit" or "E19010" in done.stdout and "--keep_dtype none" in done.stderr


def test_atc_is_missing(convert, without_programs):
    done = convert("--output", "x")
    assert (
        done.returncode == 2 and "source /usr/local/Ascend/ascend-toolkit/set_env.sh" in done.stderr
    )
    assert "atc --model=" in done.stdout  # the command all the same, for another machine


def test_refused_before_atc(convert, programs, tmp_path):
    assert "--target ascend" in convert(code=1).stderr and convert(code=2).returncode == 2
    (tmp_path / "open.json").write_text('{"input_shape": null, "coordinates": []}')
    assert "leaves its input's sizes open" in convert(report=tmp_path / "open.json").stderr
    for arguments, words in (
        (("--pb", "absent.pb"), "found none at absent.pb"),
        (("--keep_dtype", "absent"), "found none at absent"),
        (("--batch", "1"), "got '--batch'"),
        (("--output",), "expected a value after '--output'"),
    ):
        done = convert(*arguments)
        assert (
            done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1
        ), done.stderr
    assert convert("--help").stdout.startswith("PB -> OM") and not programs()
