"""Workers of extractions that note tasks, wait or die at one, as environment variables say.

A task is named by its item and the number of its part, or its kind: s04-0, t-survey, t-join.
"""

import os
import signal
import time
from dataclasses import dataclass

from pwcnet.archive import extractor
from pwcnet.cli.extract_worker import OpenExtractor

NOTES = "PWCNET_TEST_NOTES"  # a file, to which each task adds a line: its name, the process
HELD, GO = "PWCNET_TEST_HELD", "PWCNET_TEST_GO"  # tasks, and the file that they wait for
DEADLY = "PWCNET_TEST_DEADLY"  # tasks
STRETCH = "PWCNET_TEST_STRETCH"  # pairs of a stretch


@dataclass(frozen=True)
class OpenTried(OpenExtractor):
    def __call__(self):
        extract = super().__call__()
        if STRETCH in os.environ:
            extractor.stretch_length = lambda *_: int(os.environ[STRETCH])

        def run(task):
            part = getattr(task, "part", type(task).__name__.lower())
            name = "%s-%s" % (task.item.name, part)
            with open(os.environ[NOTES], "a") as stream:
                stream.write("%s %d\n" % (name, os.getpid()))
            if name in os.environ.get(DEADLY, "").split():
                os.kill(os.getpid(), signal.SIGKILL)
            held = name in os.environ.get(HELD, "").split()
            while held and not os.path.exists(os.environ[GO]):
                time.sleep(0.02)
            return extract(task)

        return run


def notes(path):
    """[(task, process)] of the file of notes, in the order in which the tasks began."""
    if not os.path.exists(str(path)):
        return []
    with open(str(path)) as stream:
        lines = [line.split() for line in stream]
    return [(name, int(process)) for name, process in lines]
