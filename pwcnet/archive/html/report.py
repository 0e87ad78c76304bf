"""The page about the motion of an archive: distributions, kinds, films, curves over time."""

from __future__ import annotations

import os
import statistics
import time
from typing import Any, NamedTuple, Sequence

from pwcnet.archive.folder import read_ledger
from pwcnet.archive.html.charts import motion_curves, motion_histogram, pace_histogram
from pwcnet.archive.html.films import (
    Film,
    films_of,
    films_with_curves,
    known_values,
    read_curves,
    stillest_and_fastest,
)
from pwcnet.archive.html.pictures import middle_picture
from pwcnet.archive.html.tables import (
    film_table,
    format_duration,
    kind_of,
    kind_table,
    known_seconds,
    number_cell,
)
from pwcnet.archive.manifest import Ledger
from pwcnet.evaluation.html.gallery import PageImage
from pwcnet.evaluation.html.page import check_page, write_page
from pwcnet.evaluation.measures import NARROW_SPACE

REPORT = "report"  # the folder of the page, in that of the archive
TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates", "motion.html")
GALLERY_LENGTH = 8  # films with a picture: the stillest and the fastest, each
INPUTS = 20  # that the page names


class GalleryFilm(NamedTuple):
    """A film with a picture.

    Attributes:
        name: Of the film.
        motion: Its mean motion with the unit.
        facts: (label, text) of more.
        picture: Its middle frame; None where it cannot be shown.
        missing: Why; "" where it is shown.
    """

    name: str
    motion: str
    facts: list[tuple[str, str]]
    picture: PageImage | None
    missing: str


class FilmCurves(NamedTuple):
    """The curves of a film.

    Attributes:
        name: Of the film.
        reason: What it is shown for.
        svg: The chart.
        pairs: The number of pairs that a point is the mean of.
    """

    name: str
    reason: str
    svg: str
    pairs: int


def report_folder(archive: str) -> str:
    """The folder of an archive's page."""
    return os.path.join(archive, REPORT)


def write_motion_report(archive: str) -> str:
    """Writes report/index.html in the folder of an archive, completely or not at all.

    `pwcnet.evaluation.html.page.check_page` finds errors of the folder and missing packages before
    the work.

    Args:
        archive: The output folder of `pwcnet extract`; all shards count.

    Returns:
        The path of the page.

    Raises:
        ValueError: No film there has motion, its files are damaged, or Jinja2 or matplotlib is
            missing.
        OSError: A file cannot be read or written.
    """
    folder = report_folder(archive)
    check_page(folder)
    ledger = read_ledger(archive)
    films = films_of(archive, ledger)
    stillest, fastest = stillest_and_fastest(films, GALLERY_LENGTH)
    return write_page(
        folder,
        TEMPLATE,
        title="Motion of %s" % os.path.basename(os.path.abspath(archive)),
        lead=_method(ledger),
        facts=_headline(films),
        notes=_notes(films, ledger),
        histogram=motion_histogram(films),
        pace=pace_histogram(films),
        kinds=kind_table(films),
        galleries=[
            ("Fastest films", [_gallery_film(film) for film in fastest]),
            ("Stillest films", [_gallery_film(film) for film in stillest]),
        ],
        curves=_film_curves(films),
        films=film_table(films),
        total=len(films),
        provenance=_provenance(archive, ledger),
    )


def _headline(films: Sequence[Film]) -> list[tuple[str, str]]:
    cuts = sum(int(film.value("cuts") or 0) for film in films)
    return [
        ("Films", "{:,}".format(len(films))),
        ("Pairs", "{:,}".format(sum(film.pairs for film in films))),
        ("Cuts", "{:,}".format(cuts)),
        ("Time of film", format_duration(known_seconds(films))),
        ("Median film's motion", _pixels(_median(films, "motion_mean"))),
        ("Median film's residual", _pixels(_median(films, "residual_mean"))),
    ]


