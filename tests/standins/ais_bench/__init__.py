"""A stand-in for ais_bench, to be run with `python3 -m ais_bench`."""
