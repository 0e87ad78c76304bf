#!/usr/bin/env python
"""See pwcnet.cli.scenes."""

import os
import sys

sys.path.insert(
    0, os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)  # runs from any directory, without installation

from pwcnet.cli.common import run  # noqa: E402
from pwcnet.cli.scenes import main, parser  # noqa: E402

if __name__ == "__main__":
    run(main)
