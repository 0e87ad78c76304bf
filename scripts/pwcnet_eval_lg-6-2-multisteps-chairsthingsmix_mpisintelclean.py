#!/usr/bin/env python
"""See pwcnet.cli.published.evaluate_sintel."""

import os
import sys

# Runs from any directory, without installation.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from pwcnet.cli.common import run

if __name__ == "__main__":
    run("pwcnet.cli.published.evaluate_sintel")
