#!/usr/bin/env bash
# The whole chain on synthetic scenes; --help says what it does.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'TEXT'
usage: bash scripts/demo.sh [--runtime tf1|tf2] [--weights W|none] [--steps N] [--output DIR]

Shows a first flow with the shipped weights, then the whole chain on synthetic scenes: fine-tunes,
evaluates before and after, freezes, infers offline, scores. Ends with images to look at. Takes the
environment that is set up already (.venv-tf2, then .venv-tf1), or sets one up.

options:
  --runtime tf1|tf2  the environment to take or set up
  --weights W        start weights: checkpoint, folder or .npz (default: the shipped ones);
                     none: random weights, which need 300 steps, about five minutes
  --steps N          steps of fine-tuning (default: 100, or 300 from random weights)
  --output DIR       folder for everything (default: demo_output in the repository)
  -h, --help         this text

example:
  bash scripts/demo.sh --steps 50 --output /tmp/demo
TEXT
}
fail() { echo "demo: $*" >&2; exit 2; }

runtime='' weights=shipped steps='' output=$root/demo_output
absolute() { case "$1" in "" | /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
while [ $# -gt 0 ]; do
    case "$1" in -h | --help) usage; exit 0 ;; esac
    [ $# -ge 2 ] || fail "expected a value after '$1'; --help lists the options"
    case "$1" in
        --runtime) runtime=$2 ;;
        --weights | --pretrained) case "$2" in none | shipped) weights=$2 ;; *) weights=$(absolute "$2") ;; esac ;;
        --steps) steps=$2 ;;
        --output) output=$(absolute "$2") ;;
        *) fail "expected --runtime, --weights, --steps or --output, got '$1'; --help lists the options" ;;
    esac
    shift 2
done
[ -n "$steps" ] || { [ "$weights" = none ] && steps=300 || steps=100; }
[ "$steps" -ge 2 ] 2>/dev/null || fail "expected --steps of at least 2, got '$steps'"
[ ! -e "$output/finetuned" ] || fail "$output holds an earlier demo; remove it or name another --output"

python=''
for name in ${runtime:-tf2 tf1}; do
    [ -n "$python" ] || [ ! -x "$root/.venv-$name/bin/pwcnet" ] || python=$root/.venv-$name/bin/python
done
if [ -z "$python" ]; then
    venv=$(bash "$root/scripts/setup.sh" ${runtime:+"$runtime"})
    python=$venv/bin/python
fi
mkdir -p "$output"
results=$output/results.txt

# Shows a command, runs it, keeps its output in results.txt.
step() {
    printf '\n== %s\n$ %s\n' "$1" "${*:2}" | sed "s#$python -m pwcnet#pwcnet#g; s#$root/##g" | tee -a "$results"
    "${@:2}" 2>&1 | tee -a "$results"
}
last_number() { grep "$1" "$results" | tail -n "$2" | head -n 1 | sed "s/.*$1 *\([0-9.]*\).*/\1/"; }

cd "$root"
: >"$results"
pwcnet=("$python" -m pwcnet)
size=128x192 scenes=$output/scenes

step "Synthetic scenes with exact flow, in Sintel's layout" \
    "${pwcnet[@]}" scenes --output "$scenes" --scenes 2 --frames 3 --size "$size" --max-motion 6 --seed 5
scene=$(ls -d "$scenes"/MPI-Sintel-complete/training/clean/* | head -n 1)
step "First flow, with the shipped weights, which never saw these scenes" \
    "${pwcnet[@]}" predict --output "$output/first" --legend --save png,video "$scene"

finetune=("$python" scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py --dataset "$scenes"
    --save_path "$output/finetuned" --batch_size 4 --robust False --crop_height 128 --crop_width 192
    --augment False --display 50 --save_every 1000)
shipped=$root/pwcnet/weights/pwcnet-sm-scenes.npz
case "$weights" in
    none) finetune+=(--variant small --learning_rate 1e-3) ;;
    shipped) finetune+=(--pretrained "$shipped" --learning_rate 1e-4) ;;
    *) finetune+=(--pretrained "$weights" --learning_rate 1e-5) ;;
esac
evaluate=("$python" scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py --dataset "$scenes")

step "One step, to have a checkpoint of the start" "${finetune[@]}" --iterations 1
step "Evaluation at the start" "${evaluate[@]}" --ckpt "$output/finetuned/pwcnet.ckpt-1"
step "Fine-tuning" "${finetune[@]}" --resume --iterations "$steps"
step "Evaluation at the end" "${evaluate[@]}" --ckpt "$output/finetuned/pwcnet.ckpt-$steps" --output "$output/evaluation"
step "Checkpoint -> frozen graph" "${pwcnet[@]}" export --format pb --weights "$output/finetuned/pwcnet.ckpt-$steps" \
    --size "$size" --output "$output/pwcnet.pb"
step "Scenes -> input files" "${pwcnet[@]}" ascend prepare --data "sintel-clean=$scenes" --size "$size" --output "$output/bins"
step "Input files -> flow files, as msame would" "${pwcnet[@]}" ascend infer --weights "$output/pwcnet.pb" \
    --input "$output/bins/image" --output "$output/inferred"
step "Flow files -> EPE" "${pwcnet[@]}" ascend score --ground-truth "$output/bins/gt" --predictions "$output/inferred" \
    --size "$size" --frame-size "$size"
step "Images of the start and the end" "$python" scripts/demo_images.py "$scenes" "$output/finetuned/pwcnet.ckpt-1" \
    "$output/finetuned/pwcnet.ckpt-$steps" "$output/overview.png"

zero=$(last_number 'Zero flow:' 1) after=$(last_number 'Average EPE:' 1) status=0
case "$weights" in
    none) origin="from random weights on nothing else" ;;
    *) origin="from the shipped weights, which were trained on other synthetic scenes" ;;
esac
if [ "$weights" != none ] && [ "$weights" != shipped ]; then
    verdict="What this proves: the chain works. It was started from $weights."
elif awk -v zero="$zero" -v after="$after" 'BEGIN { exit !(zero > 0 && after != "" && after + 0 <= zero / 2) }'; then
    verdict="What this proves: the chain works and the network learns these four pairs. It was trained $origin."
else
    verdict="FAILED: the chain runs, but the network did not learn these four pairs: expected at most half of zero flow's error after $steps steps; try more --steps."
    status=1
fi

cat <<TEXT | tee -a "$results"

Summary (EPE in pixels, means over the four synthetic pairs)
  zero flow                 $zero
  at the start              $(last_number 'Average EPE:' 2)
  after $steps steps         $after
  offline, from the PB      $(last_number 'Average EPE =' 1)
$verdict
It says nothing about other frames; for those see the manual, Weights.
To look at
  frames, ground truth, flow at the start and at the end   $output/overview.png
  the first flow, images and a video                       $output/first
Files
  checkpoints   $output/finetuned
  frozen graph  $output/pwcnet.pb
  error table   $output/evaluation/epe.csv
  everything printed here   $results
TEXT
exit $status
