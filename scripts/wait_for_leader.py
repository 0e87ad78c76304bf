#!/usr/bin/env python
"""See pwcnet.cli.published.wait_for_leader."""

import os
import sys

# Runs from any directory, without installation.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from pwcnet.cli.common import run

if __name__ == "__main__":
    run("pwcnet.cli.published.wait_for_leader")
