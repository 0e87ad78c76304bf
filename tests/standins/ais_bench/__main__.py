"""python3 -m ais_bench --model OM [--input DIR_OR_FILE] --output DIR [...].

Its predictions are zeros of 64x128. Faults: exit, skip, no_time.
"""

import argparse
import json
import os
import sys
import time

with open(os.environ["STANDIN_NOTES"], "a") as notes:
    notes.write(json.dumps(sys.argv[1:]) + "\n")
parser = argparse.ArgumentParser(allow_abbrev=False)
for name in ("--model", "--output"):
    parser.add_argument(name, required=True)
for name in ("--input", "--output_dirname"):
    parser.add_argument(name)
parser.add_argument("--outfmt", choices=("BIN", "NPY", "TXT"))
for name in ("--loop", "--batchsize", "--device"):
    parser.add_argument(name, type=int)
options = parser.parse_args()
fault = os.environ.get("STANDIN_FAULT")
if fault == "exit" or not os.path.isdir(options.output):
    sys.exit("[ERROR] load model failed")

folder = options.output_dirname or time.strftime("%Y_%m_%d-%H_%M_%S")
os.makedirs(os.path.join(options.output, folder))
with open(os.path.join(options.output, folder + "_summary.json"), "w") as summary:
    summary.write("{}")
if options.input is None:
    files = ["pure_infer"]
else:
    files = (
        sorted(os.listdir(options.input))
        if os.path.isdir(options.input)
        else [os.path.basename(options.input)]
    )
for file in files[:1] + files[2:] if fault == "skip" else files:
    with open(os.path.join(options.output, folder, file.split(".")[0] + "_0.bin"), "wb") as result:
        result.write(bytes(64 * 128 * 2 * 4))
if fault != "no_time":
    print("[INFO] -----------------Performance Summary------------------")
    print(
        "[INFO] NPU_compute_time (ms): min = 1201.5, max = 1210.25, mean = 1204.125, "
        "median = 1203.5, percentile(99%) = 1210.0"
    )
    print(
        "[INFO] throughput 1000*batchsize.mean(1)/NPU_compute_time.mean(1204.125): "
        "0.8304785632720855"
    )
