"""Options in both spellings, defaults in the help, errors as one line."""

import argparse

import pytest

from pwcnet.cli.arguments import (
    ArgumentParser,
    boolean,
    image_size,
    network_size,
    non_negative_int,
)


def parser(**settings):
    options = ArgumentParser(prog="pwcnet tested", **settings)
    options.add_argument("--batch-size", type=int, default=4, help="pairs a step")
    options.add_argument("--save_every", help="steps")
    options.add_argument_group("others").add_argument("--keep-best", type=int, help="checkpoints")
    return options


@pytest.mark.parametrize("published", [False, True])
def test_both_spellings_are_accepted(published):
    for flags in (["--batch-size", "2"], ["--batch_size", "2"], ["--batch_size=2"]):
        assert parser(published=published).parse_args(flags).batch_size == 2
    args = parser(published=published).parse_args(["--keep_best", "1", "--save-every=a_b-c"])
    assert (args.keep_best, args.save_every) == (1, "a_b-c")


def test_the_help_has_one_spelling_and_defaults():
    text = parser(examples="pwcnet tested --batch-size 2").format_help()
    assert (
        "--batch-size" in text
        and "--save-every" in text
        and "_"
        not in text.replace("BATCH_SIZE", "").replace("SAVE_EVERY", "").replace("KEEP_BEST", "")
    )
    assert "(default: 4)" in text and "None" not in text
    assert text.rstrip().endswith("examples:\n  pwcnet tested --batch-size 2")
    published = parser(published=True).format_help()
    assert "--batch_size" in published and "--keep_best" in published


def test_ascend_options_are_shown_on_request(capsys):
    def made(shown):
        options = parser()
        options.add_ascend_group(shown).add_argument("--dump-path", help="folder of dumps")
        return options

    assert (
        "--dump-path" not in made(False).format_help() and "--dump-path" in made(True).format_help()
    )
    assert made(False).parse_args(["--dump_path", "x"]).dump_path == "x"
    with pytest.raises(SystemExit) as caught:
        made(False).parse_args(["--help-ascend"])
    assert caught.value.code == 0 and "--dump-path" in capsys.readouterr().out


def test_published_command_lines_take_abbreviations():
    assert parser(published=True).parse_args(["--batch", "2"]).batch_size == 2


@pytest.mark.parametrize("text", ["-1", "1.5", "few"])
def test_a_whole_number_of_0_or_more(text):
    assert non_negative_int("0") == 0 and non_negative_int("7") == 7
    with pytest.raises(argparse.ArgumentTypeError, match="0 or more.*" + text):
        non_negative_int(text)


def test_an_unknown_option_is_one_line(capsys):
    for flags in (["--no_such_option"], ["--batch", "2"], ["--batch-size", "two"]):
        with pytest.raises(SystemExit) as caught:
            parser().parse_args(flags)
        line = capsys.readouterr().err
        assert caught.value.code == 2 and line.count("\n") == 1
        assert line.startswith("pwcnet tested: error: ") and "--help" in line


def test_types():
    assert boolean("yes") and not boolean("False") and image_size("436x1024") == (436, 1024)
    for function, text in ((boolean, "maybe"), (image_size, "436"), (network_size, "436x1024")):
        with pytest.raises(Exception, match=text):
            function(text)


@pytest.mark.parametrize("published", [False, True])
def test_the_home_folder_where_shells_leave_it(published, monkeypatch):
    monkeypatch.setenv("HOME", "/home/a b")
    options = ArgumentParser(prog="p", published=published)
    options.add_argument("--save-path")
    options.add_argument("--data", nargs="+")
    args = options.parse_args(
        ["--save-path=~/run", "--data", "sintel-clean=~/data", "x=~", "~", "a/b=~/c", "x=~other/y"]
    )
    assert args.save_path == "/home/a b/run"
    home = "/home/a b"
    assert args.data == ["sintel-clean=%s/data" % home, "x=" + home, "~", "a/b=~/c", "x=~other/y"]
    assert options.parse_args(["--data=kitti=~/k"]).data == ["kitti=%s/k" % home]
    monkeypatch.delenv("HOME")
    assert options.parse_args(["--save-path=~/run"]).save_path.endswith("/run")
