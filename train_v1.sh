#!/bin/sh
# V1: fine-tunes the published weights on MPI-Sintel clean with the robust loss.
# Further arguments go to the fine-tuning script and win over those here:
#   sh train_v1.sh --dataset /data --pretrained /weights/pwcnet.ckpt-595000
# PYTHON names the interpreter; otherwise .venv-tf1, .venv-tf2 or python3 is taken.
# With RANK_SIZE above 1, and RANK_TABLE_FILE, one process for each Ascend NPU is started; a platform that starts them itself sets RANK_ID too.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
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
    set -- "$root/scripts/launch.py" --engine hccl --workers "$RANK_SIZE" -- "$@"
fi
exec "$python" "$@"
