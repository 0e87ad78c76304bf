"""Text files that are UTF-8, with or without a byte order mark."""

from __future__ import annotations

import json
import os
from typing import Any


def read_text(path: str | os.PathLike) -> str:
    """Reads a text file.

    Raises:
        ValueError: The file is not UTF-8; the message names it.
        OSError: The file cannot be read.
    """
    with open(path, encoding="utf-8-sig") as stream:
        try:
            text = stream.read()
        except UnicodeDecodeError as error:
            raise ValueError("%s is no text in UTF-8 (%s)" % (path, error)) from None
    if "\0" in text:
        raise ValueError("%s is no text: it holds bytes of zero" % path)
    return text


def read_json_object(path: str | os.PathLike) -> dict[str, Any]:
    """Reads a file with one JSON object.

    Raises:
        ValueError: The file is another one; the message names it.
        OSError: The file cannot be read.
    """
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError("%s is not JSON (%s)" % (path, error)) from None
    if not isinstance(content, dict):
        raise ValueError("%s does not hold a JSON object" % path)
    return content
