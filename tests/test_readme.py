"""The two READMEs say the same, as far as their sections, commands and tables tell, and name only files that exist."""

import io
import os
import re

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENGLISH, CHINESE = "README.md", "README.zh.md"
FOLDERS = ("", "scripts", "offline_infer")  # where a script named without its folder may lie
PATHS = re.compile(
    r"(?<![\w./-])(?:(?:scripts|offline_infer|docs|tests|pwcnet)/[\w./-]*|[\w-]+\.(?:py|sh|md)\b|README\.\w+\.md)",
    re.ASCII,
)


def lines_of(name):
    with io.open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read().splitlines()


def outline(name):
    """The part above the first `##`, then each section: its commands, comments left out, and its tables, each as the number of columns of every row."""
    sections = [{"commands": [], "tables": []}]
    fenced, in_table = False, False
    for line in lines_of(name):
        row = not fenced and line.startswith("|")
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            sections[-1]["commands"].append(re.sub(r"\s+# .*", "", line))
        elif line.startswith("## "):
            sections.append({"commands": [], "tables": []})
        elif row:
            if not in_table:
                sections[-1]["tables"].append([])
            sections[-1]["tables"][-1].append(len(re.findall(r"(?<!\\)\|", line)) - 1)
        in_table = row
    assert not fenced, "{}: a fence is not closed".format(name)
    return sections


def named_paths(name):
    return sorted({path.rstrip(".") for path in PATHS.findall("\n".join(lines_of(name)))})


def test_the_same_sections_commands_and_tables():
    english, chinese = outline(ENGLISH), outline(CHINESE)
    assert len(english) > 1
    assert len(chinese) == len(english)
    for number, (expected, found) in enumerate(zip(english, chinese)):
        assert found["commands"] == expected["commands"], "section {}".format(number)
        assert found["tables"] == expected["tables"], "section {}".format(number)
    assert any(section["commands"] for section in english) and any(
        section["tables"] for section in english
    )


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_named_files_exist(name):
    paths = named_paths(name)
    assert {
        "scripts/train.py",
        "offline_infer/infer_pb.py",
        "infer_pb.py",
        "train_v1.sh",
        "docs/learning.png",
    } <= set(paths)
    missing = [
        path
        for path in paths
        if not any(os.path.exists(os.path.join(ROOT, folder, path)) for folder in FOLDERS)
    ]
    assert missing == []


def test_the_same_files_are_named():
    assert set(named_paths(ENGLISH)) - {CHINESE} == set(named_paths(CHINESE)) - {ENGLISH}


def test_each_links_to_the_other():
    assert any("]({})".format(CHINESE) in line for line in lines_of(ENGLISH)[:5])
    assert any("]({})".format(ENGLISH) in line for line in lines_of(CHINESE)[:5])
