import sys

sys.stderr.write(
    "scripts/make_rank_table.py has moved: run `pwcnet ascend rank-table` "
    "(or `python -m pwcnet ascend rank-table`)\n"
)
sys.exit(2)
