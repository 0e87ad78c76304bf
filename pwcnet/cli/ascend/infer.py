"""Runs a frozen graph on this machine over raw files, and writes the files that msame would: OUTPUT/<time>/<input name>_output_0.bin."""

from contextlib import closing

from pwcnet.ascend.raw_files import check_inputs, infer, list_bins
from pwcnet.ascend.result_folders import ResultFolder
from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import load_tensorflow, progress_bar
from pwcnet.cli.options import add_device_options, device_config
from pwcnet.evaluation.scoring import mean_without_first
from pwcnet.io.atomic import check_output_folder


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    if args.keep_coordinates and args.emulate is None:
        raise ValueError(
            "expected --keep_coordinates with --emulate, got it alone; without --emulate everything is float32"
        )
    inputs = list_bins(args.input)
    check_output_folder(args.output)

    load_tensorflow()
    from pwcnet.export.frozen_graph import frozen_input_shape, frozen_session, read_frozen

    graph_def = read_frozen(args.pb)
    size, times = frozen_input_shape(graph_def), []
    check_inputs(inputs, *size[1:])
    if args.emulate is not None:
        graph_def = emulated(graph_def, args.keep_coordinates)
        args.device = (
            "cpu" if args.device == "auto" else args.device
        )  # an NPU would round by itself
    with frozen_session(graph_def, device_config(args)) as network, progress_bar(
        total=len(inputs), unit="pair"
    ) as progress, ResultFolder(args.output) as results:
        with closing(
            infer(network, inputs, results.path, size)
        ) as runs:  # closed, so that no file is being written when the folder is removed
            for names, seconds in runs:
                times.append(seconds)
                progress.update(len(names))
    print("%d predictions in %s, %d a run" % (len(inputs), results.path, size[0]))
    print("Inference average time : %.2f ms" % (1000 * sum(times) / len(times)))
    print("Inference average time without first time: %.2f ms" % (1000 * mean_without_first(times)))


def emulated(graph_def, keep_coordinates):
    """The graph with half precision's rounding."""
    from pwcnet.export.half_precision import coordinate_ops, rounded

    keep = coordinate_ops(graph_def) if keep_coordinates else ()
    print("emulating fp16, %d nodes in float32; the times are not a device's" % len(keep))
    return rounded(graph_def, keep)


def parser(prog=None):
    options = ArgumentParser(prog=prog, description=__doc__)
    options.add_argument(
        "--pb",
        required=True,
        help="frozen graph of offline_infer/convert_ckpt2pb.py; one of batch N runs N files at a time",
    )
    options.add_argument(
        "--input",
        required=True,
        help="folder of .bin files, a pair each: image/ of offline_infer/dataprep.py",
    )
    options.add_argument("--output", required=True, help="folder to make the folder of results in")
    options.add_argument(
        "--emulate",
        choices=("fp16",),
        help="round weights and every node's result to half precision, as force_fp16 does: what it costs; "
        "on the CPU, unless --device says otherwise",
    )
    options.add_argument(
        "--keep_coordinates",
        action="store_true",
        help="with --emulate: the warp's coordinates stay float32, as with ATC's --keep_dtype",
    )
    add_device_options(options)
    return options
