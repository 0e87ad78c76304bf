#!/usr/bin/env bash
# Trains from random weights on generated scenes alone, in five steps, motion growing, the last for precision, and writes the weights as the project ships them.
#   bash scripts/train_scenes.sh                                            into ./scenes-small
#   bash scripts/train_scenes.sh --variant large --output ./scenes-large
#   bash scripts/train_scenes.sh --precision bfloat16 --batch_size 8        further options go to scripts/train.py, for every step
# Given again, it goes on where it was stopped. PYTHON names the interpreter; otherwise .venv-tf1, .venv-tf2 or python3 is taken.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/scripts/find_python.sh"

variant=small output=
further=()
while [ $# -gt 0 ]; do
    case "$1" in
        --variant=* | --output=*)
            set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
        --variant | --output)
            [ $# -gt 1 ] || { echo "train_scenes.sh: error: expected a value after $1; see the head of $0" >&2; exit 2; }
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

start=(--variant "$variant")
for step in 1 2 3 4 5; do
    "$python" "$root/scripts/train.py" --preset "scenes-$step" --mode train_with_val --resume --save_path "$output/step$step" "${start[@]}" ${further[@]+"${further[@]}"} --keep_best 1
    start=(--pretrained "$output/step$step/best")
done
"$python" "$root/scripts/export_weights.py" "$output/step5/best" --output "$output/pwcnet-$short-scenes.npz"
