"""How far a job is: `pwcnet extract --status DIR`."""

from __future__ import annotations

from typing import Any, Iterable

from pwcnet.archive.folder import is_running, read_ledger
from pwcnet.archive.manifest import manifests, read_records
from pwcnet.cli.extract_estimate import duration_text

SHOWN = 20  # failures
RECENT = 600.0  # seconds that the rate is that of


def print_status(folder: str) -> int:
    """Prints progress, rate and failures of all shards; returns 1 where items failed.

    Raises:
        FileNotFoundError: There is no manifest in the folder.
        ValueError: A manifest is damaged.
        OSError: One cannot be read.
    """
    found = manifests(folder)
    if not found:
        raise FileNotFoundError("No manifest in %s; nothing was extracted there" % folder)
    ledger = read_ledger(folder)
    running = is_running(folder)
    pairs = sum(record["pairs"] for record in ledger.done.values())
    items, expected = _expected(found)
    print("items: %d of %s complete, %d failed" % (len(ledger.done), items, len(ledger.failed)))
    print("pairs: %d%s" % (pairs, " of about %d" % expected if expected else ""))
    rate = _rate(ledger.done.values())
    if rate:
        print("rate: %.3g pairs per second" % rate)
        if running and expected > pairs:
            print("left: %s" % duration_text((expected - pairs) / rate))
    print("running: %s" % ("yes" if running else "no"))
    print_failures(ledger.failed)
    return 1 if ledger.failed else 0


def print_failures(failed: dict[str, dict[str, Any]]) -> None:
    """Prints a line for each item that failed, up to some."""
    for record in list(failed.values())[:SHOWN]:
        print("failed: %s: %s" % (_printable(record["name"]), _printable(record["error"])))
    if len(failed) > SHOWN:
        print("failed: %d more; the manifest names all" % (len(failed) - SHOWN))


def print_lost(records: Iterable[dict[str, Any]]) -> None:
    """Prints a line for each complete item that lacks frames, up to some."""
    lost = [record for record in records if record.get("lost")]
    for record in lost[:SHOWN]:
        print("left out: %s: %s" % tuple(map(_printable, (record["name"], record["lost"][0]))))
    if len(lost) > SHOWN:
        print("left out: frames of %d more items; the manifest names all" % (len(lost) - SHOWN))


def _printable(text: str) -> str:
    """Text as one line: names of files may have newlines."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def _expected(found: dict[Any, str]) -> tuple[str, int]:
    """The number of items as text, and that of pairs; 0 where it is not known."""
    items, pairs, shards = 0, 0, 0
    for path in found.values():
        records = list(read_records(path))
        jobs = [record for record in records if record["kind"] == "job"]
        plans = [record for record in records if record["kind"] == "plan"]
        items += jobs[-1]["items"] if jobs else 0
        pairs += plans[-1]["pairs"] if plans else 0
        shards += bool(plans)
    count = max(shard.total for shard in found)
    text = (
        str(items) if len(found) == count else "%d (%d of %d shards)" % (items, len(found), count)
    )
    return text, pairs if shards == len(found) else 0


def _rate(records: Any) -> float:
    """Pairs per second of the last minutes of work."""
    done = [(record["time"], record["pairs"], record["seconds"]) for record in records]
    if not done:
        return 0.0
    end = max(time for time, _, _ in done)
    recent = [entry for entry in done if entry[0] > end - RECENT]
    start = min(time - seconds for time, _, seconds in recent)
    return sum(pairs for _, pairs, _ in recent) / max(end - start, 1e-3)
