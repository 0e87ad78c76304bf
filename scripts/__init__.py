"""Command lines, run as files: `python scripts/NAME.py`."""
