"""The driver with workers in this process: stretches, parts, failures, what is done already."""

import errno
import os

import numpy as np
import pytest

from pwcnet.archive.extractor import Extractor
from pwcnet.archive.folder import ArchiveFolder
from pwcnet.archive.items import Item, find_items
from pwcnet.archive.job import ArchiveJob
from pwcnet.archive.manifest import Shard
from pwcnet.archive.options import ExtractOptions
from pwcnet.archive.parts import new_part
from pwcnet.archive.tasks import Irregular, Measure, Stretch
from pwcnet.flow.classical import ClassicalFlow
from pwcnet.jobs.tasks import LATER, Outcome
from tests.helpers.archives import contents, dis_flows, write_archive, write_folder

NPZ = ExtractOptions(save=("npz",), classical="dis", dtype="float32")
ALL = ExtractOptions(save=("npz", "flo", "xy-jpg"), classical="dis", backward=True, occlusion=True)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("archive"))


def extract(source, output, options=NPZ, fails=(), stop_after=None):
    """Runs a job; `fails` are names of items whose tasks raise. Returns (tasks, job, ledger)."""
    extractor = Extractor(str(output), options, ClassicalFlow("dis"))
    ran = []

    def outcome(task):
        ran.append(task)
        try:
            if task.item.name in fails:
                raise ValueError("it fails")
            return Outcome(task, extractor(task))
        except (ValueError, FileExistsError) as error:
            return Outcome(task, error=str(error))

    with ArchiveFolder(str(output), options, Shard(), overwrite=False) as folder:
        items = find_items([str(source)], output=str(output))
        job = ArchiveJob(str(output), options, items, folder.ledger, folder.manifest)
        folder.begin([str(source)], items)
        for task in job.tasks():
            assert task is not LATER  # each outcome is settled before the next task
            job.settle(outcome(task))
            if len(ran) == stop_after:
                break
        return ran, job, folder.ledger


@pytest.fixture
def short_stretches(monkeypatch):
    for module in ("job", "extractor"):
        monkeypatch.setattr("pwcnet.archive.%s.stretch_length" % module, lambda *_: 2)


def test_arrays(archive, tmp_path):
    _, _, ledger = extract(archive, tmp_path)
    assert {name: record["pairs"] for name, record in ledger.done.items()} == {
        "a/x": 5,
        "a/y": 8,
        "b/z": 3,
    }
    for name, source in (("a/x", "a/x.avi"), ("b/z", "b/z")):
        with np.load(str(tmp_path / (name + ".npz"))) as arrays:
            assert sorted(arrays.files) == ["flow", "frames", "times"]
            np.testing.assert_array_equal(arrays["flow"], dis_flows(os.path.join(archive, source)))
            count = len(arrays["flow"])
            assert arrays["frames"].tolist() == [[n, n + 1] for n in range(1, count + 1)]
            if name == "a/x":  # 10 frames per second
                np.testing.assert_allclose(arrays["times"][2], [0.2, 0.3], atol=1e-6)
            else:
                assert np.isnan(arrays["times"]).all()


def test_stretches_joined_are_the_whole(archive, tmp_path, short_stretches, monkeypatch):
    ran, _, _ = extract(archive, tmp_path / "cut", ALL)
    assert len(ran) == 12
    monkeypatch.undo()
    ran, _, _ = extract(archive, tmp_path / "whole", ALL)
    assert len(ran) == 3
    whole = contents(tmp_path / "whole")
    assert contents(tmp_path / "cut") == whole
    assert not os.path.exists(str(tmp_path / "cut" / ".unfinished"))
    assert {"flow_00001.flo", "flow_x_00003.jpg", "occlusion_00002.png", "backward_00001.flo"} < {
        os.path.basename(name) for name in whole if name.startswith("b/z/")
    }


def test_what_is_complete_is_not_done_again(archive, tmp_path):
    extract(archive, tmp_path)
    before = contents(tmp_path)
    ran, job, _ = extract(archive, tmp_path)
    assert not ran and job.skipped == 3
    os.remove(str(tmp_path / "b" / "z.npz"))
    ran, job, _ = extract(archive, tmp_path)
    assert [task.item.name for task in ran] == ["b/z"]
    assert contents(tmp_path) == before


def test_parts_of_a_complete_item_are_removed(archive, tmp_path, monkeypatch):
    monkeypatch.setattr("pwcnet.archive.job.remove_parts", lambda *_: None)  # killed before it
    extract(archive, tmp_path)
    assert os.listdir(str(tmp_path / ".unfinished"))
    monkeypatch.undo()
    ran, _, _ = extract(archive, tmp_path)
    assert not ran and not os.path.exists(str(tmp_path / ".unfinished"))


