"""Checks of arguments and parts of error messages that all rooms share."""

from __future__ import annotations

from typing import Any, Sequence


class Unquoted(str):
    """A text that an error message shows without quotes, where other values are quoted."""

    __repr__ = str.__str__


def require(condition: Any, expected: str, got: Any) -> None:
    """Checks an argument.

    Args:
        condition: Whether the argument is accepted.
        expected: What is accepted, for example "a learning rate above 0".
        got: The argument, or an `Unquoted` text.

    Raises:
        ValueError: "expected ..., got ..."; the condition does not hold.
    """
    if not condition:
        raise ValueError("expected %s, got %r" % (expected, got))


def first_names(names: Sequence[str], count: int = 3) -> str:
    """Returns the first names, separated by commas, and "..." where there are more."""
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")
