"""The times that msame and ais_bench print."""
import re

NUMBER = r"([0-9.eE+-]+)"
# msame prints "time : 1.23 ms" for a folder and "time: 1.234000 ms" for files and for zeros.
MSAME = {"mean_ms": re.compile(r"Inference average time ?: ?%s ms" % NUMBER),
         "mean_without_first_ms": re.compile(r"Inference average time without first time ?: ?%s ms" % NUMBER)}
AIS_BENCH = re.compile(r"NPU_compute_time \(ms\): (.*)")
AIS_BENCH_NAMES = {"min": "min_ms", "max": "max_ms", "mean": "mean_ms", "median": "median_ms", "percentile(99%)": "percentile_99_ms"}
AIS_BENCH_VALUE = re.compile(r"([a-z]+(?:\(99%%\))?) = %s" % NUMBER)
THROUGHPUT = re.compile(r"throughput 1000\*batchsize\.mean\(\S+\)/NPU_compute_time\.mean\(\S+\): %s" % NUMBER)


def msame_times(printed):
    """{"mean_ms", "mean_without_first_ms"}, milliseconds, of what msame printed; the second is absent where msame left it out (one run only).

    Raises ValueError where the mean is absent.
    """
    return _checked({name: _last(form, printed) for name, form in MSAME.items()}, "msame", "Inference average time: ... ms")


def ais_bench_times(printed):
    """{"min_ms", "max_ms", "mean_ms", "median_ms", "percentile_99_ms", "throughput"} of what ais_bench printed: milliseconds, and pairs a second.

    Raises ValueError where the mean is absent; others that are absent are left out.
    """
    lines = AIS_BENCH.findall(printed)
    values = dict(AIS_BENCH_VALUE.findall(lines[-1])) if lines else {}
    times = {wanted: _number(values.get(name)) for name, wanted in AIS_BENCH_NAMES.items()}
    return _checked(dict(times, throughput=_last(THROUGHPUT, printed)), "ais_bench", "NPU_compute_time (ms): ... mean = ...")


def _last(form, printed):
    found = form.findall(printed)
    return _number(found[-1]) if found else None


def _number(text):
    """A float; None where there is no text or no number."""
    try:
        return float(text.rstrip(".,")) if text else None
    except ValueError:
        return None


def _checked(times, tool, line):
    if times["mean_ms"] is None:
        raise ValueError("expected a line \"%s\" from %s, got none; look for its errors above" % (line, tool))
    return {name: value for name, value in times.items() if value is not None}
