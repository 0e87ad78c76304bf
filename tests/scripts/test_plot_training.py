import os
import sys

import numpy as np
import pytest

from pwcnet.io.images import read_frame
from pwcnet.training.plots import draw_curves
from pwcnet.training.tensorboard import Summaries
from tests.conftest import ROOT, run_command, run_main

PROGRAM = os.path.join("scripts", "plot_training.py")


@pytest.fixture
def make_run(tmp_path):
    def make(name, factor=1.0, **others):
        with Summaries(str(tmp_path / name)) as summaries:
            for step in range(10, 310, 10):
                loss = factor * 100.0 / step
                summaries.scalars(
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
            summaries.scalars(300, {"validation/epe": 5.0})
        return str(tmp_path / name)

    return make


def curves(**values):
    return {tag: (np.arange(len(each)), np.array(each, float)) for tag, each in values.items()}


def test_one_run(make_run, tmp_path, capsys):
    output = str(tmp_path / "new" / "curves.png")
    assert run_main(PROGRAM, make_run("first"), "--output", output, "--smooth", 5) == 0
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
    assert (
        run_main(
            PROGRAM,
            make_run("first"),
            "other=" + make_run("lr=2", 2.0),
            "--output",
            output,
            "--tags",
            "loss/*",
            "epe",
        )
        == 0
    )
    assert "first to step 300, other to step 300" in capsys.readouterr().out
    assert (
        run_main(PROGRAM, str(tmp_path / "lr=2"), "--output", output) == 0
    )  # a folder's name may have "="
    assert "lr=2 to step 300" in capsys.readouterr().out
    with open(output) as stream:
        assert "<svg" in stream.read()


def test_runs_of_one_name_go_by_their_paths(make_run, tmp_path, capsys):
    first, second = make_run("a/run"), make_run("b/run")
    assert run_main(PROGRAM, first, second, "--output", str(tmp_path / "curves.png")) == 0
    assert "%s to step 300, %s to step 300" % (first, second) in capsys.readouterr().out
    with pytest.raises(ValueError, match="different runs"):
        run_main(PROGRAM, first, first, "--output", str(tmp_path / "curves.png"))


def test_panels_legends_and_scales():
    run = curves(loss=[100, 10, 1], epe=[2, 1.5, 1], samples_per_second=[1, 30, 30])
    run["validation/epe"] = np.array([2]), np.array([1.2])
    panels = [axes for axes in draw_curves({"one": run}).axes if axes.get_visible()]
    assert [axes.get_title("left") for axes in panels] == [
        "loss",
        "EPE, pixels",
        "samples per second",
    ]
    assert [axes.get_yscale() for axes in panels] == ["log", "linear", "linear"] and panels[
        2
    ].get_ylim()[0] == 0
    assert panels[0].get_legend() is None and [
        text.get_text() for text in panels[1].get_legend().get_texts()
    ] == ["epe", "validation/epe"]
    loss, epe = draw_curves({"one": run, "two": curves(loss=[1, 2])}, ["loss", "*epe"]).axes
    assert [text.get_text() for text in loss.get_legend().get_texts()] == [
        "one",
        "two",
    ] and loss.get_ylabel() == ""
    assert [text.get_text() for text in epe.get_legend().get_texts()] == [
        "one, epe",
        "one, validation/epe",
    ]


def test_smoothing_is_a_moving_mean():
    run = curves(loss=[0, 3, 6, 0, float("nan"), 1], learning_rate=[1, 2, 3])
    loss, rate = draw_curves({"one": run}, smooth=3).axes[:2]
    assert len(loss.lines) == 2 and len(rate.lines) == 1
    assert np.allclose(
        loss.lines[1].get_ydata(), [1.5, 3, 3, np.nan, np.nan, np.nan], equal_nan=True
    )
    short = draw_curves({"one": curves(loss=[1, 3])}, smooth=100).axes[0]
    assert np.allclose(short.lines[1].get_ydata(), [1, 2])


def test_values_that_no_scale_can_show(tmp_path):
    draw_curves(
        {"one": curves(loss=[float("nan"), float("inf")], epe=[0, 0], gradient_norm=[-1, 100])}
    ).savefig(str(tmp_path / "curves.png"))


def test_wrong_input(make_run, tmp_path):
    run, output = make_run("first"), str(tmp_path / "curves.png")
    with pytest.raises(ValueError, match="got lost; try some of epe, gradient_norm"):
        run_main(PROGRAM, run, "--output", output, "--tags", "loss", "lost")
    with pytest.raises(ValueError, match="xyz"):
        run_main(PROGRAM, run, "--output", str(tmp_path / "curves.xyz"))
    with pytest.raises(
        FileNotFoundError, match="expected the folder of a training run, got .*nowhere"
    ):
        run_main(PROGRAM, str(tmp_path / "nowhere"), "--output", output)
    with pytest.raises(IsADirectoryError):
        run_main(PROGRAM, run, "--output", str(tmp_path))
    assert sorted(os.listdir(str(tmp_path))) == ["first"]


def test_a_folder_without_events_is_one_line(tmp_path):
    done = run_command(
        os.path.join(ROOT, PROGRAM), ".", "--output", "curves.png", cwd=str(tmp_path)
    )
    assert done.returncode == 2 and not done.stdout and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(
        "plot_training.py: error: expected event files"
    ) and not os.listdir(str(tmp_path))


def test_without_matplotlib_the_command_to_install_it_is_told(make_run, tmp_path, monkeypatch):
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ValueError, match="expected matplotlib.*pip install 'matplotlib>=3.3,<4'"):
        run_main(PROGRAM, make_run("first"), "--output", str(tmp_path / "curves.png"))