def test_an_input_that_changed_is_done_again(tmp_path):
    source = write_folder(tmp_path / "in" / "seq", 3)
    extract(tmp_path / "in", tmp_path / "out")
    write_folder(source, 4, seed=7)
    _, _, ledger = extract(tmp_path / "in", tmp_path / "out")
    assert ledger.done["seq"]["pairs"] == 3


def test_parts_of_an_interrupted_item_are_kept(archive, tmp_path, short_stretches):
    extract(archive, tmp_path / "whole")
    first, _, _ = extract(archive, tmp_path / "cut", stop_after=7)
    second, _, _ = extract(archive, tmp_path / "cut")
    computed = [(task.item.name, task.part) for task in first + second if hasattr(task, "part")]
    assert len(computed) == len(set(computed))
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_a_failing_item_is_tried_twice_and_stops_no_other(archive, tmp_path):
    ran, _, ledger = extract(archive, tmp_path, fails=("a/x",))
    assert [task.item.name for task in ran] == ["a/x", "a/y", "b/z", "a/x"]
    assert set(ledger.done) == {"a/y", "b/z"} and ledger.failed["a/x"]["attempt"] == 2
    ran, _, ledger = extract(archive, tmp_path)
    assert [task.item.name for task in ran] == ["a/x"] and len(ledger.done) == 3


def test_a_stretch_of_frames_that_are_not_regular(tmp_path, short_stretches):
    source = write_folder(tmp_path / "in" / "seq", 9)
    with open(os.path.join(source, "f_005.png"), "r+b") as stream:
        stream.seek(60)
        stream.write(b"\0" * 40)  # its header is whole
    _, _, ledger = extract(tmp_path / "in", tmp_path / "out")
    assert "f_005.png" in ledger.failed["seq"]["error"]
    skipping = ExtractOptions(save=("npz",), classical="dis", skip_bad=True)
    _, _, ledger = extract(tmp_path / "in", tmp_path / "skipped", skipping)
    assert len(ledger.done["seq"]["lost"]) == 1
    with np.load(str(tmp_path / "skipped" / "seq.npz")) as arrays:
        assert arrays["frames"][:, 0].tolist() == [1, 2, 3, 6, 7, 8]


@pytest.mark.parametrize(
    "changes, numbers, flow",
    [
        ({"step": 3}, [[1, 4], [2, 5]], {"step": 3}),
        ({"every": 2}, [[1, 3], [3, 5]], {"every": 2}),
        ({"every": 2, "step": 2}, [[1, 5], [3, 7]], {"every": 2, "step": 2}),
        ({"sample_fps": 5.0}, [[1, 3], [3, 5]], {"every": 2}),
        ({"scale": 0.5}, [[1, 2], [2, 3]], {"scale": 0.5}),
        ({"short_side": 24}, [[1, 2], [2, 3]], {"scale": 0.5}),
    ],
)
def test_which_frames_and_their_size(archive, tmp_path, short_stretches, changes, numbers, flow):
    options = ExtractOptions(save=("npz",), classical="dis", dtype="float32", **changes)
    extract(os.path.join(archive, "a", "y.avi"), tmp_path, options)
    with np.load(str(tmp_path / "y.npz")) as arrays:
        assert arrays["frames"][:2].tolist() == numbers
        expected = dis_flows(os.path.join(archive, "a", "y.avi"), **flow)
        np.testing.assert_array_equal(arrays["flow"], expected)


class BatchPredictor:
    """DIS with the methods of a network that takes several pairs at once."""

    def __init__(self):
        self.batches = []

    def flows(self, pairs):
        self.batches.append(len(pairs))
        method = ClassicalFlow("dis")
        return [
            method.flow(*(pair if len(pair) == 2 else (pair.frame1, pair.frame2))) for pair in pairs
        ]


def test_batches(archive, tmp_path):
    options = ExtractOptions(save=("npz",), dtype="float32", backward=True)
    predictor = BatchPredictor()
    extractor = Extractor(str(tmp_path), options, predictor, batch_size=3)
    path = os.path.join(archive, "a", "x.avi")
    done = extractor(Stretch(Item("x", path), "0"))
    assert done.pairs == 5 and predictor.batches == [3, 3, 2, 2]
    with np.load(str(tmp_path / "x.npz")) as arrays:
        np.testing.assert_array_equal(arrays["flow"], dis_flows(path))
        assert arrays["backward"].shape == arrays["flow"].shape


def test_other_options_are_refused(archive, tmp_path):
    extract(archive, tmp_path)
    with pytest.raises(FileExistsError, match="every 1, now 2"):
        extract(
            archive,
            tmp_path,
            ExtractOptions(save=("npz",), classical="dis", dtype="float32", every=2),
        )


