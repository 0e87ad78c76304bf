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

# All are set up before the first test: some tests compare the runtimes.
if [ ${#asked[@]} -gt 0 ]; then wanted=("${asked[@]}"); else wanted=(tf1 tf2); fi
ready=() venvs=()
for runtime in "${wanted[@]}"; do
    if venv=$(bash scripts/setup.sh "$runtime" --dev); then
        ready+=("$runtime") venvs+=("$venv")
    elif [ ${#asked[@]} -gt 0 ]; then
        echo "test: $runtime could not be set up" >&2
        exit 1
    else
        echo "test: going on without $runtime" >&2
    fi
done
[ ${#ready[@]} -gt 0 ] || { echo "test: no runtime could be set up" >&2; exit 1; }

status=0
for index in "${!ready[@]}"; do
    echo "== ${ready[$index]}"
    "${venvs[$index]}/bin/python" -m pytest -q -n 2 --dist loadfile "$@" || status=1        # building graphs takes one core
done
echo "test: ${ready[*]}: $([ $status = 0 ] && echo passed || echo FAILED)" >&2
exit $status
