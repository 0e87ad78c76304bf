"""The folder of a submission: what is written, what is refused."""

import logging
import os

import numpy as np
import pytest

from pwcnet.data.sample import Sample
from pwcnet.evaluation.submission import MANIFEST, SubmissionFolder
from pwcnet.io.flow_files import read_flow, write_flow
from tests.helpers.dataset_trees import SIZE, put

FLOW = np.full(SIZE + (2,), 1.5, np.float32)


@pytest.fixture
def make(tmp_path):
    """Opens a folder of two planned files with an extension, whose frames have SIZE."""
    frame = put(tmp_path, "frames", "1.png")

    def folder(extension=".flo", **settings):
        return SubmissionFolder(
            str(tmp_path / "out"),
            {name + extension: Sample(name, frame, frame) for name in ("a/1", "b/2")},
            settings,
        )

    return folder


@pytest.fixture
def complete(make):
    folder = make()
    for path in ("a/1.flo", "b/2.flo"):
        folder.write(path, FLOW)
    folder.verify()
    return folder


def at(folder, *names):
    return os.path.join(folder.folder, *names)


def test_what_is_there_is_kept(make, complete):
    assert make().remaining() == {}
    os.remove(at(complete, "b", "2.flo"))
    assert list(make().remaining()) == ["b/2.flo"]


def test_a_missing_file_is_named(complete):
    os.remove(at(complete, "b", "2.flo"))
    with pytest.raises(ValueError, match="1 of 2 .*b/2.flo"):
        complete.verify()


def test_another_file_is_named(complete):
    put(complete.folder, "b", "3.flo")
    with pytest.raises(ValueError, match="1 files besides the 2 .*b/3.flo"):
        complete.verify()


@pytest.mark.parametrize(
    "flow, words",
    [
        (FLOW[:-1], "a/1.flo has 11x16 .*frames/1.png has 12x16"),
        (FLOW * np.nan, "a/1.flo has 192 pixels"),
    ],
)
def test_a_wrong_flow_is_named_and_made_again(flow, words, make, complete):
    write_flow(at(complete, "a", "1.flo"), flow)
    with pytest.raises(ValueError, match=words):
        complete.verify()
    assert list(make().remaining()) == ["a/1.flo"]


def test_a_torn_file_is_named_and_made_again(make, complete):
    with open(at(complete, "a", "1.flo"), "r+b") as stream:
        stream.truncate(100)
    with pytest.raises(ValueError, match="a/1.flo has 100 bytes"):
        complete.verify()
    assert list(make().remaining()) == ["a/1.flo"]


def test_a_sparse_png_is_no_submission(make):
    folder = make(".png")
    for name in ("a/1.png", "b/2.png"):
        folder.write(name, FLOW)
    write_flow(at(folder, "b", "2.png"), FLOW, np.eye(*SIZE))
    with pytest.raises(ValueError, match="b/2.png has 180 pixels"):
        folder.verify()


@pytest.mark.parametrize("value", [np.nan, np.inf, 2e9])
def test_flows_that_no_file_should_hold(value, make):
    flow = FLOW.copy()
    flow[3, 4, 1] = value
    folder = make()
    with pytest.raises(ValueError, match="a/1.flo has 1 pixels"):
        folder.write("a/1.flo", flow)
    assert os.listdir(folder.folder) == [MANIFEST]


def test_motion_beyond_a_png_is_bounded_and_counted(make, caplog):
    flow = FLOW.copy()
    flow[0, 0], flow[1, 1] = (600.0, 0.0), (0.0, -513.0)
    folder = make(".png")
    with caplog.at_level(logging.WARNING):
        folder.write("a/1.png", flow)
    stored, valid = read_flow(at(folder, "a", "1.png"))
    assert (
        valid.all()
        and tuple(stored[0, 0]) == (511.984375, 0.0)
        and tuple(stored[1, 1]) == (0.0, -512.0)
    )
    assert "a/1.png: 2 pixels" in caplog.text and flow[0, 0, 0] == 600.0


def test_settings_without_a_flow_bind_nobody(make):
    make()
    folder = make(precision="float16")
    with open(at(folder, MANIFEST)) as stream:
        assert stream.read() == '{\n  "precision": "float16"\n}\n'


def test_settings_are_compared_as_json_holds_them(make, complete):
    with pytest.raises(ValueError, match="precision: None in .*submission.json, 'float16' now"):
        make(precision="float16")
    assert sorted(os.listdir(complete.folder)) == [MANIFEST, "a", "b"]
