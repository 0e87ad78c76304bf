"""Checks of arguments, and parts of their messages, that all rooms share."""


class Words(str):
    """What an error tells in words, rather than a value that it quotes."""

    __repr__ = str.__str__


def require(condition, expected, got):
    """Raises ValueError "expected ..., got ..." where the condition does not hold."""
    if not condition:
        raise ValueError("expected %s, got %r" % (expected, got))


def first_names(names, count=3):
    """The first names with commas between, and "..." where there are more."""
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")