def _median(films: Sequence[Film], key: str) -> float | None:
    known = known_values(films, key)
    return statistics.median(known) if known else None


def _pixels(value: float | None) -> str:
    text = number_cell(value, 2).text
    return text if value is None else "%s%spx/pair" % (text, NARROW_SPACE)


def _notes(films: Sequence[Film], ledger: Ledger) -> list[str]:
    counts = (
        (sum(film.value("seconds") is None for film in films), "without a known time"),
        (
            sum(film.value("motion_mean") is None for film in films),
            "without known motion, such as of cuts alone; the charts leave them out",
        ),
        (len(ledger.failed), "that failed; the manifest says why"),
    )
    return ["Films %s: %s." % (text, "{:,}".format(count)) for count, text in counts if count]


def _gallery_film(film: Film) -> GalleryFilm:
    facts = [
        ("Residual", _pixels(film.value("residual_mean"))),
        ("Kind", kind_of(film)),
        ("Cuts", "{:,}".format(int(film.value("cuts") or 0))),
        ("Time", format_duration(film.value("seconds"))),
    ]
    picture, missing = None, ""
    try:
        picture = middle_picture(film.item, film.pairs)
    except FileNotFoundError:
        missing = "No picture: %s is gone" % os.path.basename(film.item.path)
    except (ValueError, OSError):
        missing = "No picture: %s cannot be read" % os.path.basename(film.item.path)
    motion = _pixels(film.value("motion_mean"))
    return GalleryFilm(film.item.name, motion, facts, picture, missing)


def _film_curves(films: Sequence[Film]) -> list[FilmCurves]:
    shown: list[FilmCurves] = []
    for reason, film in films_with_curves(films):
        curves = read_curves(film.pair_rows) if film.pair_rows else None
        if curves is not None:
            svg = motion_curves(curves, "film-%d" % len(shown))
            shown.append(FilmCurves(film.item.name, reason, svg, curves.pairs))
    return shown


def _method(ledger: Ledger) -> str:
    """What computed the flow; "" where the manifest does not tell."""
    if not ledger.jobs:
        return ""
    method = ledger.jobs[-1]["options"].get("classical")
    return "OpenCV's %s" % method if method else ledger.jobs[-1].get("weights") or ""


def _provenance(archive: str, ledger: Ledger) -> list[tuple[str, str]]:
    """(label, text) of what the manifest says about how the films were extracted."""
    job = ledger.jobs[-1] if ledger.jobs else {}
    options, inputs = job.get("options", {}), job.get("inputs", [])
    more = len(inputs) - INPUTS
    times = [record["time"] for record in ledger.done.values()]
    facts = (
        ("Folder", os.path.abspath(archive)),
        ("Inputs", ", ".join(inputs[:INPUTS]) + (" and %d more" % more if more > 0 else "")),
        ("Flow", _method(ledger)),
        ("SHA-256", options.get("weights_sha256")),
        ("Quality", options.get("quality")),
        ("Pairs", _pairs_text(options)),
        ("Frames", _frames_text(options)),
        ("Still up to", "%g px" % options["still"] if "still" in options else ""),
        ("Version", job.get("version")),
        ("Date", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(max(times)))),
    )
    return [(label, str(text)) for label, text in facts if text]


def _pairs_text(options: dict[str, Any]) -> str:
    step, every = options.get("step", 1), options.get("every", 1)
    texts = ["frames %d apart" % step] if step != 1 else []
    if every != 1:
        texts.append("of every %d frames one is kept" % every)
    if options.get("sample_fps"):
        texts.append("about %g frames of each second are kept" % options["sample_fps"])
    return ", ".join(texts)


def _frames_text(options: dict[str, Any]) -> str:
    if options.get("short_side"):
        return "scaled to a shorter side of %d px" % options["short_side"]
    scale = options.get("scale", 1)
    return "scaled by %g" % scale if scale != 1 else ""
