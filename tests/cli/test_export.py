"""Exporting weights: formats by extension, options that do not fit, what is refused."""

import os

import numpy as np
import pytest

from pwcnet.cli import export
from pwcnet.export import program
from pwcnet.export.choices import PROGRAM_FORMATS
from pwcnet.export.frozen_graph import frozen_input_shape, read_frozen
from pwcnet.runtime.tensorflow import TF_RELEASE
from pwcnet.weights.checkpoint import Checkpoint
from tests.helpers.checkpoints import write_checkpoint
from tests.helpers.golden import golden_weights
from tests.helpers.programs import needs_tensorflow_2
from tests.helpers.subcommands import call

SIZE = ["--size", "64x64"]


def run(*arguments):
    return call("export", *arguments)


@pytest.fixture(scope="module")
def archive(small_checkpoint, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "small.npz"
    run("--weights", small_checkpoint, "--output", path)
    return path


def ops(path):
    return {node.op for node in read_frozen(str(path)).node}


@pytest.mark.whole_on("tf2")
def test_a_frozen_graph_by_its_extension(small_checkpoint, archive, tmp_path, capsys):
    run("--weights", small_checkpoint, "--output", tmp_path / "host.pb", *SIZE)
    printed = capsys.readouterr().out
    assert "difference  " in printed and "x_tnsr [1, 2, 64, 64, 3] -> output" in printed
    assert frozen_input_shape(read_frozen(str(tmp_path / "host.pb"))) == (1, 64, 64)
    assert "BatchMatMulV2" in ops(tmp_path / "host.pb")
    options = ["--batch-size", 2, "--target", "ascend", "--format", "pb"]
    run("--weights", archive, "--output", tmp_path / "graph", *(options + SIZE))
    assert frozen_input_shape(read_frozen(str(tmp_path / "graph"))) == (2, 64, 64)
    assert "BatchMatMulV2" not in ops(tmp_path / "graph")


@pytest.mark.whole_on("tf2")
def test_an_archive_and_back_to_a_checkpoint(archive, small_checkpoint, tmp_path, capsys):
    run("--weights", archive, "--output", tmp_path / "folder")
    assert "pwcnet.ckpt-7, sm-6-2 weights of %s" % archive in capsys.readouterr().out
    name, shape = "pwcnet/featpyr/conv1a/kernel", (3, 3, 3, 16)
    original = Checkpoint(small_checkpoint).weight(name, shape)
    written = Checkpoint(str(tmp_path / "folder")).weight(name, shape)
    np.testing.assert_array_equal(written, original.astype(np.float16).astype(np.float32))


@pytest.mark.full
def test_a_large_network_of_a_small_ones_weights(small_checkpoint, tmp_path, capsys):
    run("--grow", "--weights", small_checkpoint, "--output", tmp_path / "large.npz")
    assert "large.npz" in capsys.readouterr().out
    grown, small = Checkpoint(str(tmp_path / "large.npz")), Checkpoint(small_checkpoint)
    assert grown.config.name == "lg-6-2" and grown.step is None
    name = "pwcnet/featpyr/conv1a/kernel"
    expected = small.weights()[name].astype(np.float16)
    np.testing.assert_array_equal(grown.weights()[name].astype(np.float16), expected)
    with pytest.raises(ValueError, match="large.npz .*lg-6-2"):
        run("--grow", "--weights", tmp_path / "large.npz", "--output", tmp_path / "larger.npz")


@pytest.mark.whole_on("tf2")
def test_averages(tmp_path):
    weights = golden_weights("sm", 0)
    for name in list(weights):
        weights[name + "/ExponentialMovingAverage"] = weights[name] + np.float32(1.0)
    checkpoint = write_checkpoint(tmp_path / "run", weights)
    run("--weights", checkpoint, "--averaged", "--output", tmp_path / "averaged.npz")
    name, shape = "pwcnet/featpyr/conv1a/bias", (16,)
    averaged = Checkpoint(str(tmp_path / "averaged.npz")).weight(name, shape)
    np.testing.assert_allclose(averaged, weights[name] + 1.0, rtol=1e-3)


def test_averages_that_are_not_there(small_checkpoint, tmp_path):
    with pytest.raises(ValueError, match="pwcnet.ckpt-7"):
        run("--weights", small_checkpoint, "--averaged", "--output", tmp_path / "x.npz")
    assert not os.listdir(str(tmp_path))


def test_options_that_do_not_fit_the_format(tmp_path, capsys):
    for output, option in (
        ("x.npz", ["--size", "64x64"]),
        ("folder", ["--batch-size", 2]),
        ("x.npz", ["--target", "host"]),
        ("x.onnx", ["--target", "host"]),
    ):
        with pytest.raises(SystemExit):
            run("--output", tmp_path / output, *option)
        assert option[0] + " is for --format pb" in capsys.readouterr().err
    for output, options, named in (
        ("x.pb", ["--inputs", "uint8-frames"], "saved-model"),
        ("x.onnx", ["--quantize", "float16"], "tflite"),
        ("x.tflite", ["--batch-size", "any"], "saved-model"),
        ("x.tflite", ["--size", "436x1024"], "448x1024"),
    ):
        with pytest.raises(SystemExit):
            run("--output", tmp_path / output, *options)
        assert named in capsys.readouterr().err
    with pytest.raises(ValueError, match="pwcnet.ckpt-7"):
        run("--output", tmp_path / "pwcnet.ckpt-7")
    with pytest.raises(SystemExit):
        run("--output", tmp_path / "x.pb", "--size", "436x1024")
    assert "448x1024" in capsys.readouterr().err
    assert not os.listdir(str(tmp_path))


@pytest.mark.whole_on("tf2")
def test_nothing_is_written_for_wrong_weights(tmp_path):
    output = tmp_path / "out.pb"
    with pytest.raises(FileNotFoundError, match="absent.index"):
        run("--weights", tmp_path / "absent", "--output", output)
    weights = golden_weights("sm", 0)
    weights["pwcnet/predict_flow/flow2/bias"][:] = np.nan  # a training that diverged
    checkpoint = write_checkpoint(tmp_path / "nan", weights)
    with pytest.raises(ValueError, match="nan"):
        run("--weights", checkpoint, "--output", output, *SIZE)
    assert not output.exists()


def test_outputs_are_checked_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "folder.pb").mkdir()
    with pytest.raises(IsADirectoryError, match="folder.pb"):
        run("--weights", "absent", "--output", tmp_path / "folder.pb")
    (tmp_path / "file").write_text("precious")
    with pytest.raises(NotADirectoryError, match="file"):
        run("--weights", "absent", "--output", tmp_path / "file")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "precious").write_text("")
    monkeypatch.chdir(tmp_path)
    for output, named in (("model", "model"), ("", str(tmp_path))):  # "": of an unset variable
        with pytest.raises(FileExistsError, match=named + ".*choose another folder"):
            run("--weights", "absent", "--format", "saved-model", "--output", output)
    assert export.output_format("a.TFLITE") == "tflite"


