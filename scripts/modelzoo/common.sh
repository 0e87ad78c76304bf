# What train_full_1p.sh and train_performance_1p.sh share: arguments, environment, the run and the results of Ascend ModelZoo's conventions.
# Sourced with: kind (acc or perf), train_steps, evaluate (yes or no). Results go to test/output/$ASCEND_DEVICE_ID below the current folder.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
Network=PWCNet_ID0171_for_TensorFlow
data_path= output_path= precision_mode= batch_size=4 over_dump=False data_dump_flag=False profiling=False
further=()

usage() {
    cat <<EOF
usage: bash scripts/modelzoo/$(basename "$0") --data_path=DIR [options] [-- OPTIONS OF THE FINE-TUNING SCRIPT]

Fine-tunes on one card with Ascend ModelZoo's arguments, and writes the log, times and results to
test/output/\$ASCEND_DEVICE_ID below the current folder.

options:
  --data_path=DIR        folder that holds MPI-Sintel-complete
  --output_path=DIR      folder for checkpoints (default: ckpt in the folder of the log)
  --precision_mode=NAME  of the NPU, e.g. allow_mix_precision
  --batch_size=N         samples per step (default: $batch_size)
  --train_steps=N        steps of that batch size (default: $train_steps)
  --over_dump=True       dump operations that overflow
  --data_dump_flag=True  dump inputs and outputs of step 0
  --profiling=True       write a profile

environment variables:
  ASCEND_DEVICE_ID       the card (default: 0)
  PYTHON                 the interpreter (default: that of .venv-tf1, .venv-tf2, or python3)
EOF
}

fail() { echo "$(basename "$0"): error: $*" >&2; exit 2; }

while [ $# -gt 0 ]; do
    case "$1" in
        --data_path=* | --output_path=* | --precision_mode=* | --batch_size=* | --train_steps=* | --over_dump=* | --data_dump_flag=* | --profiling=*)
            name=${1%%=*}
            printf -v "${name#--}" %s "${1#*=}" ;;
        -h | --help) usage; exit 0 ;;
        --) shift; further=("$@"); break ;;
        *) fail "expected --data_path=, --output_path=, --precision_mode=, --batch_size=, --train_steps=, --over_dump=, --data_dump_flag= or --profiling=, got '$1'" ;;
    esac
    shift
done
[ -n "$data_path" ] || fail "expected --data_path=DIR, the folder that holds MPI-Sintel-complete"
[ -d "$data_path" ] || fail "no folder $data_path; see --data_path"
for name in batch_size train_steps; do
    [[ ${!name} =~ ^[1-9][0-9]*$ ]] || fail "expected a whole number above 0 for --$name, got '${!name}'"
done

export RANK_SIZE=1 RANK_ID=0 JOB_ID=10087 ASCEND_DEVICE_ID=${ASCEND_DEVICE_ID:-0}
unset RANK_TABLE_FILE
. "$root/scripts/find_python.sh"
folder=$PWD/test/output/$ASCEND_DEVICE_ID
checkpoints=${output_path:-$folder/ckpt}
train_log=$folder/train_$ASCEND_DEVICE_ID.log
mkdir -p "$folder"

npu=()
[ -z "$precision_mode" ] || npu+=(--precision_mode "$precision_mode")
[ "$over_dump" != True ] || { mkdir -p "$folder/overflow_dump"; npu+=(--enable_dump_debug --dump_path "$folder/overflow_dump" --dump_debug_mode all); }
[ "$data_dump_flag" != True ] || { mkdir -p "$folder/data_dump"; npu+=(--enable_dump --dump_path "$folder/data_dump" --dump_step 0 --dump_mode all); }
[ "$profiling" != True ] || { mkdir -p "$folder/profiling"; npu+=(--profiling "$folder/profiling"); }

# The fine-tuning script's --iterations are for batches of 4.
iterations=$(((train_steps * batch_size + 3) / 4))
began=$(date +%s)
status=0
"$python" "$root/scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py" --dataset "$data_path" --save_path "$checkpoints" \
    --batch_size "$batch_size" --iterations "$iterations" --display "$((train_steps < 100 ? 1 : 100))" --robust True \
    ${npu[@]+"${npu[@]}"} ${further[@]+"${further[@]}"} >"$train_log" 2>&1 || status=$?
E2ETrainingTime=$(($(date +%s) - began))
[ $status = 0 ] || { tail -n 5 "$train_log" >&2; echo "$(basename "$0"): training failed with $status; see $train_log" >&2; exit $status; }

# The first line holds the building of the graph; where it is the only one, it counts.
seconds=$(grep -o 'sec/step=[0-9.]*' "$train_log" | cut -d= -f2 | { read -r first; awk -v first="$first" '{ sum += $1; n++ } END { print n ? sum / n : first }'; })
ActualFPS=$(awk -v batch="$batch_size" -v seconds="$seconds" 'BEGIN { printf "%.2f", batch / seconds }')
TrainingTime=$(awk -v seconds="$seconds" 'BEGIN { printf "%.2f", 1000 * seconds }')           # milliseconds a step
ActualLoss=$(grep -o ' loss=[0-9.e+-]*' "$train_log" | tail -n 1 | cut -d= -f2)
CaseName=${Network}_bs${batch_size}_${RANK_SIZE}p_$kind
DeviceType=$(uname -m)

if [ "$evaluate" = yes ]; then
    "$python" "$root/scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py" --dataset "$data_path" --ckpt "$checkpoints" \
        >>"$train_log" 2>&1 || { tail -n 5 "$train_log" >&2; echo "$(basename "$0"): evaluation failed; see $train_log" >&2; exit 1; }
    TrainAccuracy=$(sed -n 's/^Average EPE=\([0-9.]*\),.*/\1/p' "$train_log" | tail -n 1)
fi
{
    for name in Network RANK_SIZE batch_size DeviceType CaseName ActualFPS TrainingTime ${TrainAccuracy:+TrainAccuracy} ActualLoss E2ETrainingTime; do
        case $name in RANK_SIZE) label=RankSize ;; batch_size) label=BatchSize ;; *) label=$name ;; esac
        echo "$label = ${!name}"
    done
} >"$folder/$CaseName.log"
cat "$folder/$CaseName.log"
