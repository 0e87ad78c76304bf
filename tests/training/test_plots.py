"""Curves of training runs: panels, scales, legends, smoothing."""

import numpy as np

from pwcnet.training.plots import draw_curves


def curves(**values):
    return {tag: (np.arange(len(each)), np.array(each, float)) for tag, each in values.items()}


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
