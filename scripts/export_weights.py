import sys

sys.stderr.write(
    "scripts/export_weights.py has moved: run `pwcnet export` (or `python -m pwcnet export`)\n"
)
sys.exit(2)
