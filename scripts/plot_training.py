import sys

sys.stderr.write(
    "scripts/plot_training.py has moved: run `pwcnet plot` (or `python -m pwcnet plot`)\n"
)
sys.exit(2)
