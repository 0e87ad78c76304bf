"""The times that msame and ais_bench print."""

import pytest

from pwcnet.ascend.msame import ais_bench_times, msame_times


@pytest.mark.parametrize(
    "printed, expected",
    [
        (
            "[INFO] x\nInference average time : 1205.25 ms\n"
            "Inference average time without first time: 1203.75 ms\n",
            {"mean_ms": 1205.25, "mean_without_first_ms": 1203.75},
        ),
        (
            "Inference average time: 1204.500000 ms\n"
            "Inference average time without first time: 1203.250000 ms\n",
            {"mean_ms": 1204.5, "mean_without_first_ms": 1203.25},
        ),
        ("Inference average time: 1204.500000 ms\r\n", {"mean_ms": 1204.5}),
    ],
)
def test_msame(printed, expected):
    assert msame_times(printed) == expected


def test_ais_bench():
    line = (
        "[INFO] NPU_compute_time (ms): min = 1.5, max = 2.25, mean = 1.75, median = 1.625, "
        "percentile(99%) = 2.125\n"
    )
    times = {
        "min_ms": 1.5,
        "max_ms": 2.25,
        "mean_ms": 1.75,
        "median_ms": 1.625,
        "percentile_99_ms": 2.125,
    }
    assert ais_bench_times(line) == times
    assert ais_bench_times(
        line + "[INFO] throughput 1000*batchsize.mean(1)/NPU_compute_time.mean(1.75): 571.42\n"
    ) == dict(times, throughput=571.42)


@pytest.mark.parametrize("parse", [msame_times, ais_bench_times])
@pytest.mark.parametrize(
    "printed",
    [
        "",
        "Inference average time : n/a ms",
        "NPU_compute_time (ms): nothing",
        "Inference average time : - ms",
    ],
)
def test_no_times(parse, printed):
    with pytest.raises(ValueError, match="msame|ais_bench"):
        parse(printed)
