#!/usr/bin/env bash
# Sets up, checks and tests the project; --help says how.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 2

usage() {
    cat <<'EOF'
usage: bash scripts/test.sh [tf1] [tf2] [--full] [-- PYTEST ARGUMENTS]

Sets up the environments, then runs what CI runs: lint, types, import contracts and the manual (with
the tools of .venv-tf2), and the tests on each runtime. Ends with 0 if all of it passes.

runtimes:
  tf1, tf2            the runtimes to test; one that cannot be set up is a failure
                      (default: those whose Python is found)

options:
  --full              also the tests that take minutes or the network, on each runtime those that
                      otherwise run on the other one alone, and in .venv-formats (TensorFlow 2 with
                      JAX, tf2onnx, onnxruntime, OpenVINO) those of exported programs
  -- ARGUMENTS        arguments for pytest; the other checks are left out then
  -h, --help          show this text

examples:
  bash scripts/test.sh
  bash scripts/test.sh tf2 -- tests/flow -k color
EOF
}

asked=() full='' chosen=''
while [ $# -gt 0 ]; do
    case "$1" in
        tf1 | tf2) asked+=("$1") ;;
        --full) full=--full ;;
        -h | --help) usage; exit 0 ;;
        --) shift; chosen=yes; break ;;
        *) echo "test: expected tf1, tf2, --full or --, got '$1'; --help explains them" >&2; exit 2 ;;
    esac
    shift
done

# All are set up before the first test: some tests compare the runtimes. Their packages are compiled
# when they are imported, which most are not.
export PIP_NO_COMPILE=1
if [ ${#asked[@]} -gt 0 ]; then wanted=("${asked[@]}"); else wanted=(tf1 tf2); fi
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$folder"' EXIT
setups=()
for runtime in "${wanted[@]}"; do
    bash scripts/setup.sh "$runtime" --dev >"$folder/$runtime" &
    setups+=($!)
done
ready=() venvs=()
for index in "${!wanted[@]}"; do
    runtime=${wanted[$index]}
    if wait "${setups[$index]}"; then
        ready+=("$runtime") venvs+=("$(cat "$folder/$runtime")")
    elif [ ${#asked[@]} -gt 0 ]; then
        echo "test: $runtime could not be set up" >&2
        exit 1
    else
        echo "test: going on without $runtime" >&2
    fi
done
[ ${#ready[@]} -gt 0 ] || { echo "test: no runtime could be set up" >&2; exit 1; }

failed=()
# run NAME COMMAND...: runs a check and notes whether it failed.
run() {
    local name=$1 start=$SECONDS
    shift
    echo "== $name"
    "$@" || failed+=("$name")
    echo "== $name: $((SECONDS - start)) s"
}

check() {
    local bin=$1
    run "lint" "$bin/ruff" check .
    run "format" "$bin/ruff" format --check .
    run "types" "$bin/mypy"
    run "import contracts" "$bin/lint-imports"
    [ ! -e mkdocs.yml ] || run "manual" env NO_MKDOCS_2_WARNING=1 "$bin/mkdocs" build --quiet --strict --site-dir "$folder/site"
}

for index in "${!ready[@]}"; do
    [ "${ready[$index]}" != tf2 ] || [ -n "$chosen" ] || check "${venvs[$index]}/bin"
done
# Exported programs in their runtimes, which the other environments do without.
formats() {
    local venv=$root/.venv-formats
    [ -x "$venv/bin/python" ] || "$1" -m venv "$venv" || return
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt \
        -r tests/requirements-formats.txt --editable "$root[plots,report,int8,tflite,jax,onnx]" || return
    "$venv/bin/python" -m pytest -q -n 2 --dist worksteal --full tests/export tests/docs
}

for index in "${!ready[@]}"; do
    # Two processes, each of which takes files from the other when it has none left.
    run "tests on ${ready[$index]}" "${venvs[$index]}/bin/python" -m pytest -q -n 2 --dist worksteal $full "$@"
    [ "$full${ready[$index]}" != --fulltf2 ] || [ -n "$chosen" ] || run "programs in their runtimes" formats "${venvs[$index]}/bin/python"
done

if [ ${#failed[@]} -gt 0 ]; then
    printf 'test: FAILED: %s\n' "${failed[@]}" >&2
    exit 1
fi
echo "test: ${ready[*]}: passed" >&2
