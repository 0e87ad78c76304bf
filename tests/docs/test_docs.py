"""README and manual: languages in step; links, images, commands and options that exist."""

import importlib
import os
import re
import shlex

import pytest

from pwcnet.cli import main as cli
from tests.helpers.commands import ROOT

README, README_ZH = "README.md", "README.zh.md"
PAIRS = ((README, README_ZH), ("docs/ascend.md", "docs/ascend.zh.md"))
PAGES = [README, README_ZH, "CONTRIBUTING.md", "pwcnet/weights/README.md"] + sorted(
    "docs/" + name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md")
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)|^\[[\w-]+\]: ([^#\s]+)", re.MULTILINE)
PLACEHOLDERS = {"[tf1|tf2]", "[--keep-coordinates]"}


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as stream:
        return stream.read()


def outline(name):
    """Commands, table widths and code blocks of each section."""
    sections, fenced = [{"commands": [], "tables": []}], False
    previous = ""
    for line in read(name).splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            sections[-1]["commands"].append(re.sub(r"\s+#\s.*", "", line))
        elif line.startswith("## "):
            sections.append({"commands": [], "tables": []})
        elif line.startswith("|"):
            columns = len(re.findall(r"(?<!\\)\|", line)) - 1
            if not previous.startswith("|"):
                sections[-1]["tables"].append([])
            sections[-1]["tables"][-1].append(columns)
        previous = line
    assert not fenced, "%s: a code block is not closed" % name
    return sections


@pytest.mark.parametrize("english, chinese", PAIRS)
def test_both_languages_have_the_same_sections_commands_and_tables(english, chinese):
    assert outline(chinese) == outline(english)


def test_the_readme_is_short():
    for name in (README, README_ZH):
        lines = read(name).splitlines()
        assert len(lines) <= 150 and max(map(len, lines)) <= 120, name


@pytest.mark.parametrize("name", PAGES)
def test_links_and_images_exist(name):
    for groups in LINK.findall(read(name)):
        target = groups[0] or groups[1]
        if not re.match(r"https?://", target):
            path = os.path.join(ROOT, os.path.dirname(name), target)
            assert os.path.exists(path), "%s links to %s" % (name, target)


def commands(name):
    """The command lines of a page that call pwcnet, as lists of words, without comments."""
    text = read(name).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    pwcnet ")]
    lines += re.findall(r"`(pwcnet [^`]+)`", text)
    return [shlex.split(line, comments=True) for line in lines if "SUBCOMMAND" not in line]


@pytest.mark.parametrize("name", PAGES)
def test_commands_have_options_that_exist(name):
    for words in commands(name):
        table = {key: command for _, group in cli.COMMANDS for key, command in group.items()}
        words = [word for word in words[1:] if word not in PLACEHOLDERS]
        if not words or words[0] in ("--help", "--version"):
            continue
        assert words[0] in table, "%s: pwcnet %s" % (name, words[0])
        command = table[words.pop(0)]
        if command.members:
            if not words:
                continue
            assert words[0] in command.members, "%s: %s" % (name, words[0])
            command = command.members[words.pop(0)]
        parser = importlib.import_module(command.module).parser("pwcnet")
        known = set(parser._option_string_actions)
        used = words[: words.index("--")] if "--" in words else words
        for option in [word.split("=")[0] for word in used if re.match(r"--\w", word)]:
            assert option in known, "%s: %s of pwcnet %s" % (name, option, command.module)
