"""Prints the tables of EPE by format in docs/deployment.md and docs/speed.md.

Needs TensorFlow 2 and the extra int8. In brackets: mean difference in pixels from float32; that of
TFLite files, to whose one size frames are padded, from the first of them.
"""

import contextlib
import io
import os
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

import numpy as np  # noqa: E402

from pwcnet import Predictor  # noqa: E402
from pwcnet.cli import export  # noqa: E402
from pwcnet.cli.arguments import ArgumentParser  # noqa: E402
from pwcnet.cli.common import run  # noqa: E402
from pwcnet.data.datasets.registry import parse_source  # noqa: E402
from pwcnet.flow.metrics import average, endpoint_error  # noqa: E402
from pwcnet.flow.padding import pad  # noqa: E402
from pwcnet.runtime.devices import session_config  # noqa: E402

SIZE = (448, 1024)
PAIRS = {
    "alley_1 1": ("sintel-clean", "alley_1/frames_0001_0002"),
    "alley_1 2": ("sintel-clean", "alley_1/frames_0002_0003"),
    "alley_1 3": ("sintel-clean", "alley_1/frames_0003_0004"),
    "Venus": ("middlebury", "Venus"),
    "RubberWhale": ("middlebury", "RubberWhale"),
    "Chairs 2": ("chairs", "00002"),
    "market_5": ("sintel-clean", "market_5"),
}
QUANTIZED = ("none", "float16", "dynamic")


def main(argv, prog):
    """Prints a row for each precision of Predictor, then one for each TFLite file."""
    parser = ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument(
        "data",
        metavar="DATA",
        help="folder of MPI-Sintel-complete, middlebury and FlyingChairs_release",
    )
    data = parser.parse_args(argv).data
    samples = [find_sample(data, *place) for place in PAIRS.values()]
    print("| | MB | s | %s |\n%s" % (" | ".join(PAIRS), "|---" * (len(PAIRS) + 3) + "|"))
    with Predictor(session_config=session_config(2), quality="plain") as predictor:
        exact = [predictor.flow(sample.frame1, sample.frame2) for sample in samples]
    print_row("float32", "", "", samples, exact, exact)
    with Predictor(
        session_config=session_config(2), precision="int8", quality="plain"
    ) as predictor:
        flows = [predictor.flow(sample.frame1, sample.frame2) for sample in samples]
    print_row("`--precision int8`", "", "", samples, flows, exact)
    for quantize in QUANTIZED:
        flows, size, seconds = tflite_flows(quantize, samples)
        exact = flows if quantize == "none" else exact
        print_row(
            "`--quantize %s`" % quantize, "%.1f" % size, "%.2f" % seconds, samples, flows, exact
        )


def find_sample(data, name, pair):
    """The loaded pair of a data set whose id begins with `pair`."""
    samples = parse_source("%s=%s" % (name, data)).samples("val_notrain")
    return next(sample for sample in samples if sample.id.startswith(pair)).load()


def tflite_flows(quantize, samples):
    """(flows, size of the file in MB, median of CPU seconds) of one thread of LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pwcnet.tflite")
        size = ["--size", "%dx%d" % SIZE, "--quantize", quantize]
        with contextlib.redirect_stdout(io.StringIO()):
            export.main(["--output", path, *size], "pwcnet export")
        megabytes = os.path.getsize(path) / 1e6
        interpreter = Interpreter(path, num_threads=1)
    predict, flows, seconds = interpreter.get_signature_runner(), [], []
    for sample in samples:
        frames = [
            pad(frame.astype(np.float32) / 255, *SIZE) for frame in (sample.frame1, sample.frame2)
        ]
        start = time.process_time()
        flow = predict(x_tnsr=np.stack(frames)[np.newaxis])["flow"][0]
        seconds.append(time.process_time() - start)
        flows.append(flow[: sample.flow.shape[0], : sample.flow.shape[1]])
    return flows, megabytes, np.median(seconds)


def print_row(label, size, seconds, samples, flows, exact):
    """Prints EPE of each pair, and how far the flow is from the exact one."""
    cells = []
    for sample, flow, wanted in zip(samples, flows, exact):
        epe = average(endpoint_error(flow, sample.flow), sample.valid).value
        cells.append("%.3f (%.3f)" % (epe, np.hypot(*np.moveaxis(flow - wanted, -1, 0)).mean()))
    print("| %s | %s | %s | %s |" % (label, size, seconds, " | ".join(cells)), flush=True)


if __name__ == "__main__":
    run(main)
