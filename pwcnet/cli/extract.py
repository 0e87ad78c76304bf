"""Flow of whole archives: many videos and folders of frames, each exactly once.

Given again, the command computes what is missing or has changed, and nothing else. Items that
cannot be read do not stop the others; the exit code is 1 then.
"""

from __future__ import annotations

import logging
from argparse import Namespace
from typing import Sequence

from pwcnet.archive.folder import ArchiveFolder, missing_items
from pwcnet.archive.html.report import report_folder, write_motion_report
from pwcnet.archive.items import Item, check_names, find_items
from pwcnet.archive.job import ArchiveJob
from pwcnet.archive.manifest import Shard
from pwcnet.archive.motion import check_table, table_names, table_path, write_table
from pwcnet.archive.options import ExtractOptions
from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import progress_bar, remedy
from pwcnet.cli.engine import stopping
from pwcnet.cli.extract_estimate import Totals, print_estimate
from pwcnet.cli.extract_options import add_extract_options, check_options, extract_options
from pwcnet.cli.extract_status import print_failures, print_lost, print_status
from pwcnet.cli.extract_worker import open_extractors
from pwcnet.cli.options import chosen_weights, weights_facts
from pwcnet.evaluation.html.page import check_page
from pwcnet.io.atomic import check_output_folder

EXAMPLES = """
pwcnet extract videos/ --output flow
pwcnet extract videos/ --output flow --save xy-jpg --short-side 256 --workers 4
pwcnet extract 'clips/**/*.mp4' --output scores --save motion --sample-fps 2 --classical dis
pwcnet extract --status flow
"""
DIFFERENT = "--overwrite removes them and starts from scratch, another folder keeps both"
DAMAGED = "move it away or choose another folder"
TAKEN = "wait for its end or choose another folder"

log = logging.getLogger(__name__)


def main(argv: list[str], prog: str) -> int:
    """Extracts the items that are missing; returns 1 where some failed."""
    options = parser(prog)
    args = options.parse_args(argv)
    check_options(options, args)
    if args.status:
        return print_status(args.status)
    if args.report and not args.dry_run:
        check_page(report_folder(args.output))
    weights = "" if args.classical else chosen_weights(args)
    facts = weights_facts(weights) if weights else {}
    chosen = extract_options(args, facts.get("path", ""), facts.get("sha256"))
    items = find_items(args.inputs, args.list, args.output)
    check_names(items, chosen.in_folders)
    shard = args.shard or Shard()
    items = [item for item in items if item.in_shard(*shard)]
    if args.dry_run:
        items = missing_items(args.output, items, chosen.skip_bad)
        return print_estimate(args, chosen, items)
    check_output_folder(args.output)
    if "motion" in args.save:
        with remedy("choose another folder", (FileExistsError,)):
            check_table(args.output, shard, args.table)
    with remedy(DIFFERENT, (FileExistsError,)), remedy(DAMAGED, (ValueError,)), remedy(
        TAKEN, (BlockingIOError,)
    ):
        folder = ArchiveFolder(args.output, chosen, shard, args.overwrite)
    with folder:
        code = _extract(args, chosen, items, folder)
    if args.report and folder.ledger.done and code <= 1:  # above 1 it was interrupted
        log.info("report: %s", write_motion_report(args.output))
    return code


def parser(prog: str) -> ArgumentParser:
    """The options of `pwcnet extract`."""
    options = ArgumentParser(prog=prog, description=__doc__, examples=EXAMPLES)
    add_extract_options(options)
    return options


def _extract(
    args: Namespace, options: ExtractOptions, items: Sequence[Item], folder: ArchiveFolder
) -> int:
    job = ArchiveJob(args.output, options, items, folder.ledger, folder.manifest)
    totals = Totals(items, options, folder.ledger)
    with open_extractors(args, options) as engine, stopping(
        engine, "stretches"
    ) as signals, totals, progress_bar(unit="pair", total=0) as bar:
        folder.begin(args.inputs + args.list, items)  # where there are workers
        for outcome in engine.map(job.tasks()):
            progress = job.settle(outcome)
            bar.grow(totals.pairs)
            bar.update(progress.pairs)
            if totals.is_complete:
                folder.plan(totals.complete + totals.pairs)
    if totals.is_complete:
        folder.plan(totals.complete + totals.pairs)
    if "motion" in options.save:
        names = table_names(folder.ledger, items, folder.shard)
        write_table(table_path(args.output, folder.shard, args.table), folder.ledger, names)
    done = sum(item.name in folder.ledger.done for item in items)
    print(
        "%d of %d items are complete in %s (%d were before)"
        % (done, len(items), args.output, job.skipped)
    )
    print_lost(folder.ledger.done[item.name] for item in items if item.name in folder.ledger.done)
    failed = folder.ledger.failed
    print_failures({item.name: failed[item.name] for item in items if item.name in failed})
    if signals:
        return 128 + signals[0]
    return 1 if done < len(items) else 0
