import sys

sys.stderr.write(
    "scripts/launch.py has moved: run `pwcnet launch` (or `python -m pwcnet launch`)\n"
)
sys.exit(2)
