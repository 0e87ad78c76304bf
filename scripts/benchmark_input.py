import sys

sys.stderr.write(
    "scripts/benchmark_input.py has moved: run `pwcnet benchmark --what input` "
    "(or `python -m pwcnet benchmark --what input`)\n"
)
sys.exit(2)
