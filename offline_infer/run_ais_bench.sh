#!/bin/sh
# Runs an OM with ais_bench, the successor of msame; options as of run_msame.sh, and --output_dirname.
#   sh offline_infer/run_ais_bench.sh --om pwcnet_1batch.om --input bins/image --output result
set -eu
exec sh "$(dirname -- "$0")/run_msame.sh" --tool ais_bench "$@"
