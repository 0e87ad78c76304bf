"""The folder of an evaluation: complete, interrupted, broken."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from pwcnet.evaluation.results import (
    EvaluationFolder,
    Settings,
    check_evaluation_folder,
    read_evaluation,
)
from pwcnet.evaluation.scoring import Result, score
from pwcnet.flow.averages import Mean
from pwcnet.flow.metrics import GENERAL_MEASURES, OCCLUSION_MEASURES, SPEED_MEASURES
from pwcnet.io.flow_files import write_flow
from tests.helpers.commands import ROOT

SETTINGS = Settings(
    "sintel-clean",
    "/data",
    filters={"mode": "val_notrain", "scenes": []},
    weights={"path": "a", "sha256": "0" * 64, "kind": "checkpoint"},
)
IDS = ["one/frames_0001_0002", "one/frames_0002_0003", "two/frames_0001_0002"]


def scored(pair_id):
    number = IDS.index(pair_id) + 1
    ground_truth = np.full((4, 6, 2), number, np.float32)
    occlusions = np.eye(4, 6) if number == 2 else None
    scores, histograms = score(ground_truth / 3, ground_truth, None, occlusions)
    return Result(pair_id, scores, ground_truth / 3, 0.5 * number, number == 1, histograms)


def fill(path, ids=tuple(IDS), settings=SETTINGS, finish=True, **options):
    with EvaluationFolder(str(path), settings, **options) as folder:
        for pair_id in ids:
            folder.add(scored(pair_id))
        return folder.finish(IDS, ["evaluate.py", "--masked"], "2.21.0") if finish else None


def content(path):
    return {
        os.path.relpath(os.path.join(parent, name), str(path)): open(
            os.path.join(parent, name), "rb"
        ).read()
        for parent, _, names in os.walk(str(path))
        for name in names
    }


def about(path):
    with open(str(path / "evaluation.json")) as stream:
        return {key: value for key, value in json.load(stream).items() if key != "made"}


def test_what_was_written_is_read(tmp_path):
    totals = fill(tmp_path / "out")
    assert sorted(os.listdir(str(tmp_path / "out"))) == ["evaluation.json", "pairs.csv"]
    read = read_evaluation(str(tmp_path / "out"))
    assert [pair_id for pair_id, _, _ in read.pairs] == IDS and [
        seconds for _, _, seconds in read.pairs
    ] == [0.5, 1.0, 1.5]
    for pair_id, means, _ in read.pairs:
        assert list(means) == list(GENERAL_MEASURES + SPEED_MEASURES + OCCLUSION_MEASURES)
        for name, mean in means.items():
            expected = scored(pair_id).scores.get(name, Mean(None, 0))
            assert mean.count == expected.count and mean.value == (
                None if expected.value is None else pytest.approx(expected.value, abs=1e-6)
            )
    assert (
        read.summary["totals"] == totals.as_dict()
        and read.summary["totals"]["EPE matched"]["images"] == 1
    )
    assert read.summary["totals"]["EPE"]["per_image"] == pytest.approx(np.sqrt(2) * 2 / 3 * 2)
    known = {
        key: read.summary[key]
        for key in ("data", "root", "pairs", "masked", "weights", "command", "mean_seconds")
    }
    assert known == {
        "data": "sintel-clean",
        "root": "/data",
        "pairs": 3,
        "masked": False,
        "weights": SETTINGS.weights,
        "command": ["evaluate.py", "--masked"],
        "mean_seconds": 1.25,
    }
    assert set(read.summary["versions"]) == {"pwcnet", "tensorflow", "numpy", "python"} and set(
        read.summary["histograms"]
    ) == {"speed_edges", "pixels_by_speed", "epe_sum_by_speed", "epe_edges", "pixels_by_epe"}


def test_header_of_the_table(tmp_path):
    fill(tmp_path)
    first, second = (tmp_path / "pairs.csv").read_text().splitlines()[:2]
    assert first.startswith(
        "id,EPE,EPE pixels,Zero flow,Zero flow pixels,1px,1px pixels,"
    ) and first.endswith(",d60-140,d60-140 pixels,seconds")
    assert second.startswith(IDS[0] + ",0.942809,24,1.414214,24,") and second.endswith(
        ",,0,,0,,0,,0,,0,0.500000"
    )


def test_an_interrupted_evaluation_continues(tmp_path, caplog):
    fill(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt), EvaluationFolder(
        str(tmp_path / "out"), SETTINGS
    ) as folder:
        folder.add(scored(IDS[1]))
        folder.add(scored(IDS[0]))
        raise KeyboardInterrupt
    assert "2 pairs are done" in caplog.text and list(content(tmp_path / "out")) == [
        "evaluation.partial.jsonl"
    ]
    with open(str(tmp_path / "out" / "evaluation.partial.jsonl"), "a") as stream:
        stream.write('{"id": "two/frames_0001_0002", "sco')  # a line that was cut off
    (tmp_path / "out" / ".partial-x-pairs.csv").write_text("a killed program was writing this")
    with EvaluationFolder(str(tmp_path / "out"), SETTINGS) as folder:
        assert [folder.is_done(pair_id) for pair_id in IDS] == [True, True, False]
        folder.add(scored(IDS[2]))
        folder.finish(IDS, ["evaluate.py", "--masked"], "2.21.0")
    assert sorted(content(tmp_path / "out")) == ["evaluation.json", "pairs.csv"]
    assert content(tmp_path / "out")["pairs.csv"] == content(tmp_path / "whole")[
        "pairs.csv"
    ] and about(tmp_path / "out") == about(tmp_path / "whole")


def test_an_evaluation_killed_while_it_finished_is_finished(tmp_path):
    out, journal = tmp_path / "out", tmp_path / "out" / "evaluation.partial.jsonl"
    fill(out, finish=False)
    lines = journal.read_bytes()
    expected = fill(out, ids=()).as_dict()
    journal.write_bytes(lines)  # as a call leaves it that was killed before it removed the journal
    (out / ".evaluation.lock").write_text("")
    (out / "pairs.csv").unlink()
    assert fill(out, ids=()).as_dict() == expected
    assert sorted(content(out)) == ["evaluation.json", "pairs.csv"]


def test_two_evaluations_do_not_share_a_folder(tmp_path):
    late = EvaluationFolder(str(tmp_path), SETTINGS)
    with EvaluationFolder(str(tmp_path), SETTINGS) as folder:
        folder.add(scored(IDS[0]))
        with pytest.raises(BlockingIOError, match=str(tmp_path)):
            late.add(scored(IDS[1]))
        for overwrite in (False, True):
            with pytest.raises(BlockingIOError, match=str(tmp_path)):
                EvaluationFolder(str(tmp_path), SETTINGS, overwrite=overwrite)
        folder.add(scored(IDS[1]))
    with pytest.raises(BlockingIOError, match=str(tmp_path)):  # it read an older journal
        late.add(scored(IDS[1]))
    fill(tmp_path, IDS[2:])
    with pytest.raises(FileExistsError, match=str(tmp_path)):
        late.finish([], [])
    assert sorted(content(tmp_path)) == ["evaluation.json", "pairs.csv"]


def test_a_pair_is_done_once_its_files_are_there(tmp_path):
    fill(tmp_path, IDS[:2], finish=False, saved=["flow"])
    with EvaluationFolder(str(tmp_path), SETTINGS, saved=["flow"]) as folder:
        write_flow(folder.path_of("flow", IDS[1]), scored(IDS[1]).flow)
        assert [folder.is_done(pair_id) for pair_id in IDS] == [False, True, False]
        assert os.path.relpath(folder.path_of("pictures", IDS[0]), str(tmp_path)) == os.path.join(
            "pictures", IDS[0] + ".png"
        )


def test_a_file_that_was_there_before_is_not_a_pairs(tmp_path):
    fill(tmp_path, IDS[:1], finish=False)
    fill(tmp_path, IDS[1:2], finish=False, saved=["flow"])
    with EvaluationFolder(str(tmp_path), SETTINGS, saved=["flow"]) as folder:
        for pair_id in IDS:
            write_flow(folder.path_of("flow", pair_id), scored(pair_id).flow)
        assert [folder.is_done(pair_id) for pair_id in IDS] == [False, True, False]
        folder.add(scored(IDS[0]))
        assert folder.is_done(IDS[0])
    assert EvaluationFolder(str(tmp_path), SETTINGS).is_done(IDS[0])
    assert not EvaluationFolder(str(tmp_path), SETTINGS, saved=["flow", "pictures"]).is_done(IDS[0])
    journal = tmp_path / "evaluation.partial.jsonl"
    journal.write_text(
        journal.read_text().replace('"kept": ["flow"], ', "")
    )  # of an earlier version
    assert EvaluationFolder(str(tmp_path), SETTINGS).is_done(IDS[0]) and not EvaluationFolder(
        str(tmp_path), SETTINGS, saved=["flow"]
    ).is_done(IDS[0])


def test_before_the_first_pair_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match="broken"), EvaluationFolder(
        str(tmp_path / "out"), SETTINGS
    ):
        raise ValueError("broken")
    assert not list(tmp_path.iterdir())


def test_other_settings_are_refused(tmp_path):
    fill(tmp_path, IDS[:1], finish=False)
    before = content(tmp_path)
    for other in (
        {"masked": True},
        {"root": "/other"},
        {"precision": "bfloat16"},
        {"filters": {"mode": "val"}},
        {"session": "cpu"},
        {"weights": dict(SETTINGS.weights, sha256="1")},
    ):
        with pytest.raises(
            ValueError,
            match="evaluation.partial.jsonl .*another %s" % list(other)[0],
        ):
            EvaluationFolder(str(tmp_path), Settings(**dict(vars(SETTINGS), **other)))
    assert content(tmp_path) == before
    moved = Settings(
        **dict(vars(SETTINGS), weights=dict(SETTINGS.weights, path="b"))
    )  # the same weights at another place
    assert EvaluationFolder(str(tmp_path), moved).is_done(IDS[0])
    assert not EvaluationFolder(str(tmp_path), moved, resume=False).is_done(IDS[0]) and not list(
        tmp_path.iterdir()
    )


def test_a_complete_evaluation_is_replaced_by_request_only(tmp_path):
    fill(tmp_path)
    for kind, name in (
        ("flow", IDS[0] + ".flo"),
        ("flow", "mine.flo"),
        ("pictures", IDS[2] + ".png"),
    ):
        path = tmp_path / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"flow")
    before = content(tmp_path)
    with pytest.raises(FileExistsError, match="evaluation.json"):
        fill(tmp_path)
    assert content(tmp_path) == before
    fill(tmp_path, finish=False, overwrite=True, settings=Settings("chairs", "/chairs"))
    assert sorted(content(tmp_path)) == [
        "evaluation.partial.jsonl",
        "flow/mine.flo",
    ]  # what is not of an evaluation stays


def test_overwriting_what_is_broken(tmp_path):
    (tmp_path / "evaluation.partial.jsonl").write_text("broken\n")
    (tmp_path / "pairs.csv").write_bytes(b"id\n../../x\n\xff\n")
    with pytest.raises(
        ValueError,
        match="evaluation.partial.jsonl",
    ):
        fill(tmp_path)
    fill(tmp_path, overwrite=True)
    assert len(read_evaluation(str(tmp_path)).pairs) == 3


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(NotADirectoryError, match="file"):
        fill(tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text() == "precious"


def test_reading_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no evaluation in .*evaluation.json"):
        read_evaluation(str(tmp_path))
    fill(tmp_path, IDS[:1], finish=False)
    with pytest.raises(FileNotFoundError, match="not complete .*evaluation.json"):
        read_evaluation(str(tmp_path))
    fill(tmp_path)
    os.remove(str(tmp_path / "pairs.csv"))
    with pytest.raises(FileNotFoundError, match="pairs.csv"):
        read_evaluation(str(tmp_path))


def test_damaged_files_are_named(tmp_path):
    fill(tmp_path)
    whole = (tmp_path / "evaluation.json").read_text()
    for damaged in (
        "{",
        "[]",
        "{}",
        '{"pairs": 3, "totals": null}',
        whole.replace('"data"', '"other"'),
        whole.replace('"pooled"', '"other"', 1),
        whole.replace('"epe_edges"', '"other"'),
        whole.replace('"pixels_by_epe": [', '"pixels_by_epe": [1,'),
        whole.replace('"epe_sum_by_speed": [', '"epe_sum_by_speed": [[],'),
        whole.replace("null", "1e9"),
        "\xff",
    ):
        (tmp_path / "evaluation.json").write_bytes(damaged.encode("latin-1"))
        with pytest.raises(ValueError, match="evaluation.json"):
            read_evaluation(str(tmp_path))
    (tmp_path / "evaluation.json").write_text(whole)
    table = (tmp_path / "pairs.csv").read_text()
    (tmp_path / "pairs.csv").write_text(table.rsplit("\n", 2)[0] + "\n")
    with pytest.raises(ValueError, match="pairs.csv has 2 pairs"):
        read_evaluation(str(tmp_path))


def test_evaluation_needs_no_tensorflow():
    code = (
        "import sys, pwcnet.evaluation.comparison, pwcnet.evaluation.html.report, "
        "pwcnet.evaluation.submission; sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.call([sys.executable, "-c", code], cwd=ROOT) == 0


def test_names_that_are_no_utf8_lose_nothing(tmp_path):
    name = os.fsdecode(b"scene_\xff/frames_0001_0002")
    settings = replace(SETTINGS, root=os.fsdecode(b"/data/\xfc"))
    result = scored(IDS[0])._replace(id=name)
    with pytest.raises(KeyboardInterrupt), EvaluationFolder(str(tmp_path), settings) as folder:
        folder.add(result)
        raise KeyboardInterrupt
    with EvaluationFolder(str(tmp_path), settings) as folder:
        assert folder.is_done(name)
        folder.finish([name], ["evaluate", settings.root])
    evaluation = read_evaluation(str(tmp_path))
    assert [pair.name for pair in evaluation.pairs] == [name]
    assert evaluation.summary["root"] == settings.root
    for file in ("pairs.csv", "evaluation.json"):
        assert b"\\udcf" in (tmp_path / file).read_bytes()
    write_flow(folder.path_of("flow", name), result.flow)
    EvaluationFolder(str(tmp_path), settings, overwrite=True)  # knows the pair's files by its name
    assert not os.path.exists(folder.path_of("flow", name))


def test_what_is_none_of_ours_or_damaged_is_named(tmp_path):
    (tmp_path / "pairs.csv").write_text("mine")
    with pytest.raises(FileExistsError, match="pairs.csv"):
        check_evaluation_folder(str(tmp_path))
    check_evaluation_folder(str(tmp_path), overwrite=True)
    (tmp_path / "evaluation.json").write_text("{")
    with pytest.raises(ValueError, match="evaluation.json"):
        check_evaluation_folder(str(tmp_path))
