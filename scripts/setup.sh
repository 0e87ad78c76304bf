#!/usr/bin/env bash
# Makes a virtual environment and installs what the project needs.
#   bash scripts/setup.sh [tf1|tf2]
#     tf1  .venv-tf1: Python 3.7 with TensorFlow 1.15.0        tf2  .venv-tf2: Python 3.9 or later with TensorFlow 2
#     nothing: tf1 where a Python 3.7 is found, otherwise tf2
#   PYTHON=/path/to/python names the interpreter. Prints the environment's folder as its last line.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 2; }

# "3.7" for an interpreter that really runs (a pyenv shim may exist and fail), nothing otherwise.
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true; }

runtime_of() {
    case "$1" in
        3.7) echo tf1 ;;
        3.9 | 3.1[0-9]) echo tf2 ;;
    esac
}

# Interpreters worth trying for a version, one a line: by name, then in pyenv's and conda's folders.
candidates() {
    local version=$1 pyenv=${PYENV_ROOT:-$HOME/.pyenv} conda
    echo "python$version"
    ls -d "$pyenv"/versions/"$version"*/bin/python 2>/dev/null || true
    for conda in "${CONDA_PREFIX:-}" "${CONDA_PREFIX_1:-}" "$HOME"/{miniconda3,anaconda3,miniforge3} /opt/conda; do
        [ -n "$conda" ] && ls -d "$conda"/bin/python "$conda"/envs/*/bin/python 2>/dev/null || true
    done
}

find_python() {
    local wanted=$1 version name
    case "$wanted" in
        tf1) set -- 3.7 ;;
        tf2)
            for name in python3 python; do
                [ "$(runtime_of "$(version_of $name)")" = tf2 ] && { echo $name; return; }
            done
            set -- 3.11 3.12 3.10 3.13 3.9 ;;
    esac
    for version in "$@"; do
        while read -r name; do
            [ "$(version_of "$name")" = "$version" ] && { echo "$name"; return; }
        done < <(candidates "$version")
    done
    return 0
}

runtime=${1:-}
case "$runtime" in tf1 | tf2 | "") ;; *) fail "expected tf1 or tf2, got '$runtime'" ;; esac

if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
    version=$(version_of "$python")
    [ -n "$version" ] || fail "PYTHON=$python does not run; name a Python 3.7 (tf1) or 3.9 and later (tf2)"
    fits=$(runtime_of "$version")
    [ -n "$fits" ] || fail "PYTHON=$python is Python $version; TensorFlow 1.15 needs 3.7, TensorFlow 2 needs 3.9 or later"
    [ -z "$runtime" ] || [ "$runtime" = "$fits" ] || fail "PYTHON=$python is Python $version, which serves $fits, not $runtime; unset PYTHON or name another"
    runtime=$fits
    why="PYTHON names it"
elif [ -n "$runtime" ]; then
    python=$(find_python "$runtime")
    [ -n "$python" ] || fail "no Python for $runtime found (as python3.x, in pyenv, in conda); install $([ "$runtime" = tf1 ] && echo 'Python 3.7' || echo 'Python 3.9 or later') or set PYTHON"
    why="$runtime was asked for"
else
    python=$(find_python tf1)
    runtime=tf1 why="a Python 3.7 is here, which TensorFlow 1.15 and Ascend need"
    if [ -z "$python" ]; then
        python=$(find_python tf2)
        [ -n "$python" ] || fail "neither Python 3.7 nor 3.9 and later found; install one or set PYTHON"
        runtime=tf2 why="no Python 3.7 was found (as python3.7, in pyenv, in conda), so TensorFlow 2"
    fi
fi

venv=$root/.venv-$runtime
say "$runtime in $venv with $python (Python $(version_of "$python")): $why"

wanted=$(cat "$root/requirements.txt" "$root/tests/requirements.txt" | cksum)
if [ "$(cat "$venv/installed" 2>/dev/null)" = "$wanted" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    say "already installed"
else
    rm -f "$venv/installed"
    "$venv/bin/python" -c '' 2>/dev/null || { rm -rf "$venv"; "$python" -m venv "$venv"; }
    "$venv/bin/python" -m pip install --quiet -r "$root/tests/requirements.txt" >&2 \
        || fail "pip could not install requirements.txt into $venv (its message is above); check the network and run this again"
    echo "$wanted" >"$venv/installed"
fi
"$venv/bin/python" -c 'import tensorflow as tf' 2>/dev/null || fail "TensorFlow does not import in $venv; see README, Troubleshooting"
say "$("$venv/bin/python" -W ignore -c 'import tensorflow, numpy, cv2; print("TensorFlow %s, NumPy %s, OpenCV %s" % (tensorflow.__version__, numpy.__version__, cv2.__version__))' 2>/dev/null)"
echo "$venv"