@pytest.mark.skipif(not TF_RELEASE.startswith("1."), reason="of TensorFlow 1")
@pytest.mark.parametrize("form", PROGRAM_FORMATS)
def test_programs_need_tensorflow_2(tmp_path, form):
    with pytest.raises(ValueError, match=form):
        run("--format", form, "--output", tmp_path / "out")
    assert not os.listdir(str(tmp_path))


@needs_tensorflow_2
def test_a_size_that_a_runtime_cannot_compute_has_a_remedy(tmp_path, monkeypatch):
    def fails(*_):
        raise program.ComputationError("tflite cannot be run")

    monkeypatch.setattr(program, "export_program", fails)
    with pytest.raises(ValueError, match="cannot be run; .*--size"):
        run("--output", tmp_path / "a.tflite", *SIZE)


@needs_tensorflow_2
@pytest.mark.full
def test_a_program_for_another_runtime(tmp_path, capsys):
    path = tmp_path / "a.tflite"
    run("--output", path, "--size", "60x120", "--inputs", "float-frames", "--quantize", "float16")
    printed = capsys.readouterr().out
    assert printed.count("difference  ") == 2 and "size        9.6 MB" in printed
    assert "second [1, 60, 120, 3] float32 -> flow [1, 60, 120, 2]" in printed
    assert os.listdir(str(tmp_path)) == ["a.tflite"]


def test_a_graph_replaces_no_file_of_another_kind(tmp_path, capsys):
    (tmp_path / "a.png").write_text("mine")
    with pytest.raises(SystemExit):
        call("export", "--format", "pb", "--output", tmp_path / "a.png")
    assert "a.png" in capsys.readouterr().err and (tmp_path / "a.png").read_text() == "mine"
