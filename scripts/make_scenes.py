import sys

sys.stderr.write(
    "scripts/make_scenes.py has moved: run `pwcnet scenes` (or `python -m pwcnet scenes`)\n"
)
sys.exit(2)
