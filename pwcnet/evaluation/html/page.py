"""Pages that stand alone: one HTML file that holds its pictures, charts, style and script, opened from disk without a network."""

import os
import shlex
import sys

from pwcnet.evaluation.html.tables import MEANINGS, unit
from pwcnet.io.atomic import check_output_file, write_text

FILE = "index.html"
TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")


def check_page(folder):
    """Raises, before the work, ValueError where Jinja2 or matplotlib is missing, and the OSError that writing the page would end in."""
    try:
        import jinja2  # noqa: F401
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ValueError(
            "expected Jinja2 and matplotlib to make a page with, got %s; try %s -m pip install 'jinja2>=3.0,<4' 'matplotlib>=3.3,<4'"
            % (error, sys.executable)
        ) from error
    check_output_file(os.path.join(folder, FILE))


def write_page(folder, template, **values):
    """Fills a template of TEMPLATES and writes it to folder/index.html, completely or not at all; returns the path."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(unit=unit, meaning=lambda measure: MEANINGS.get(measure, ""))
    path = os.path.join(folder, FILE)
    write_text(path, environment.get_template(template).render(**values))
    return path


def provenance(about):
    """[(label, text)] of what a run was made with, from the "about" of a pwcnet.evaluation.results.Evaluation; what it does not say is left out."""
    weights, versions = about.get("weights") or {}, about.get("versions") or {}
    filters = ", ".join(
        "%s %s" % (name, value)
        for name, value in (about.get("filters") or {}).items()
        if value not in (None, False, [], "")
    )
    found = (
        ("Data", about.get("data")),
        ("Folder", about.get("root")),
        ("Chosen", filters),
        (
            "Pixels",
            "masked: those marked invalid do not count"
            if about.get("masked")
            else "dense: every pixel of known flow counts",
        ),
        ("Weights", weights.get("path")),
        ("Kind", weights.get("kind")),
        ("SHA-256", weights.get("sha256")),
        ("Command", " ".join(shlex.quote(str(part)) for part in about.get("command") or ())),
        ("Versions", ", ".join("%s %s" % item for item in versions.items())),
        ("Made", about.get("made")),
    )
    return [(label, str(text)) for label, text in found if text]
