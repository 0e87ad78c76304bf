#!/usr/bin/env bash
# Fine-tunes on one card to the end of V1 and evaluates: Ascend ModelZoo's accuracy case. See --help.
kind=acc train_steps=200000 evaluate=yes
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
