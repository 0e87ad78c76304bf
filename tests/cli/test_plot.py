"""`pwcnet plot`."""

import os
import re
import sys

import numpy as np
import pytest

from pwcnet.io.images import read_frame
from pwcnet.training.tensorboard import EventWriter
from tests.helpers.subcommands import call, only_line, run


@pytest.fixture
def make_run(tmp_path):
    def make(name, factor=1.0, **others):
        with EventWriter(str(tmp_path / name)) as writer:
            for step in range(10, 310, 10):
                loss = factor * 100.0 / step
                writer.scalars(
                    step,
                    dict(
                        {
                            "loss": loss,
                            "loss/level6": loss / 2,
                            "loss/level2": loss / 8,
                            "epe": loss * 2,
                            "learning_rate": 1e-4,
                            "gradient_norm": loss,
                            "samples_per_second": 8.0 * factor,
                        },
                        **others,
                    ),
                )
            writer.scalars(300, {"validation/epe": 5.0})
        return str(tmp_path / name)

    return make


def test_one_run(make_run, tmp_path, capsys):
    output = str(tmp_path / "new" / "curves.png")
    call("plot", make_run("first"), "--output", output, "--smooth", 5)
    assert capsys.readouterr().out == "%s: first to step 300\n" % output
    picture = read_frame(output)
    assert (
        600 < picture.shape[0] < 1000
        and 1500 < picture.shape[1] < 2000
        and len(np.unique(picture)) > 100
    )
    assert os.listdir(os.path.dirname(output)) == ["curves.png"]


def test_several_runs_and_chosen_tags(make_run, tmp_path, capsys):
    output = str(tmp_path / "curves.svg")
    call(
        "plot",
        make_run("first"),
        "other=" + make_run("lr=2", 2.0),
        "--output",
        output,
        "--tags",
        "loss/*",
        "epe",
    )
    assert "first to step 300, other to step 300" in capsys.readouterr().out
    call("plot", str(tmp_path / "lr=2"), "--output", output)  # a folder's name may have "="
    assert "lr=2 to step 300" in capsys.readouterr().out
    with open(output) as stream:
        assert "<svg" in stream.read()


def test_runs_of_one_name_go_by_their_paths(make_run, tmp_path, capsys):
    first, second = make_run("a/run"), make_run("b/run")
    call("plot", first, second, "--output", str(tmp_path / "curves.png"))
    assert "%s to step 300, %s to step 300" % (first, second) in capsys.readouterr().out
    with pytest.raises(ValueError, match=re.escape(first)):
        call("plot", first, first, "--output", str(tmp_path / "curves.png"))


def test_wrong_input(make_run, tmp_path):
    run, output = make_run("first"), str(tmp_path / "curves.png")
    with pytest.raises(ValueError, match="lost.*epe, gradient_norm"):
        call("plot", run, "--output", output, "--tags", "loss", "lost")
    with pytest.raises(ValueError, match="xyz"):
        call("plot", run, "--output", str(tmp_path / "curves.xyz"))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        call("plot", str(tmp_path / "nowhere"), "--output", output)
    with pytest.raises(IsADirectoryError):
        call("plot", run, "--output", str(tmp_path))
    assert sorted(os.listdir(str(tmp_path))) == ["first"]


def test_a_folder_without_events_is_one_line(tmp_path):
    line = only_line(run("plot", ".", "--output", "curves.png", cwd=str(tmp_path)))
    assert line.startswith("pwcnet plot: error: ") and not os.listdir(str(tmp_path))


def test_without_matplotlib_the_command_to_install_it_is_told(make_run, tmp_path, monkeypatch):
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ValueError, match="pip install 'matplotlib>=3.3,<4'"):
        call("plot", make_run("first"), "--output", str(tmp_path / "curves.png"))


def test_other_extensions_are_refused(tmp_path):
    with pytest.raises(ValueError, match="curves.txt"):
        call("plot", tmp_path, "--output", tmp_path / "curves.txt")
