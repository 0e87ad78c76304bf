"""The results of `pwcnet benchmark`: the table that it prints, and earlier results."""

from __future__ import annotations

import json
from typing import Any

from pwcnet.runtime.choices import QUALITIES

CASES: dict[str, tuple[str, str | None]] = {  # name: (label, the case it is compared with)
    "plain-inference": ("plain formulation, one pair", None),
    "inference": ("one pair, frozen graph", "plain-inference"),
    "bfloat16": ("one pair, bfloat16", "plain-inference"),
    "plain-training": ("plain formulation, one step", None),
    "training": ("one step", "plain-training"),
    "convolution": ("3x3 convolution, 565 to 128 channels", None),
    "single": ("30 frames, pair by pair", None),
    "folder": ("30 frames, as a folder", "single"),
    "input": ("a training sample read, cropped and augmented", None),
    "startup": ("from nothing to the first flow", None),
}
FORMATS = {  # cases of other runtimes
    "tflite": "one pair, TFLite in LiteRT",
    "int8": "one pair, int8 in LiteRT",
    "xla": "one pair, compiled by XLA",
    "onnx": "one pair, ONNX in onnxruntime",
    "openvino": "one pair, frozen graph in OpenVINO",
    "stablehlo": "one pair, StableHLO in JAX",
}
CASES.update({name: (label, "inference") for name, label in FORMATS.items()})
LEVELS = tuple("quality-" + name for name in QUALITIES)
CASES.update({name: ("one pair, " + name.replace("-", " "), LEVELS[0]) for name in LEVELS})
CASES[LEVELS[0]] = (CASES[LEVELS[0]][0], None)
HEADINGS = ("case", "runtime", "median s", "ratio", "peak MiB", "ratio", "GFLOP/s")


def format_results(results: dict[str, Any], earlier: dict[tuple[str, str], float]) -> str:
    """The results as text: a row per case and runtime, then what follows from them.

    Ratios are to the plain formulation on the first runtime; those of a folder to pair by pair,
    those of other runtimes to TensorFlow's frozen graph and those of quality levels to the plain
    one, on the same runtime.

    Args:
        results: as --output writes them.
        earlier: {(case, runtime): seconds} of an earlier run; may be empty.
    """
    cases = {(result["case"], result["runtime"]): result for result in results["cases"]}
    first = results["cases"][0]["runtime"]
    rows = [HEADINGS + (("before",) if earlier else ("",))]
    for (case, runtime), result in cases.items():
        label, base_case = CASES[case]
        alike = case == "folder" or case in FORMATS or case in LEVELS
        base = cases.get((base_case or "", runtime if alike else first), {})
        before = earlier.get((case, runtime))
        rows.append(
            (
                label,
                result["tensorflow"],
                "%.4f" % result["seconds"],
                _ratio(result, base, "seconds"),
                "%.0f" % result["peak_mib"],
                _ratio(result, base, "peak_mib"),
                "%.0f" % (result["gflop"] / result["seconds"]) if result.get("gflop") else "",
                "%.2fx" % (result["seconds"] / before) if before else "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [results["machine"]["summary"], ""]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        lines.append("  ".join(cells).rstrip())
    for runtime in sorted({result["runtime"] for result in results["cases"]}):
        lines += _conclusions(
            {case: result for (case, of), result in cases.items() if of == runtime}
        )
    return "\n".join(lines)


def read_results(path: str) -> dict[tuple[str, str], float]:
    """{(case, runtime): seconds} of an earlier --output. Raises ValueError for other files."""
    try:
        with open(path) as stream:
            results = json.load(stream)["cases"]
        return {(result["case"], result["runtime"]): result["seconds"] for result in results}
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            "%s holds no results of a benchmark; --output writes such files" % path
        ) from None


def _conclusions(cases: dict[str, dict[str, Any]]) -> list[str]:
    """What follows from the cases of one runtime."""
    lines, runtime = [], next(iter(cases.values()))["tensorflow"]
    inference, convolution = cases.get("inference"), cases.get("convolution")
    if inference and convolution:
        rates = [result["gflop"] / result["seconds"] for result in (inference, convolution)]
        lines.append(
            "%.0f GFLOP/s are %.2f of the bare convolution's %.0f"
            % (rates[0], rates[0] / rates[1], rates[1])
        )
    if inference and "nodes" in inference:
        nodes = inference["nodes"]
        lines.append("frozen graph nodes: host %d, ascend %d" % (nodes["host"], nodes["ascend"]))
    for name, result in cases.items():
        if "difference" in result:
            lines.append(_describe_difference(name, result))
    if "loop_seconds" in cases.get("input", {}):
        lines.append(_describe_input(cases["input"]))
    return ["%s: %s" % (runtime, line) for line in lines]


def _describe_difference(name: str, result: dict[str, Any]) -> str:
    line = "%s: differs from float32 by %.2g px on average, %.2g px at most, of a mean flow of %.2f"
    parts = [line % (name, *result["difference"])]
    if "file_mib" in result:
        parts.append("file of %.1f MiB" % result["file_mib"])
    if "load_seconds" in result:
        parts.append("first flow after %.1f s" % result["load_seconds"])
    return "; ".join(parts)


def _describe_input(result: dict[str, Any]) -> str:
    speed = 1 / result["seconds"]
    return (
        "input: %.2f samples/s with %d readers, %.2f times a single-threaded loop (%.2f); "
        "%.1f MB/s delivered, %.1f MB/s read"
        % (
            speed,
            result["readers"],
            result["loop_seconds"] / result["seconds"],
            1 / result["loop_seconds"],
            speed * result["delivered_bytes"] / 1e6,
            speed * result["read_bytes"] / 1e6,
        )
    )


def _ratio(result: dict[str, Any], base: dict[str, Any], key: str) -> str:
    return "%.3f" % (result[key] / base[key]) if base else ""
