import sys

sys.stderr.write(
    "scripts/submit.py has moved: run `pwcnet submit` (or `python -m pwcnet submit`)\n"
)
sys.exit(2)
