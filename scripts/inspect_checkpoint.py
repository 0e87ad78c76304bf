import sys

sys.stderr.write(
    "scripts/inspect_checkpoint.py has moved: run `pwcnet inspect checkpoint` "
    "(or `python -m pwcnet inspect checkpoint`)\n"
)
sys.exit(2)
