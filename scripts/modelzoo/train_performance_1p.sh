#!/usr/bin/env bash
# Fine-tunes on one card for some steps to measure speed: Ascend ModelZoo's performance case. See --help.
kind=perf train_steps=1000 evaluate=no
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
