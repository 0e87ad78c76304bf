import sys

sys.stderr.write("scripts/train.py has moved: run `pwcnet train` (or `python -m pwcnet train`)\n")
sys.exit(2)
