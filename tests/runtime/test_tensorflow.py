"""The import of TensorFlow: quiet, without hiding errors; its errors as one line."""

import os

import pytest

from pwcnet.runtime import tensorflow as runtime


def test_notes_are_held_back(capfd):
    with runtime.hold_back_stderr():
        os.write(2, b"a note\n")
    os.write(2, b"an error\n")
    assert capfd.readouterr().err == "an error\n"


def test_notes_are_shown_if_the_import_fails(capfd):
    with pytest.raises(ImportError), runtime.hold_back_stderr():
        os.write(2, b"what the library says\n")
        raise ImportError
    assert capfd.readouterr().err == "what the library says\n"


def test_nothing_changes_where_tensorflow_is_imported_already(monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    assert runtime._import_tensorflow() is runtime._tensorflow
    assert "TF_CPP_MIN_LOG_LEVEL" not in os.environ


@pytest.mark.parametrize(
    "message, line",
    [
        ("OOM when allocating\n\t [[node a]]", "OOM when allocating"),
        ("", "Exception"),
        (
            "Graph execution error:\n\nDetected at node a\nFile x\n\nNo such kernel\n\t [[a]]",
            "No such kernel",
        ),
        ("x" * 300, "x" * 200),
    ],
)
def test_cause_is_one_line(message, line):
    assert runtime.cause(Exception(message)) == line
