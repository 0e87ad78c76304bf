#!/bin/sh
# V2: V1, then the multiscale loss from V1's checkpoint 176000. Stops at the first failure.
# Further arguments go to both steps; with --save_path DIR the second step writes to DIR-step2. --pretrained names the weights of step 1;
# step 2 starts from step 1's pwcnet.ckpt-176000, or from its last checkpoint where a shorter run made none.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
step1=$root/pwcnet-lg-6-2-multisteps-mpisintelclean-finetuned
previous=
for argument in "$@"; do
    case "$argument" in --save_path=*) step1=${argument#--save_path=} ;; esac
    [ "$previous" != --save_path ] || step1=$argument
    previous=$argument
done
step1=${step1%/}

sh "$root/train_v1.sh" "$@"

pretrained=$step1/pwcnet.ckpt-176000
if [ ! -e "$pretrained.index" ]; then
    echo "train_v2: no $pretrained; step 2 starts from the last checkpoint in $step1" >&2
    pretrained=$step1
fi
exec sh "$root/train_v1.sh" --iterations 600000 --display 100 "$@" --save_path "$step1-step2/" --robust False --pretrained "$pretrained"
