import sys

sys.stderr.write(
    "scripts/predict.py has moved: run `pwcnet predict` (or `python -m pwcnet predict`)\n"
)
sys.exit(2)
