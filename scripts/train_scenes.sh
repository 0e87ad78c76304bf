#!/usr/bin/env bash
# Trains from random weights on generated scenes alone, and writes the weights as the project ships them; --help says how.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'EOF'
usage: bash scripts/train_scenes.sh [--variant small|large] [--output DIR] [options of pwcnet train]

Trains from random weights on generated scenes alone, by the presets scenes-1 to scenes-5: motion
grows from step to step, the last is for precision. Then writes DIR/pwcnet-sm-scenes.npz (small) or
DIR/pwcnet-lg-scenes.npz (large), the form in which the project ships its weights.
Given again, it continues where it was stopped.

options:
  --variant NAME  the network, small or large (default: small)
  --output DIR    folder of the five runs and the weights (default: ./scenes-small, ./scenes-large)
  others          go to every step; pwcnet train --help lists them

environment variables:
  PYTHON          the interpreter (default: that of .venv-tf1, .venv-tf2, or python3)

examples:
  bash scripts/train_scenes.sh
  bash scripts/train_scenes.sh --variant large --precision bfloat16 --batch-size 8
EOF
}

variant=small output=
further=()
while [ $# -gt 0 ]; do
    case "$1" in
        -h | --help) usage; exit 0 ;;
        --variant=* | --output=*)
            set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
        --variant | --output)
            [ $# -gt 1 ] || { echo "train_scenes.sh: error: expected a value after $1; see --help" >&2; exit 2; }
            [ "$1" = --variant ] && variant=$2 || output=$2
            shift 2 ;;
        *) further+=("$1"); shift ;;
    esac
done
case "$variant" in
    small) short=sm ;;
    large) short=lg ;;
    *) echo "train_scenes.sh: error: expected --variant small or large, got '$variant'" >&2; exit 2 ;;
esac
output=${output:-./scenes-$variant}
. "$root/scripts/find_python.sh"
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"

start=(--variant "$variant")
for step in 1 2 3 4 5; do
    "$python" -m pwcnet train --preset "scenes-$step" --mode train_with_val --resume --output "$output/step$step" \
        "${start[@]}" ${further[@]+"${further[@]}"} --keep-best 1
    start=(--weights "$output/step$step/best")
done
"$python" -m pwcnet export --weights "$output/step5/best" --output "$output/pwcnet-$short-scenes.npz"
