"""The flags of command lines that say where to compute, and the session configuration that they ask for."""

from pwcnet.cli.common import positive_int
from pwcnet.runtime.choices import DEVICES

TEXTS = {
    "precision_mode": "allow_fp32_to_fp16 (CANN's own for training on a 910), allow_mix_precision, must_keep_origin_dtype, force_fp32, ...",
    "precision_mode_v2": "fp16, origin, cube_fp16in_fp32out, mixed_float16 or mixed_bfloat16: in its place with newer releases of CANN",
    "modify_mixlist": "JSON file of operations to compute in another type",
    "dump_path": "folder for dumps, with --enable_dump or --enable_dump_debug",
    "dump_step": "steps to dump, e.g. 0|5|10-20",
    "dump_mode": "input, output or all",
    "dump_debug_mode": "aicore_overflow, atomic_overflow or all",
    "profiling": "folder for a profile of the run",
}
SWITCHES = {
    "enable_dump": "dump what operations get and give",
    "enable_dump_debug": "dump operations that overflow",
    "deterministic": "the same numbers in every run",
}
WITHOUT_EFFECT = (
    "enable_dump",
    "enable_dump_debug",
    "dump_path",
    "dump_step",
    "dump_mode",
    "dump_debug_mode",
    "profiling_mode",
    "profiling_options",
    "work_path",
    "op_compiler_cache_mode",
    "op_compiler_cache_dir",
    "session_device_id",
)  # of an NPU's options, on the numbers


def add_device_options(parser, training=False):
    """Adds --device and the options of an NPU."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help="where to compute; auto: an NPU where npu_bridge is installed, or a GPU, or the CPU",
    )
    npu = parser.add_argument_group("on an Ascend NPU")
    for name, text in TEXTS.items():
        npu.add_argument(
            "--" + name,
            metavar="DIR" if "folder" in text else "FILE" if "file" in text else "NAME",
            help=text,
        )
    for name, text in SWITCHES.items():
        npu.add_argument("--" + name, action="store_const", const=True, help=text)
    npu.add_argument(
        "--npu_option",
        action="append",
        metavar="KEY=VALUE",
        help="any other key of NpuOptimizer, e.g. op_debug_level=1; once for each",
    )
    if training:
        npu.add_argument(
            "--iterations_per_loop",
            type=positive_int,
            metavar="N",
            help="steps on the device for one run of the session",
        )
    parser.set_defaults(graph_run_mode="train" if training else "inference")


def npu_options(args):
    """pwcnet.ascend.session.NpuOptions of the flags, None where there are none. Imports TensorFlow. Raises ValueError or FileNotFoundError."""
    from pwcnet.ascend.session import NpuOptions

    names = list(TEXTS) + list(SWITCHES) + ["iterations_per_loop"]
    given = {name: getattr(args, name) for name in names if getattr(args, name, None) is not None}
    if args.npu_option:
        given["extra"] = tuple(args.npu_option)
    return NpuOptions(graph_run_mode=args.graph_run_mode, **given) if given else None


def device_config(args, threads=0):
    """The ConfigProto for the flags. Imports TensorFlow. Raises ValueError for a device that is not here and for options that do not fit."""
    from pwcnet.ascend.session import NpuOptions, device_session_config
    from pwcnet.runtime.devices import choose_device

    options, device = npu_options(args), choose_device(args.device)
    if device == "npu":
        options = options or NpuOptions(graph_run_mode=args.graph_run_mode)
    return device_session_config(device, threads, options)


def session_of(config):
    """What of a session's ConfigProto the numbers may depend on, as text: the device, and an NPU's options but for dumps, profiles and places. None is ""."""
    if config is None:
        return ""
    telling, options = type(config)(), []
    telling.CopyFrom(config)
    for (
        optimizer
    ) in telling.graph_options.rewrite_options.custom_optimizers:  # a map prints in any order
        options += sorted(
            "%s %s" % item
            for item in optimizer.parameter_map.items()
            if item[0] not in WITHOUT_EFFECT
        )
        optimizer.ClearField("parameter_map")
    return " ".join(" ".join([str(telling)] + options).split())
