#!/usr/bin/env bash
# PB -> OM: checks a frozen graph and converts it with ATC (CANN 5.0.3 and later).
#
# usage: bash offline_infer/pb2om.sh --pb FILE [options] [-- further arguments of atc]
#
# options:
#   --pb FILE               the frozen graph, of convert_ckpt2pb.py or pwcnet export --target ascend
#   --output NAME           the file to write, without .om
#                           (default: the PB's name without .pb, and _<batch size>batch)
#   --soc_version CHIP      Ascend310, Ascend310P3, Ascend910A: "Ascend" and the chip's name in
#                           `npu-smi info` (default: Ascend310)
#   --batch_size, --height, --width N
#                           only for a graph whose input leaves them open
#   --precision_mode MODE   force_fp16, allow_fp32_to_fp16, must_keep_origin_dtype, or another of
#                           ATC's (default: force_fp16)
#   --keep_dtype auto|none|FILE
#                           nodes that stay float32; auto, the default with force_fp16: the warp's
#                           coordinates, whose steps are 0.125 pixels in fp16
#   --out_nodes NODE:0      the output (default: output:0)
#   --log LEVEL             of ATC: debug, info, warning, error, null (default: info)
#   --allow_unknown         try a graph with operations that ATC has not been seen to take
#
# example: bash offline_infer/pb2om.sh --pb offline_infer/pwcnet.pb --output pwcnet_1batch
#
# Why force_fp16 with the coordinates kept: emulated on four Sintel pairs with the small network,
# half precision moves the flow by 0.023 px on average, and by 0.0036 px with the coordinates in
# float32 (infer_pb.py --emulate fp16 shows it for other weights). The other modes leave more in
# float32, which costs time, where the chip can do them at all: a chip without float32 convolutions
# may refuse must_keep_origin_dtype.
#
# PYTHON names the interpreter; otherwise .venv-tf1, .venv-tf2 or python3 is taken.
# Exit code 2: wrong input; 1: the graph or ATC does not do.
set -euo pipefail
root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
fail() { echo "pb2om.sh: error: $1" >&2; exit "${2:-2}"; }

pb='' output='' soc_version=Ascend310 batch_size='' height='' width=''
precision_mode=force_fp16 keep_dtype='' out_nodes=output:0 log=info allow=()
while [ $# -gt 0 ]; do
    case "$1" in
        --) shift; break ;;
        -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        --allow_unknown) allow=(--allow_unknown); shift; continue ;;
        --*=*) name=${1%%=*} value=${1#*=}; shift; set -- "$name" "$value" "$@" ;;
    esac
    [ $# -ge 2 ] || fail "expected a value after '$1'; see pb2om.sh --help"
    case "$1" in
        --pb | --output | --soc_version | --batch_size | --height | --width | --precision_mode | --keep_dtype | --out_nodes | --log)
            printf -v "${1#--}" %s "$2" ;;
        *) fail "expected an option of pb2om.sh --help, got '$1'; arguments of atc itself go behind --" ;;
    esac
    shift 2
done
[ -n "$pb" ] || fail "expected --pb FILE, got none; make one with offline_infer/convert_ckpt2pb.py"
[ -f "$pb" ] || fail "expected a frozen graph, found none at $pb; make one with offline_infer/convert_ckpt2pb.py"
[ -n "$keep_dtype" ] || { [ "$precision_mode" = force_fp16 ] && keep_dtype=auto || keep_dtype=none; }
case "$keep_dtype" in
    auto | none) ;;
    *) [ -f "$keep_dtype" ] || fail "expected auto, none or a file of names for --keep_dtype, found none at $keep_dtype" ;;
esac

. "$root/scripts/find_python.sh"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

from_report() { "$python" -c 'import json, sys; report = json.load(open(sys.argv[1])); print('"$1"')' "$temporary/report.json"; }

code=0
"$python" "$root/offline_infer/check_pb.py" "$pb" --json "$temporary/report.json" ${batch_size:+--batch_size "$batch_size"} \
    ${height:+--height "$height"} ${width:+--width "$width"} ${allow[@]+"${allow[@]}"} || code=$?
[ "$code" -le 1 ] || exit "$code"
[ "$code" = 0 ] || fail "the graph has operations that ATC has not been seen to take (above); freeze it with --target ascend, or add --allow_unknown" 1
shape=$(from_report 'report["input_shape"] or ""')
[ -n "$shape" ] || fail "expected --batch_size, --height and --width for a graph that leaves its input's sizes open"
batch=${shape#*:} batch=${batch%%,*}

output=${output%.om}                        # ATC appends it
[ -n "$output" ] || output=${pb%.pb}_${batch}batch
mkdir -p -- "$(dirname -- "$output")" || fail "cannot make the folder of $output; choose one you can write to"
command=(atc --model="$pb" --framework=3 --input_shape="$shape" --output="$output" --soc_version="$soc_version" --out_nodes="$out_nodes"
    --precision_mode="$precision_mode" --log="$log")
if [ "$keep_dtype" = auto ]; then
    keep_dtype=$output.keep_dtype           # stays beside the OM, so that the command below can be run again
    from_report '"\n".join(report["coordinates"])' >"$keep_dtype"
    grep -q . "$keep_dtype" || { rm "$keep_dtype"; keep_dtype=none; }
fi
case "$keep_dtype" in none) ;; *) command+=(--keep_dtype="$keep_dtype") ;; esac
command+=("$@")
for word in "${command[@]}"; do
    case "$word" in *[!A-Za-z0-9_./:=,+-]*) printf '%q ' "$word" ;; *) printf '%s ' "$word" ;; esac
done
echo
command -v atc >/dev/null 2>&1 \
    || fail "expected atc on PATH, found none; on a machine with CANN: source /usr/local/Ascend/ascend-toolkit/set_env.sh (or set_env.sh where CANN lies)"

touch "$temporary/started"
code=0
"${command[@]}" 2>&1 | tee "$temporary/log" || code=${PIPESTATUS[0]}
hint=''
[ "$keep_dtype" = none ] || hint="; where it does not take --keep_dtype, try --keep_dtype none"
partial() { [ ! "$output.om" -nt "$temporary/started" ] || rm -f "$output.om"; }         # what a failure wrote is no model
[ "$code" = 0 ] || { partial; fail "atc failed with exit code $code; its messages are above, its logs in ~/ascend/log$hint" 1; }
grep -q "ATC run success" "$temporary/log" || { partial; fail "atc did not print \"ATC run success\"; its messages are above, its logs in ~/ascend/log" 1; }
[ "$output.om" -nt "$temporary/started" ] || fail "atc printed success, but wrote no $output.om; look into the folder and atc's messages above" 1
echo "wrote       $output.om ($(wc -c <"$output.om") bytes)"
