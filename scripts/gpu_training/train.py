#!/usr/bin/env python
"""Trains PWC-Net on a GPU with PyTorch, without TensorFlow; --help says how."""

import os
import sys

if __name__ == "__main__":
    # Runs from any directory, without installation. The processes that make textures import this
    # file too, and need nothing of it.
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path.insert(0, root)
    from pwcnet.cli.common import run
    from scripts.gpu_training.command_line import main

    run(main)
