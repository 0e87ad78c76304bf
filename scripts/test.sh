#!/usr/bin/env bash
# Sets up and runs the tests.
#   bash scripts/test.sh [tf1] [tf2] [-- PYTEST ARGUMENTS]
# Without a name: on every runtime whose Python is here. With names: on those, and a missing one is a failure.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 2

asked=()
while [ $# -gt 0 ]; do
    case "$1" in
        tf1 | tf2) asked+=("$1") ;;
        --) shift; break ;;
        *) echo "test: expected tf1, tf2 or --, got '$1'" >&2; exit 2 ;;
    esac
    shift
done

ran=() status=0
if [ ${#asked[@]} -gt 0 ]; then wanted=("${asked[@]}"); else wanted=(tf1 tf2); fi
for runtime in "${wanted[@]}"; do
    if ! venv=$(bash scripts/setup.sh "$runtime"); then
        if [ ${#asked[@]} -gt 0 ]; then echo "test: $runtime could not be set up" >&2; exit 1; fi
        echo "test: going on without $runtime" >&2
        continue
    fi
    echo "== $runtime"
    "$venv/bin/python" -m pytest -q "$@" || status=1
    ran+=("$runtime")
done
[ ${#ran[@]} -gt 0 ] || { echo "test: no runtime could be set up" >&2; exit 1; }
echo "test: ${ran[*]}: $([ $status = 0 ] && echo passed || echo FAILED)" >&2
exit $status
