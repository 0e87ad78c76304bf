"""Tables with a row for each item: JSON lines, or Parquet with the package pyarrow."""

from __future__ import annotations

import json
import os
from typing import Any, Mapping, Sequence

from pwcnet.io.atomic import atomic_path, os_errors_naming, write_text
from pwcnet.io.names import escape_names

JSON_LINES, PARQUET = (".jsonl", ".ndjson"), (".parquet",)
EXTENSIONS = JSON_LINES + PARQUET


def check_rows_path(path: str) -> None:
    """Raises ValueError where `write_rows` could not write such a file, before the work is done."""
    extension = _extension(path)
    if extension not in EXTENSIONS:
        raise ValueError(
            "%s is no table that can be written; its name must end in %s"
            % (os.fspath(path), ", ".join(EXTENSIONS))
        )
    if extension in PARQUET:
        _pyarrow(path)


def write_rows(path: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a table, completely or not at all, in the format of its extension.

    Args:
        path: The file: .jsonl or .ndjson, a JSON object in each line, in UTF-8; or .parquet, a
            column for each key, in the order in which keys first appear.
        rows: Each with text, numbers, truth values or None for each key. Names of files that are no
            UTF-8 are escaped, see `pwcnet.io.names`.

    Raises:
        ValueError: The extension is another one, the package pyarrow is missing (extra `parquet`),
            or a value is of another kind: NaN, infinite, or of several types in one column.
        OSError: As `pwcnet.io.atomic.atomic_path`.
    """
    check_rows_path(path)
    if _extension(path) in PARQUET:
        _write_parquet(path, rows)
        return
    try:
        lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows]
    except (TypeError, ValueError) as error:
        raise ValueError("%s: a row cannot be written (%s)" % (os.fspath(path), error)) from error
    write_text(path, "".join(line + "\n" for line in lines))


def read_rows(path: str) -> list[dict[str, Any]]:
    """Reads a table that `write_rows` wrote.

    Raises:
        ValueError: A line is no row, the file is damaged, or the package pyarrow is missing.
        OSError: The file cannot be read.
    """
    if _extension(path) in PARQUET:
        arrow, parquet = _pyarrow(path, "read")
        try:
            return parquet.read_table(path).to_pylist()
        except arrow.ArrowInvalid as error:
            raise ValueError("%s is no table (%s)" % (os.fspath(path), error)) from error
    rows = []
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                rows.append(dict(json.loads(line)))
            except (ValueError, TypeError):
                raise ValueError("Line %d of %s is no row" % (number, os.fspath(path))) from None
    return rows


def _extension(path):
    return os.path.splitext(os.fspath(path))[1].lower()


def _write_parquet(path, rows):
    arrow, parquet = _pyarrow(path)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    columns = [[_escaped(row.get(key)) for row in rows] for key in keys]
    try:
        for row in rows:
            json.dumps(row, allow_nan=False)
        table = arrow.Table.from_arrays([arrow.array(column) for column in columns], names=keys)
    except (TypeError, ValueError) as error:  # arrow's own errors are among them
        raise ValueError("%s: a row cannot be written (%s)" % (os.fspath(path), error)) from error
    with atomic_path(path) as temporary, os_errors_naming(path):
        parquet.write_table(table, temporary)


def _escaped(value):
    return escape_names(value) if isinstance(value, str) else value


def _pyarrow(path, use="written"):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ValueError(
            "%s cannot be %s without the package pyarrow (the extra `parquet`)"
            % (os.fspath(path), use)
        ) from error
    return pyarrow, pyarrow.parquet
