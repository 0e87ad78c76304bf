import sys

sys.stderr.write(
    "scripts/compare.py has moved: run `pwcnet compare` (or `python -m pwcnet compare`)\n"
)
sys.exit(2)
