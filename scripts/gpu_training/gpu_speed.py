#!/usr/bin/env python
"""Times the network on a GPU: PyTorch, the project's own graph by XLA, RAFT; --help says how."""

from __future__ import annotations

import os
import sys
import time

if __name__ == "__main__":
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path.insert(0, root)

from pwcnet.cli.arguments import ArgumentParser, network_size, positive_int
from pwcnet.cli.common import run
from scripts.gpu_training.pytorch import require_pytorch

DESCRIPTION = """Times the network in PyTorch, the project's own graph as StableHLO that XLA
compiles through JAX, and torchvision's RAFT, in milliseconds a pair. XLA's flow is compared with
that of PyTorch in float32. What needs jax or torchvision is left out where they are missing.

Without TensorFlow on the GPU's machine, make the graph elsewhere:
  pwcnet export --weights W.npz --format stablehlo --size 448x1024 --output W.mlir"""
EXAMPLES = """
gpu_speed.py --weights W.npz --graph W.mlir A.png B.png
"""
SERIES = 3  # of which the best counts
CALLS_ON_GPU, CALLS_ON_CPU = 20, 1  # of a series
MODES = (  # name, TF32, bfloat16, ways to compute
    ("float32", False, False, (1, "rows")),
    ("TF32", True, False, (1, "rows")),
    ("bfloat16", True, True, (8, "tiles")),
)


def parser(prog: str) -> ArgumentParser:
    """The command line's options."""
    result = ArgumentParser(prog=prog, description=DESCRIPTION, examples=EXAMPLES)
    result.add_argument("frames", nargs=2, metavar="IMAGE", help="a pair")
    result.add_argument(
        "--weights",
        default="small",
        help=".npz, or small or large: the shipped ones (default: small)",
    )
    result.add_argument("--large", action="store_true", help="the weights are the large network's")
    result.add_argument("--graph", metavar="FILE", help="StableHLO of --size and --batch-size")
    result.add_argument(
        "--size",
        type=network_size,
        default=(448, 1024),
        metavar="HxW",
        help="to which frames are cut or padded (default: 448x1024)",
    )
    result.add_argument("--batch-size", type=positive_int, default=1)
    return result


def main(argv: list[str], prog: str) -> None:
    """Measures, and prints a line each."""
    args = parser(prog).parse_args(argv)
    require_pytorch()
    import torch

    from scripts.gpu_training.weights import start_network

    if args.graph and not os.path.isfile(args.graph):
        raise FileNotFoundError("No graph at %s" % args.graph)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    print(torch.cuda.get_device_name() if device.type == "cuda" else "CPU")
    network, pairs = start_network(args.large, [args.weights]), read_pairs(args)
    if args.graph:
        with torch.no_grad():
            expected = network(torch.from_numpy(pairs).permute(0, 1, 4, 2, 3))[0]
        time_graph(args.graph, pairs, expected.permute(0, 2, 3, 1).numpy())
    x = torch.from_numpy(pairs).permute(0, 1, 4, 2, 3).contiguous().to(device)
    time_network(network.to(device), x)
    time_raft(x)


def read_pairs(args):
    """[B, 2, H, W, 3] float32 in 0..1: the pair, repeated."""
    import numpy as np

    from pwcnet.io.images import read_frame

    height, width = args.size
    pair = np.zeros((2, height, width, 3), np.float32)
    for padded, path in zip(pair, args.frames):
        frame = read_frame(path)[:height, :width]
        padded[: frame.shape[0], : frame.shape[1]] = frame / np.float32(255)
    return np.repeat(pair[None], args.batch_size, 0)


def time_graph(path, pairs, expected):
    """The StableHLO at `path` in XLA; expected [B, H, W, 2] is the flow in float32."""
    import dataclasses

    import numpy as np

    try:
        import jax
        import jax.export
    except ImportError as error:
        print("XLA: %s" % error)
        return
    result = jax.ShapeDtypeStruct(expected.shape, "float32")
    # An exported function of the same argument and result, whose module is replaced.
    zeros = jax.jit(lambda _: jax.numpy.zeros(result.shape, result.dtype), keep_unused=True)
    like = jax.export.export(zeros)(jax.ShapeDtypeStruct(pairs.shape, "float32"))
    with open(path, "rb") as stream:
        call = jax.jit(dataclasses.replace(like, mlir_module_serialized=stream.read()).call)
    x, start = jax.device_put(pairs), time.perf_counter()
    flow, took = np.asarray(call(x)), time.perf_counter() - start
    best = best_time(lambda: call(x).block_until_ready(), jax.devices()[0].platform != "cpu")
    difference = np.abs(flow - expected)
    print(
        "the project's graph by XLA: %.2f ms a pair, compiled in %.1f s; differs from float32 by "
        "%.1e px on average, %.1e at most"
        % (1000 * best / len(pairs), took, difference.mean(), difference.max()),
        flush=True,
    )


def time_network(network, x):
    """The network in PyTorch, in each of MODES."""
    import torch

    for name, tf32, half, (multiple, costs) in MODES:
        torch.backends.cudnn.allow_tf32 = tf32
        network.channel_multiple, network.costs = multiple, costs
        milliseconds = forward_time(lambda x: network(x)[0], x, half, captured=True)
        print("PyTorch, %s: %.2f ms a pair" % (name, milliseconds), flush=True)


def time_raft(x):
    """torchvision's RAFT, with random weights."""
    import torch

    try:
        from torchvision.models.optical_flow import raft_large, raft_small
    except ImportError as error:
        print("RAFT: %s" % error)
        return
    torch.backends.cudnn.allow_tf32 = True
    for make in (raft_small, raft_large):
        network = make(weights=None, progress=False).to(x.device).eval()
        for half in (False, True):
            milliseconds = forward_time(
                lambda x, network=network: network(x[:, 0] * 2 - 1, x[:, 1] * 2 - 1)[-1], x, half
            )
            name = "%s, %s" % (make.__name__, "bfloat16" if half else "TF32")
            print("torchvision %s: %.2f ms a pair" % (name, milliseconds), flush=True)


def forward_time(call, x, half, captured=False):
    """Milliseconds a pair of `call(x)`, on a GPU as a captured graph where asked."""
    import torch

    def work():
        with torch.autocast(x.device.type, torch.bfloat16, enabled=half):
            call(x)
        if x.is_cuda:
            torch.cuda.synchronize()

    with torch.no_grad():
        work()
        if captured and x.is_cuda:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph), torch.autocast("cuda", torch.bfloat16, enabled=half):
                call(x)

            def work():
                graph.replay()
                torch.cuda.synchronize()

        return 1000 * best_time(work, x.is_cuda) / len(x)


def best_time(work, on_gpu):
    """Seconds of a call, in the best of some series."""
    calls, series = CALLS_ON_GPU if on_gpu else CALLS_ON_CPU, []
    for _ in range(SERIES):
        start = time.perf_counter()
        for _ in range(calls):
            work()
        series.append((time.perf_counter() - start) / calls)
    return min(series)


if __name__ == "__main__":
    run(main)
