import sys

sys.stderr.write(
    "scripts/evaluate.py has moved: run `pwcnet evaluate` (or `python -m pwcnet evaluate`)\n"
)
sys.exit(2)
