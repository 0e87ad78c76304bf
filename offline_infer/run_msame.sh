#!/bin/sh
# Runs an OM with msame (or, by run_ais_bench.sh, with ais_bench), checks that every input file has its prediction, and writes the times as JSON:
#   sh offline_infer/run_msame.sh --om pwcnet_1batch.om --input bins/image --output result [--device 0]
#   sh offline_infer/run_msame.sh --om pwcnet_1batch.om --output result --mode performance --loop 100
# PYTHON names the interpreter; otherwise .venv-tf1, .venv-tf2 or python3 is taken.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
python=${PYTHON:-}
for candidate in "$root/.venv-tf1/bin/python" "$root/.venv-tf2/bin/python" python3 python; do
    [ -n "$python" ] || ! command -v "$candidate" >/dev/null 2>&1 || python=$candidate
done
exec "${python:-python3}" "$root/offline_infer/run_device.py" "$@"
