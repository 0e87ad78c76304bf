import sys

sys.stderr.write(
    "scripts/inspect_dataset.py has moved: run `pwcnet inspect dataset` "
    "(or `python -m pwcnet inspect dataset`)\n"
)
sys.exit(2)
