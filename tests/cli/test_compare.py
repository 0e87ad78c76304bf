"""`pwcnet compare`."""

import os

import pytest

from tests.helpers.evaluations import SCENES, evaluation, write
from tests.helpers.subcommands import call, only_line, run

EPES = dict(zip(SCENES, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, None]))


@pytest.fixture
def runs(tmp_path):
    return [
        write(tmp_path / "a", evaluation(EPES)),
        write(tmp_path / "b", evaluation(dict(EPES, **{SCENES[0]: 3.0, SCENES[3]: 3.5}))),
    ]


def test_prints_totals_scenes_and_pairs(runs, capsys):
    call("compare", *runs, "--count", 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "A: %s, weights pwcnet.ckpt-7" % runs[0],
        "B: %s, weights pwcnet.ckpt-7" % runs[1],
        "9 pairs of sintel-clean in both",
    ]
    cells = [line.split() for line in lines]
    assert ["EPE", "4.500", "4.688", "+0.188", "4.500", "4.688", "+0.188"] in cells
    assert ["s40+"] + ["n/a"] * 6 in cells
    assert ["scene_1", "2.000", "2.667", "+0.667", "+33.3", "%"] in cells
    assert cells[-2:] == [
        [SCENES[0], "1.000", "3.000", "+2.000", "+200.0", "%"],
        [SCENES[3], "4.000", "3.500", "-0.500", "-12.5", "%"],
    ]


def test_says_which_pairs_do_not_count(runs, tmp_path, capsys):
    part = write(tmp_path / "part", evaluation({name: EPES[name] for name in SCENES[:4]}))
    call("compare", runs[0], part)
    assert (
        "4 pairs of sintel-clean in both (5 only in A and 0 only in B do not count)"
        in capsys.readouterr().out
    )


def test_writes_a_page(runs, tmp_path, capsys):
    folder = tmp_path / "new" / "page"
    call("compare", *runs, "--report", folder)
    assert capsys.readouterr().out.endswith("\nreport: %s\n" % (folder / "index.html"))
    assert os.listdir(str(folder)) == ["index.html"]


def test_wrong_runs(runs, tmp_path):
    with pytest.raises(FileNotFoundError, match="evaluation.json.*; `pwcnet evaluate"):
        call("compare", runs[0], tmp_path)
    with pytest.raises(ValueError, match="sintel-clean.*hd1k"):
        call("compare", runs[0], write(tmp_path / "other", evaluation(EPES, data="hd1k")))
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        call("compare", "not", "read", "--report", tmp_path / "file")


def test_a_wrong_run_is_one_line(tmp_path):
    line = only_line(run("compare", "none", "none", cwd=str(tmp_path)))
    assert line.startswith("pwcnet compare: error: ") and "none" in line


def test_damaged_runs(runs):
    with open(os.path.join(runs[1], "pairs.csv"), "w") as stream:
        stream.write("id\n")
    with pytest.raises(ValueError, match="pairs.csv"):
        call("compare", *runs)
    with open(os.path.join(runs[0], "evaluation.json"), "w") as stream:
        stream.write("[]")
    with pytest.raises(ValueError, match="evaluation.json"):
        call("compare", *runs)
