#!/usr/bin/env bash
# Makes a virtual environment and installs the project into it; --help says how.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'EOF'
usage: bash scripts/setup.sh [tf1|tf2] [--dev] [--system-site-packages]

Makes a virtual environment and installs the project into it, editable, with the command `pwcnet`.
Prints the environment's folder as its last line on stdout; everything else goes to stderr.

runtime:
  tf1                     .venv-tf1: Python 3.7 with TensorFlow 1.15.0, which Ascend needs
  tf2                     .venv-tf2: Python 3.9 or later with TensorFlow 2
                          (default: tf1 where a Python 3.7 is found, otherwise tf2)

options:
  --dev                   also what the tests need (tests/requirements.txt) and, in .venv-tf2, the
                          tools of requirements-dev.txt
  --system-site-packages  use the packages of the interpreter, for hosts that bring their own
                          TensorFlow or OpenCV: installs only what is missing and changes no version.
                          An environment made so stays so until its folder is removed
  -h, --help              show this text

environment variables:
  PYTHON                  the interpreter to take (default: python3.x on the PATH, then those of
                          pyenv and conda)

examples:
  bash scripts/setup.sh tf2 && .venv-tf2/bin/pwcnet --help
  PYTHON=/usr/bin/python3.7 bash scripts/setup.sh tf1 --system-site-packages
EOF
}

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

runtime='' dev='' system=''
for argument in "$@"; do
    case "$argument" in
        tf1 | tf2)
            [ -z "$runtime" ] || fail "expected one runtime, got $runtime and $argument"
            runtime=$argument
            ;;
        --dev) dev=dev ;;
        --system-site-packages) system=system ;;
        -h | --help) usage; exit 0 ;;
        *) fail "expected tf1, tf2, --dev or --system-site-packages, got '$argument'; --help explains them" ;;
    esac
done

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

export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1       # `user = true` in a pip.conf would install beside the environment
pip_failed() { fail "pip could not install into $venv (its message is above); check the network and run this again"; }
pip() { "$venv/bin/python" -m pip "$@" >&2 || pip_failed; }

# Installs the project; one process at a time, because all write pwcnet.egg-info.
install_project() {
    "$venv/bin/python" - "$root/pyproject.toml" -m pip install --quiet --no-build-isolation "$@" >&2 <<'EOF' || pip_failed
import fcntl, subprocess, sys

with open(sys.argv[1]) as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    sys.exit(subprocess.call([sys.executable] + sys.argv[2:]))
EOF
}

# Requirement lines of the packages that neither the interpreter nor the environment has.
missing_requirements() {
    "$venv/bin/python" - "$root/requirements.txt" <<'EOF'
import importlib.util, re, sys

modules = {"opencv-python-headless": "cv2", "scikit-learn": "sklearn", "protobuf": "google.protobuf"}
with open(sys.argv[1]) as stream:
    lines = [line.strip() for line in stream if line.strip() and not line.startswith("#")]
for line in lines + ["matplotlib>=3.3,<4", "jinja2>=3.0,<4"]:
    name = re.match("[A-Za-z0-9_-]+", line).group()
    try:
        found = importlib.util.find_spec(modules.get(name, name)) is not None
    except ImportError:     # the package above a module is missing
        found = False
    if not found:
        print(line)
EOF
}

# The versions that an installation on top of the interpreter's packages must not change.
fixed_versions() {
    "$venv/bin/python" -m pip list --format=freeze 2>/dev/null | grep -iE '^(numpy|scipy|protobuf|h5py|six|tensorflow[a-z_-]*|opencv[a-z_-]*)==' || true
}

install() {
    local tools=()
    [ -z "$dev" ] || tools+=(-r "$root/tests/requirements.txt")
    [ "$dev$runtime" != devtf2 ] || tools+=(-r "$root/requirements-dev.txt")
    tools+=("setuptools>=64" wheel)         # Python 3.7 comes with setuptools 47, Python 3.12 with none
    if [ -z "$system" ]; then
        pip install --quiet "${tools[@]}"
        local extras=plots,report
        [ "$runtime" = tf1 ] || extras+=,int8
        install_project --editable "$root[$extras]"
    else
        missing_requirements >"$venv/missing.txt"
        fixed_versions >"$venv/fixed.txt"
        say "missing in the interpreter's packages: $(grep . "$venv/missing.txt" | sed 's/[^A-Za-z0-9_-].*//' | sort -u | tr '\n' ' ')"
        pip install --quiet -c "$venv/fixed.txt" -r "$venv/missing.txt" "${tools[@]}"
        install_project --no-deps --editable "$root"
    fi
}

runs() { "$venv/bin/python" -c '' 2>/dev/null; }
on_top() { grep -q '^include-system-site-packages = true' "$venv/pyvenv.cfg" 2>/dev/null; }

if runs && on_top && [ -z "$system" ]; then
    say "$venv was made with --system-site-packages and stays so; remove the folder for one with its own packages"
    system=system
fi
wanted="$root $(cd "$root" && cat pyproject.toml setup.cfg pwcnet/_version.py requirements*.txt tests/requirements.txt | cksum)"
installed=$(cat "$venv/installed" 2>/dev/null || true)
if runs && { [ -z "$system" ] || on_top; } && { [ "$installed" = "$wanted dev" ] || [ "$installed" = "$wanted $dev" ]; }; then
    say "already installed"
else
    rm -f "$venv/installed"
    if ! runs || { [ -n "$system" ] && ! on_top; }; then
        rm -rf "$venv"
        "$python" -m venv ${system:+--system-site-packages} "$venv" >&2 || fail "$python could not make $venv (its message is above)"
    fi
    install
    echo "$wanted $dev" >"$venv/installed"
fi
versions=$("$venv/bin/python" -W ignore -c 'import tensorflow, numpy, cv2; print("TensorFlow %s, NumPy %s, OpenCV %s" % (tensorflow.__version__, numpy.__version__, cv2.__version__))' 2>/dev/null) \
    || fail "TensorFlow or OpenCV does not import in $venv; see README, Troubleshooting"
say "$versions"
echo "$venv"
