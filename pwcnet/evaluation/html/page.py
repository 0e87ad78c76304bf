"""Self-contained pages: one HTML file with its images, charts, style and script inside."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Any

from pwcnet.data.datasets.registry import SPARSE
from pwcnet.evaluation.measures import MEANINGS, unit_symbol
from pwcnet.io.atomic import check_output_file, write_text

PAGE_FILE = "index.html"
TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")


def check_page(folder: str) -> None:
    """Checks, before the work and without a trace, that a page can be written.

    Args:
        folder: The folder of the page.

    Raises:
        ValueError: Jinja2 or matplotlib is missing; the message says how to install them.
        OSError: The file folder/index.html cannot be written.
    """
    try:
        import jinja2  # noqa: F401
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ValueError(
            "Pages need Jinja2 and matplotlib (%s): "
            "%s -m pip install 'jinja2>=3.0,<4' 'matplotlib>=3.3,<4'" % (error, sys.executable)
        ) from error
    check_output_file(os.path.join(folder, PAGE_FILE))


def write_page(folder: str, template: str, **values: Any) -> str:
    """Fills a template and writes it to folder/index.html, completely or not at all.

    Args:
        folder: The folder of the page; it is created if it is missing.
        template: The name of a file in TEMPLATES, or the path of one that uses those.
        **values: The variables of the template; text is escaped.

    Returns:
        The path of the page.

    Raises:
        OSError: The page cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([os.path.dirname(template) or TEMPLATES, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(unit=unit_symbol, meaning=lambda measure: MEANINGS.get(measure, ""))
    path = os.path.join(folder, PAGE_FILE)
    write_text(path, environment.get_template(os.path.basename(template)).render(**values))
    return path


def format_date(summary: dict[str, Any]) -> str:
    """When an evaluation was made, for example "2024-02-03 04:05 UTC"; "" where it is unknown."""
    made = summary.get("made") or ""
    return made[:16].replace("T", " ") + " UTC" if made.endswith("+00:00") else made


def provenance(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """The data, settings, weights, command and versions of an evaluation.

    Args:
        summary: `pwcnet.evaluation.results.Evaluation.summary`.

    Returns:
        (label, text) of each fact that the summary holds.
    """
    weights, versions = summary.get("weights") or {}, summary.get("versions") or {}
    filters = ", ".join(
        "%s %s" % (name, value)
        for name, value in (summary.get("filters") or {}).items()
        if value not in (None, False, [], "")
    )
    kind = "sparse" if summary.get("data") in SPARSE else "dense"
    pixels = (
        "masked: pixels marked invalid do not count"
        if summary.get("masked")
        else "%s: every pixel with known ground truth counts" % kind
    )
    facts = (
        ("Data set", summary.get("data")),
        ("Folder", summary.get("root")),
        ("Selection", filters),
        ("Pixels", pixels),
        ("Weights", weights.get("path")),
        ("Format", weights.get("kind")),
        ("Precision", summary.get("precision")),
        ("Quality", summary.get("quality")),
        ("SHA-256", weights.get("sha256")),
        ("Command", " ".join(shlex.quote(str(word)) for word in summary.get("command") or ())),
        ("Versions", ", ".join("%s %s" % item for item in versions.items())),
        ("Date", format_date(summary)),
    )
    return [(label, str(text)) for label, text in facts if text]
