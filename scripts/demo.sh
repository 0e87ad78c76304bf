#!/usr/bin/env bash
# The whole chain on generated scenes: set up, make scenes, flow with the project's own weights, fine-tune them, evaluate before and after, freeze, infer
# offline, score.
#   bash scripts/demo.sh [--runtime tf1|tf2] [--pretrained CHECKPOINT|none] [--steps 100] [--output demo_output]
# With --pretrained none it starts from random weights, which wants 300 steps, about five minutes.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

own=$root/pwcnet/weights/pwcnet-sm-scenes.npz
runtime='' pretrained=$own steps='' output=$root/demo_output
absolute() { case "$1" in "" | /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || { echo "demo: expected a value after $1; see the head of scripts/demo.sh" >&2; exit 2; }
    case "$1" in
        --runtime) runtime=$2 ;;
        --pretrained) if [ "$2" = none ]; then pretrained=''; else pretrained=$(absolute "$2"); fi ;;
        --steps) steps=$2 ;;
        --output) output=$(absolute "$2") ;;
        *) echo "demo: expected --runtime, --pretrained, --steps or --output, got '$1'" >&2; exit 2 ;;
    esac
    shift 2
done
if [ -n "$pretrained" ]; then steps=${steps:-100}; else steps=${steps:-300}; fi
[ "$steps" -ge 2 ] 2>/dev/null || { echo "demo: expected --steps of at least 2, got '$steps'" >&2; exit 2; }

venv=$(bash "$root/scripts/setup.sh" ${runtime:+"$runtime"})
python=$venv/bin/python
mkdir -p "$output"
results=$output/results.txt
[ ! -e "$output/finetuned" ] || { echo "demo: $output holds an earlier demo; remove it or name another --output" >&2; exit 2; }

# Shows a command, runs it, keeps its output in demo_output/results.txt.
step() {
    printf '\n== %s\n$ %s\n' "$1" "${*:2}" | sed "s#$root/##g" | tee -a "$results"
    "${@:2}" 2>&1 | tee -a "$results"
}
last_number() { grep "$1" "$results" | tail -n "$2" | head -n 1 | sed "s/.*$1 *\([0-9.]*\).*/\1/"; }

cd "$root"
: >"$results"
finetune=("$python" scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py --dataset "$output/scenes" --save_path "$output/finetuned"
    --batch_size 4 --robust False --crop_height 128 --crop_width 192 --augment False --display 50 --save_every 1000)
case "$pretrained" in
    '') finetune+=(--variant small --learning_rate 1e-3) ;;
    "$own") finetune+=(--pretrained "$pretrained" --learning_rate 1e-4) ;;
    *) finetune+=(--pretrained "$pretrained" --learning_rate 1e-5) ;;
esac
evaluate=("$python" scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py --dataset "$output/scenes")

step "Four pairs with exact flow, in Sintel's layout" \
    "$python" scripts/make_scenes.py --output "$output/scenes" --scenes 2 --frames 3 --height 128 --width 192 --max_motion 6 --seed 5
scene=$(ls -d "$output"/scenes/MPI-Sintel-complete/training/clean/* | head -n 1)
[ "$pretrained" != "$own" ] || step "Flow at once, with the project's own weights, which never saw these scenes" \
    "$python" scripts/predict.py --output "$output/at_once" --legend "$scene"
step "One step, to have a checkpoint of the start" "${finetune[@]}" --iterations 1
step "Evaluation at the start" "${evaluate[@]}" --ckpt "$output/finetuned/pwcnet.ckpt-1"
step "Fine-tuning" "${finetune[@]}" --resume --iterations "$steps"
step "Evaluation at the end" "${evaluate[@]}" --ckpt "$output/finetuned/pwcnet.ckpt-$steps" --output "$output/evaluation" --save_pictures
step "Checkpoint -> frozen graph" "$python" offline_infer/convert_ckpt2pb.py --ckpt "$output/finetuned/pwcnet.ckpt-$steps" \
    --output "$output/pwcnet.pb" --height 128 --width 192
step "Scenes -> input files" "$python" offline_infer/dataprep.py --dataset "$output/scenes" --output "$output/bins" --height 128 --width 192
step "Input files -> flow files, as msame would" "$python" offline_infer/infer_pb.py --pb "$output/pwcnet.pb" --input "$output/bins/image" --output "$output/inferred"
step "Flow files -> EPE" "$python" offline_infer/evaluation.py --gt_path "$output/bins/gt" --output_path "$output/inferred" \
    --height 128 --width 192 --frame_height 128 --frame_width 192
step "Flow of one pair" "$python" scripts/predict.py --ckpt "$output/finetuned" --output "$output/predicted" "$scene/frame_0001.png" "$scene/frame_0002.png"

zero=$(last_number 'Zero flow:' 1) after=$(last_number 'Average EPE:' 1) status=0
if [ -n "$pretrained" ] && [ "$pretrained" != "$own" ]; then
    verdict="What this proves: the chain works. It was started from $pretrained."
elif awk -v zero="$zero" -v after="$after" 'BEGIN { exit !(zero > 0 && after != "" && after + 0 <= zero / 2) }'; then
    origin="from random weights on nothing else"
    [ -z "$pretrained" ] || origin="from the project's own weights, which were trained on other generated scenes"
    verdict="What this proves: the chain works and the network learns these four pairs. It was trained $origin."
else
    verdict="FAILED: the chain runs, but the network did not learn these four pairs: expected at most half of zero flow's error after $steps steps; try more --steps."
    status=1
fi

pictures="$output/evaluation, $output/predicted"
[ "$pretrained" != "$own" ] || pictures="$output/at_once, $pictures"
cat <<TEXT | tee -a "$results"

Summary (EPE in pixels, means over the four generated pairs)
  zero flow                 $zero
  at the start              $(last_number 'Average EPE:' 2)
  after $steps steps         $after
  offline, from the PB      $(last_number 'Average EPE =' 1)
$verdict
It says nothing about other frames; for those see README, Weights.
Files
  checkpoints   $output/finetuned
  frozen graph  $output/pwcnet.pb
  error table   $output/evaluation/epe.csv
  pictures      $pictures
  everything printed here   $results
TEXT
exit $status
