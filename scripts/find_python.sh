# Sourced with `root`, this project's folder: sets `python` to PYTHON, or to the interpreter of .venv-tf1, of .venv-tf2, or python3.
python=${PYTHON:-}
for candidate in "$root/.venv-tf1/bin/python" "$root/.venv-tf2/bin/python" python3 python; do
    [ -n "$python" ] || ! command -v "$candidate" >/dev/null 2>&1 || python=$candidate
done
python=${python:-python3}
