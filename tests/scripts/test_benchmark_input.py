"""The input benchmark runs, prints both speeds and writes them; how fast it is is not tested here."""

import json

import pytest

from tests.conftest import run_main

SCRIPT = "scripts/benchmark_input.py"
TINY = (
    "--crop_height",
    48,
    "--crop_width",
    64,
    "--batch_size",
    2,
    "--steps",
    2,
    "--rounds",
    2,
    "--workers",
    2,
)


def test_data_set(tiny_sintel, tmp_path, capsys):
    output = tmp_path / "input.json"
    run_main(SCRIPT, "--dataset", tiny_sintel, "--output", output, *TINY)
    printed = capsys.readouterr().out
    for words in (
        "single-threaded loop",
        "pipeline, 2 workers",
        "samples/s",
        "delivered MB/s",
        "read MB/s",
        "ratio ",
    ):
        assert words in printed
    found = json.loads(output.read_text())
    assert (
        found["settings"]["workers"] == 2
        and found["delivered"] == 48 * 64 * 15
        and found["pipeline"] > 0
    )


def test_generated_scenes(capsys):
    run_main(
        SCRIPT, "--batch_size", 1, "--steps", 1, "--rounds", 1, "--workers", 1, "--augment", "False"
    )
    assert "pipeline, 1 worker " in capsys.readouterr().out


def test_wrong_input(tiny_sintel, tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        run_main(SCRIPT, "--dataset", tmp_path / "absent", *TINY)
    with pytest.raises(ValueError, match="try a smaller one"):
        run_main(SCRIPT, "--dataset", tiny_sintel, "--crop_height", 384)
    with pytest.raises(IsADirectoryError):
        run_main(SCRIPT, "--dataset", tiny_sintel, "--output", tmp_path, *TINY)
