"""Reads damaged files: a request [kind, path] a line on stdin, an answer in JSON a line on stdout.

The answer is what was read, as a digest of each item; or the one line of an error that a user would
see; or the traceback of a defect.
"""

import hashlib
import json
import os
import resource
import sys
import traceback

import numpy as np

import pwcnet.cli.common as common
import pwcnet.runtime.tensorflow  # noqa: F401  its import is not counted as memory of a reader
from tests.faults.readers import KINDS

MEMORY = 1 << 30  # bytes that a reader of files of some kilobytes may take


def digest(item):
    if isinstance(item, np.ndarray):
        item = (item.shape, str(item.dtype), hashlib.sha1(np.ascontiguousarray(item)).hexdigest())
    return hashlib.sha1(repr(item).encode("utf-8", "surrogatepass")).hexdigest()


def limit_memory():
    """Makes allocations fail beyond what the process has now and MEMORY."""
    with open("/proc/self/statm") as stream:
        used = int(stream.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))


def answer(kind, path):
    limit_memory()
    try:
        return {"read": [digest(item) for item in KINDS[kind].read(path)]}
    except (ValueError, OSError) as error:
        text = common.one_line(error)
        return {"refused": text} if text else {"defect": traceback.format_exc()}
    except Exception:
        return {"defect": traceback.format_exc()}


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
