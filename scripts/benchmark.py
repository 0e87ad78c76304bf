import sys

sys.stderr.write(
    "scripts/benchmark.py has moved: run `pwcnet benchmark` (or `python -m pwcnet benchmark`)\n"
)
sys.exit(2)
