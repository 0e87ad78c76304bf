"""The argument parser of all commands, and the types of their options."""

from __future__ import annotations

import argparse
import os
import re
from typing import Any, Sequence

MAX_THREADS = 4096  # systems refuse to start some ten thousands, which ends the process
BARE_DEFAULTS: tuple[Any, ...] = (None, False, (), [], "", argparse.SUPPRESS)


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of descriptions and appends defaults that say something."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=100)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text = action.help
        if text and action.option_strings and "default" not in text and _says_more(action.default):
            text += " (default: %(default)s)"
        return text


def _says_more(default: Any) -> bool:
    return not any(default is bare or default == bare for bare in BARE_DEFAULTS)


class _Options:
    """Spells the options of a parser or group alike: --batch-size, or --batch_size as published."""

    spelling = "-"

    def add_argument(self, *flags: str, **settings: Any) -> argparse.Action:
        spelled = [_spelled(flag, self.spelling) for flag in flags]
        return super().add_argument(*spelled, **settings)  # type: ignore[misc]


class _Group(_Options, argparse._ArgumentGroup):
    """A titled group of options."""


class ArgumentParser(_Options, argparse.ArgumentParser):
    """argparse's parser with one-line errors, defaults in its help, and one spelling of options.

    The ~ of --output=~/flow, which shells leave alone, is the home folder.

    Options are written in kebab-case; underscores are accepted too. With published=True it is the
    other way round, for the command lines that were published with underscores.

    Args:
        examples: shown at the end of the help, one command a line.
        published: spell the options with underscores, and accept abbreviations.
        settings: of argparse.ArgumentParser.
    """

    def __init__(
        self, *arguments: Any, examples: str = "", published: bool = False, **settings: Any
    ) -> None:
        self.spelling = "_" if published else "-"
        self._ascend_actions: list[argparse.Action] = []
        self._shows_ascend = False
        settings.setdefault("formatter_class", HelpFormatter)
        settings.setdefault("allow_abbrev", published)
        settings.setdefault("epilog", examples and "examples:\n" + _indented(examples))
        super().__init__(*arguments, **settings)
        self._optionals.title = "options"

    def add_argument_group(self, *arguments: Any, **settings: Any) -> argparse._ArgumentGroup:
        """A group whose options are spelled as the parser's."""
        group = _Group(self, *arguments, **settings)
        group.spelling = self.spelling
        self._action_groups.append(group)
        return group

    def add_ascend_group(self, shown: bool) -> argparse._ArgumentGroup:
        """A group of options of Ascend NPUs, listed only if `shown`, or by --help-ascend."""
        self.add_argument(
            "--help-ascend",
            action=_AscendHelp,
            help="show the options of Ascend NPUs too, and exit",
        )
        self._shows_ascend = shown
        group = self.add_argument_group("Ascend NPU")
        self._ascend_actions = group._group_actions
        return group

    def format_help(self) -> str:
        """The help; the options of Ascend NPUs are left out unless they are to be shown."""
        if self._shows_ascend:
            return super().format_help()
        texts = [(action, action.help) for action in self._ascend_actions]
        for action, _ in texts:
            action.help = argparse.SUPPRESS
        try:
            return super().format_help()
        finally:
            for action, text in texts:
                action.help = text

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """argparse's, with the other spelling of each option accepted."""
        if args is not None:
            args = [_with_home(self._accepted(argument)) for argument in args]
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> Any:
        """Ends the program with one line and exit code 2."""
        self.exit(2, "%s: error: %s; --help lists the options\n" % (self.prog, _joined(message)))

    def _accepted(self, argument: str) -> str:
        name, equals, value = argument.partition("=")
        spelled = _spelled(name, self.spelling)
        return spelled + equals + value if spelled in self._option_string_actions else argument


class _AscendHelp(argparse.Action):
    """Prints the help with the options of Ascend NPUs, and ends the program."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None):
        super().__init__(option_strings, argparse.SUPPRESS, 0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: Any, *_: Any) -> None:
        parser._shows_ascend = True
        parser.print_help()
        parser.exit()


def boolean(text: str) -> bool:
    """True/False, 1/0 or yes/no in any case (`bool("False")` would be True)."""
    if text.lower() in ("true", "1", "yes"):
        return True
    if text.lower() in ("false", "0", "no"):
        return False
    raise argparse.ArgumentTypeError("expected True or False (or 1/0, yes/no), got %r" % text)


def positive_int(text: str) -> int:
    """A whole number above 0."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError("expected a whole number above 0, got %r" % text)
    return value


def non_negative_int(text: str) -> int:
    """A whole number, 0 or more."""
    try:
        return 0 if text == "0" else positive_int(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            "expected a whole number of 0 or more, got %r" % text
        ) from None


def thread_count(text: str) -> int:
    """A number of threads, 0 for all, at most MAX_THREADS."""
    value = non_negative_int(text)
    if value > MAX_THREADS:
        raise argparse.ArgumentTypeError(
            "expected at most %d threads, got %r" % (MAX_THREADS, text)
        )
    return value


def positive_float(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError("expected a number above 0, got %r" % text)
    return value


def non_negative_float(text: str) -> float:
    """A finite number, 0 or more."""
    try:
        return 0.0 if float(text) == 0 else positive_float(text)
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError("expected a number of 0 or more, got %r" % text) from None


def magnitude(text: str) -> float | str:
    """A number of pixels above 0, or "common"."""
    if text == "common":
        return text
    try:
        return positive_float(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            "expected a number above 0 or common, got %r" % text
        ) from None


def image_size(text: str) -> tuple[int, int]:
    """(height, width) in pixels of HEIGHTxWIDTH, e.g. 448x1024."""
    match = re.match(r"([1-9][0-9]*)[xX]([1-9][0-9]*)$", text)
    if not match:
        raise argparse.ArgumentTypeError("expected HEIGHTxWIDTH, e.g. 448x1024, got %r" % text)
    return int(match.group(1)), int(match.group(2))


def network_size(text: str) -> tuple[int, int]:
    """(height, width) in pixels, both multiples of 64, as the network's input has to be."""
    height, width = image_size(text)
    if height % 64 or width % 64:
        raise argparse.ArgumentTypeError(
            "expected height and width in multiples of 64, got %s; try %dx%d"
            % (text, -(-height // 64) * 64, -(-width // 64) * 64)
        )
    return height, width


def _with_home(argument: str) -> str:
    """Replaces ~ behind =, where shells leave it: --output=~/flow, --data=sintel-clean=~/data."""
    match = re.match(r"([^/~]*=)(~(?:/.*)?)$", argument, re.DOTALL)
    return match.group(1) + os.path.expanduser(match.group(2)) if match else argument


def _spelled(flag: str, spelling: str) -> str:
    """The flag with its words joined by the spelling; short options and values are kept."""
    return "--" + re.sub("[-_]", spelling, flag[2:]) if re.match(r"--\w", flag) else flag


def _joined(message: str) -> str:
    return " ".join(message.split())


def _indented(text: str) -> str:
    return "\n".join("  " + line.strip() for line in text.strip().splitlines())
