#!/bin/sh
# Runs an OM with msame, checks that every input file has its prediction, and writes the times as
# JSON (run_ais_bench.sh does so with ais_bench); --help lists the options.
#   sh offline_infer/run_msame.sh --om pwcnet_1batch.om --input bins/image --output result
#   sh offline_infer/run_msame.sh --om pwcnet_1batch.om --output result --mode performance --loop 100
# PYTHON names the interpreter; otherwise .venv-tf1, .venv-tf2 or python3 is taken.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/scripts/find_python.sh"
exec "$python" "$root/offline_infer/run_device.py" "$@"
