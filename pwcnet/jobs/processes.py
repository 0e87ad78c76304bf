"""Processes that end with the one that started them, and their end in words."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(parent: int, number: int) -> None:
    """Makes this process receive a signal when the thread that started it ends, however.

    Only Linux has it; elsewhere nothing happens. Where the parent has ended already, this process
    ends at once.

    Args:
        parent: The process that started this one.
        number: The signal.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)


def how_it_ended(code: int) -> str:
    """Returns the end of a process in words.

    Args:
        code: Its exit code, or minus the signal that ended it.
    """
    if code < 0:
        names = {int(number): number.name for number in signal.Signals}
        return "was killed by %s" % names.get(-code, "signal %d" % -code)
    return "ended with exit code %d" % code