def test_a_whole_item_is_not_taken_for_a_stretch(tmp_path, short_stretches, monkeypatch):
    source = write_folder(tmp_path / "in" / "seq", 9)
    with open(os.path.join(source, "f_002.png"), "r+b") as stream:
        stream.seek(60)
        stream.write(b"\0" * 40)  # its header is whole
    skipping = ExtractOptions(save=("npz",), classical="dis", skip_bad=True)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "disk")

    with monkeypatch.context() as patch:
        patch.setattr("pwcnet.archive.extractor.publish", full)
        with pytest.raises(OSError, match="disk"):
            extract(tmp_path / "in", tmp_path / "out", skipping)
    extract(tmp_path / "in", tmp_path / "out", skipping)
    with np.load(str(tmp_path / "out" / "seq.npz")) as arrays:
        assert arrays["frames"][:, 0].tolist() == [3, 4, 5, 6, 7, 8]


def test_late_stretches_of_an_item_that_is_computed_as_a_whole(tmp_path, short_stretches):
    write_folder(tmp_path / "in" / "seq", 9)
    extractor = Extractor(str(tmp_path / "out"), NPZ, ClassicalFlow("dis"))
    with ArchiveFolder(str(tmp_path / "out"), NPZ, Shard(), overwrite=False) as folder:
        items = find_items([str(tmp_path / "in")])
        job = ArchiveJob(str(tmp_path / "out"), NPZ, items, folder.ledger, folder.manifest)
        tasks = job.tasks()
        survey = next(tasks)
        job.settle(Outcome(survey, extractor(survey)))
        late, other = next(tasks), next(tasks)
        job.settle(Outcome(other, Irregular("it is not regular")))
        whole = next(tasks)
        assert whole.last is None
        for outcome in (Outcome(late, Irregular("either")), Outcome(late, error="it died")):
            job.settle(outcome)
            assert next(tasks) is LATER
        job.settle(Outcome(whole, extractor(whole)))
        assert folder.ledger.done["seq"]["pairs"] == 8


@pytest.mark.parametrize("options, name", [(NPZ, "seq.npz"), (ALL, "seq/flow.npz")])
def test_files_of_others_are_not_replaced(tmp_path, options, name):
    write_folder(tmp_path / "in" / "seq", 3)
    mine = tmp_path / "out" / name
    mine.parent.mkdir(parents=True)
    np.savez(str(mine), mine=np.zeros(3))
    before = contents(tmp_path / "out")
    _, _, ledger = extract(tmp_path / "in", tmp_path / "out", options)
    assert "out/seq" in ledger.failed["seq"]["error"]
    assert contents(tmp_path / "out") == before
    assert not os.path.exists(str(tmp_path / "out" / ".unfinished"))


def test_numbers_that_are_too_large(archive, tmp_path):
    options = ExtractOptions(save=("npz",), classical="dis", sample_fps=1e-320)
    _, _, ledger = extract(archive, tmp_path, options)
    assert "x.avi" in ledger.failed["a/x"]["error"] and "b/z" in ledger.done
    with pytest.raises(ValueError, match="1e\\+300"):
        ExtractOptions(save=("npz",), classical="dis", scale=1e300)


def test_an_item_without_pairs_cannot_be_measured(tmp_path):
    source = write_folder(tmp_path / "in" / "seq", 3)
    open(os.path.join(source, "f_002.png"), "wb").close()
    options = ExtractOptions(save=("npz",), classical="dis", skip_bad=True)
    with pytest.raises(ValueError, match="seq"):
        Extractor(str(tmp_path), options, ClassicalFlow("dis"))(Measure(Item("seq", source)))


def test_a_part_that_is_complete_is_not_replaced(tmp_path):
    for text in ("first", "second"):
        with new_part(str(tmp_path), 0) as part, open(os.path.join(part, "x"), "w") as stream:
            stream.write(text)
    assert os.listdir(str(tmp_path)) == ["part-00000"]
    assert (tmp_path / "part-00000" / "x").read_text() == "first"


@pytest.mark.parametrize("name", ["pairs.jsonl", "flow.raw"])
def test_damaged_parts_are_computed_again(archive, tmp_path, short_stretches, name):
    extract(archive, tmp_path / "whole")
    extract(archive, tmp_path / "out", stop_after=2)
    (part,) = (tmp_path / "out" / ".unfinished").glob("*/part-00000")
    with open(str(part / name), "r+b") as stream:
        stream.truncate(9)
    _, _, ledger = extract(archive, tmp_path / "out")
    assert len(ledger.done) == 3 and not ledger.failed
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
