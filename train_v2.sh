#!/bin/sh
# V2: V1, then the multiscale loss from V1's checkpoint 176000; --help says how.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

usage() {
    cat <<'END'
usage: sh train_v2.sh [--help] [options of the fine-tuning script]

V2: V1 (train_v1.sh), then 600,000 steps with the multiscale loss from V1's checkpoint 176000. Stops
at the first failure; a stop from outside reaches the step that runs, which saves.

Options go to both steps. With --save_path DIR the second step writes to DIR-step2. --pretrained
names the weights of step 1. Step 2 starts from step 1's pwcnet.ckpt-176000 (for other batch sizes,
of all cards together, 176000 * 4 / batch size), or from its last checkpoint where there is none.

Where a platform starts this script once for each NPU, the others wait for the last checkpoint of
RANK_ID 0 between the steps.

environment variables:
  PWCNET_WAIT  seconds to wait at most (default: 1800)
  others       see train_v1.sh --help

example:
  sh train_v2.sh --dataset /data --pretrained /weights/pwcnet.ckpt-595000 --save_path run
END
}

for argument in "$@"; do
    case "$argument" in -h | --help) usage; exit 0 ;; esac
done
step1=$root/pwcnet-lg-6-2-multisteps-mpisintelclean-finetuned
batch=4
previous=
for argument in "$@"; do
    case "$argument" in
        --save_path=* | --save-path=*) step1=${argument#*=} ;;
        --batch_size=* | --batch-size=*) batch=${argument#*=} ;;
    esac
    case "$previous" in
        --save_path | --save-path) step1=$argument ;;
        --batch_size | --batch-size) batch=$argument ;;
    esac
    previous=$argument
done
step1=${step1%/}
case "$batch" in '' | *[!0-9]* | 0) batch=4 ;; esac         # the fine-tuning script says what is wrong with it
ranks=${RANK_SIZE:-1}
case "$ranks" in '' | *[!0-9]* | 0) ranks=1 ;; esac
first=pwcnet.ckpt-$((176000 * 4 / batch / ranks))           # of step 2

# Runs a command as a child that a stop is passed on to, and waits for it.
run() {
    "$@" &
    child=$!
    trap 'kill -TERM "$child" 2>/dev/null || true' INT TERM
    while :; do
        status=0
        wait "$child" || status=$?
        kill -0 "$child" 2>/dev/null || break
    done
    trap - INT TERM
    [ "$status" = 0 ] || exit "$status"
}

finished=$step1/finished                    # written by the leader after its last save of step 1
[ "${RANK_ID:-0}" != 0 ] || rm -f "$finished"
run sh "$root/train_v1.sh" "$@"
if [ "${RANK_ID:-0}" = 0 ]; then
    : >"$finished"
else
    . "$root/scripts/find_python.sh"
    run "$python" "$root/scripts/wait_for_leader.py" --folder "$step1" --checkpoint "$first" \
        ${PWCNET_STEP1_URL:+--url "$PWCNET_STEP1_URL"} --limit "${PWCNET_WAIT:-1800}"
fi

pretrained=$step1/$first
if [ ! -e "$pretrained.index" ]; then
    echo "train_v2: no $pretrained; step 2 starts from the last checkpoint in $step1" >&2
    pretrained=$step1
fi
run sh "$root/train_v1.sh" --iterations 600000 --display 100 --keep_range 50000:60000:1000 "$@" --save_path "$step1-step2/" --robust False --pretrained "$pretrained"
