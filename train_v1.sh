#!/bin/sh
# V1: fine-tunes the published weights on MPI-Sintel clean with the robust loss; --help says how.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

usage() {
    cat <<'END'
usage: sh train_v1.sh [--help] [options of the fine-tuning script]

V1: fine-tunes the published weights on MPI-Sintel clean with the robust loss, 200,000 steps.
Options go to scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py, whose --help lists them,
and override those that are set here.

environment variables:
  PYTHON           the interpreter (default: that of .venv-tf1, .venv-tf2, or python3)
  RANK_SIZE        Ascend NPUs: above 1, and with RANK_TABLE_FILE, one process per NPU is started
  RANK_TABLE_FILE  their rank table, written by pwcnet ascend rank-table
  RANK_ID          set by a platform that starts this script once for each NPU

example:
  sh train_v1.sh --dataset /data --pretrained /weights/pwcnet.ckpt-595000
END
}

for argument in "$@"; do
    case "$argument" in -h | --help) usage; exit 0 ;; esac
done
. "$root/scripts/find_python.sh"
set -- "$root/scripts/pwcnet_finetune_lg-6-2-multisteps-mpisintelclean.py" \
    --iterations 200000 \
    --display 1000 \
    --save_path "$root/pwcnet-lg-6-2-multisteps-mpisintelclean-finetuned/" \
    --batch_size 4 \
    --dataset "$root/dataset/" \
    --robust True \
    --pretrained "$root/pretrained/pwcnet.ckpt-595000" \
    "$@"
case "${RANK_SIZE:-1}" in
    *[!0-9]*) echo "train_v1: error: expected the number of NPUs in RANK_SIZE, got '$RANK_SIZE'; unset it for one" >&2; exit 2 ;;
esac
if [ -z "${RANK_ID:-}" ] && [ "${RANK_SIZE:-1}" -gt 1 ]; then
    PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
    export PYTHONPATH
    set -- -m pwcnet launch --engine hccl --workers "$RANK_SIZE" -- "$@"
fi
exec "$python" "$@"
