"""The session configuration of an NPU, field by field, and a session that takes it."""

import dataclasses
import json

import numpy as np
import pytest
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

from pwcnet.ascend.session import KEYS, NpuOptions, looped, npu_session_config, typed
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.devices import target_of
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.options import TrainingOptions
from pwcnet.training.step import training_graph
from tests.standins.fixtures import standins  # noqa: F401


def written(options):
    """{key: (field, value)} of the parameter map, and the whole ConfigProto."""
    config = npu_session_config(options)
    (npu,) = config.graph_options.rewrite_options.custom_optimizers
    assert npu.name == "NpuOptimizer"
    return {
        key: (value.WhichOneof("value"), getattr(value, value.WhichOneof("value")))
        for key, value in npu.parameter_map.items()
    }, config


def test_the_documented_form():
    expected = tf.ConfigProto(allow_soft_placement=True)
    npu = expected.graph_options.rewrite_options.custom_optimizers.add()
    npu.name = "NpuOptimizer"
    npu.parameter_map["use_off_line"].b = True
    npu.parameter_map["precision_mode"].s = tf.compat.as_bytes("allow_mix_precision")
    expected.graph_options.rewrite_options.remapping = RewriterConfig.OFF
    expected.graph_options.rewrite_options.memory_optimization = RewriterConfig.OFF
    assert npu_session_config(NpuOptions(precision_mode="allow_mix_precision")) == expected
    assert str(expected).count("MANUAL") == 1


def test_every_option(tmp_path):
    mixlist = tmp_path / "mix.json"
    mixlist.write_text('{"black-list": {"to-add": ["ResizeBilinear"]}}')
    found, _ = written(
        NpuOptions(
            precision_mode_v2="mixed_float16",
            modify_mixlist=str(mixlist),
            graph_run_mode="train",
            session_device_id=3,
            iterations_per_loop=10,
            jit_compile="auto",
            enable_dump=True,
            dump_path=str(tmp_path),
            dump_step="0|5|10-20",
            dump_mode="all",
            profiling="/profiles",
            aoe_mode="2",
            work_path="/tuned",
            deterministic=True,
            op_compiler_cache_mode="enable",
            op_compiler_cache_dir="/compiled",
            extra=("op_debug_level=2", "hcom_parallel=True"),
        )
    )
    assert json.loads(found.pop("profiling_options")[1].decode()) == {
        "output": "/profiles",
        "training_trace": "on",
        "fp_point": "",
        "bp_point": "",
    }
    assert found == {
        "use_off_line": ("b", True),
        "precision_mode_v2": ("s", b"mixed_float16"),
        "modify_mixlist": ("s", str(mixlist).encode()),
        "graph_run_mode": ("i", 1),
        "session_device_id": ("i", 3),
        "iterations_per_loop": ("i", 10),
        "enable_data_pre_proc": ("b", True),
        "mix_compile_mode": ("b", False),
        "jit_compile": ("s", b"auto"),
        "enable_dump": ("b", True),
        "dump_path": ("s", str(tmp_path).encode()),
        "dump_step": ("s", b"0|5|10-20"),
        "dump_mode": ("s", b"all"),
        "profiling_mode": ("b", True),
        "aoe_mode": ("s", b"2"),
        "work_path": ("s", b"/tuned"),
        "deterministic": ("i", 1),
        "op_compiler_cache_mode": ("s", b"enable"),
        "op_compiler_cache_dir": ("s", b"/compiled"),
        "op_debug_level": ("i", 2),
        "hcom_parallel": ("b", True),
    }


def test_overflow_check_inference_and_base(tmp_path):
    found, _ = written(
        NpuOptions(
            enable_dump_debug=True,
            dump_path=str(tmp_path),
            dump_debug_mode="aicore_overflow",
            graph_run_mode="inference",
        )
    )
    assert found == {
        "use_off_line": ("b", True),
        "graph_run_mode": ("i", 0),
        "enable_dump_debug": ("b", True),
        "dump_path": ("s", str(tmp_path).encode()),
        "dump_debug_mode": ("s", b"aicore_overflow"),
    }
    base = tf.ConfigProto(intra_op_parallelism_threads=2)
    assert npu_session_config(base=base).intra_op_parallelism_threads == 2
    assert (
        base == tf.ConfigProto(intra_op_parallelism_threads=2)
        and target_of(base) == target_of(None) == "host"
        and target_of(npu_session_config()) == "ascend"
    )


def test_options_go_to_json_and_back():
    options = NpuOptions(precision_mode="allow_mix_precision", extra=("op_debug_level=1",))
    again = json.loads(json.dumps(dataclasses.asdict(options)))
    assert NpuOptions(**dict(again, extra=tuple(again["extra"]))) == options


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"precision_mode": "fp16"},
            "expected a precision_mode of force_fp32, allow_fp32_to_fp16, .*, got 'fp16'",
        ),
        ({"precision_mode_v2": "fp32"}, "expected a precision_mode_v2 of fp16, origin, "),
        (
            {"precision_mode": "force_fp32", "precision_mode_v2": "fp16"},
            "expected precision_mode or precision_mode_v2, got both; leave one out",
        ),
        (
            {"precision_mode": "force_fp16", "graph_run_mode": "train"},
            "expected a precision_mode for training, got 'force_fp16'",
        ),
        (
            {"enable_dump": True, "enable_dump_debug": True},
            "expected enable_dump or enable_dump_debug, got both; leave one out",
        ),
        ({"enable_dump": True}, "expected a dump_path for a dump, got none; try --dump_path DIR"),
        ({"dump_step": "0,5"}, r"expected a dump_step such as 0\|5\|10-20, got '0,5'"),
        ({"dump_mode": "some"}, "expected a dump_mode of input, output, all, got 'some'"),
        ({"dump_debug_mode": "some"}, "expected a dump_debug_mode of aicore_overflow"),
        (
            {"graph_run_mode": "evaluate"},
            "expected a graph_run_mode of train or inference, got 'evaluate'",
        ),
        ({"iterations_per_loop": 0}, "expected iterations_per_loop of at least 1, got 0"),
        ({"iterations_per_loop": 2.0}, "expected a int for iterations_per_loop, got 2.0"),
        (
            {"iterations_per_loop": 2, "extra": ("mix_compile_mode=true",)},
            "expected enable_data_pre_proc=true and mix_compile_mode=false",
        ),
        ({"session_device_id": -1}, "expected a session_device_id of at least 0, got -1"),
        ({"jit_compile": "yes"}, "expected a jit_compile of auto, true, false, got 'yes'"),
        (
            {"extra": ("fast=1",)},
            "expected an NPU option of aoe_mode, auto_tune_mode, .*work_path, got 'fast'",
        ),
        (
            {"extra": ("op_debug_level",)},
            "expected KEY=VALUE for an NPU option, got 'op_debug_level'",
        ),
        (
            {"extra": ("op_debug_level=two",)},
            "expected a whole number for op_debug_level, got 'two'",
        ),
        ({"extra": ("hcom_parallel=yes",)}, "expected true or false for hcom_parallel, got 'yes'"),
        (
            {"extra": ("aoe_mode=1",), "aoe_mode": "2"},
            "expected aoe_mode once, got 'it twice, the second time as aoe_mode=1'",
        ),
        ({"extra": ("profiling_options=on",)}, "expected JSON for profiling_options, got on"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        NpuOptions(**options)


def test_files_that_are_not_here(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match="expected the folder of dump_path, found no /nowhere; make it first",
    ):
        NpuOptions(dump_path="/nowhere")
    with pytest.raises(
        FileNotFoundError, match="expected the JSON file of modify_mixlist, found no /nowhere"
    ):
        NpuOptions(modify_mixlist="/nowhere")
    (tmp_path / "mix.json").write_text("black")
    with pytest.raises(ValueError, match="expected JSON for modify_mixlist"):
        NpuOptions(modify_mixlist=str(tmp_path / "mix.json"))


def test_every_documented_key_is_typed():
    assert sum(len(keys) for keys in KEYS.values()) == 26
    assert typed("graph_run_mode=0") == ("graph_run_mode", 0) and typed("use_off_line=False") == (
        "use_off_line",
        False,
    )
    assert typed('profiling_options={"output": "a=b"}') == (
        "profiling_options",
        '{"output": "a=b"}',
    )


def test_steps_and_precision():
    options = NpuOptions(iterations_per_loop=100)
    options.check_steps(steps=1000, save_every=500)
    with pytest.raises(
        ValueError, match="expected save_every in multiples of iterations_per_loop, 100, got 50"
    ):
        options.check_steps(steps=1000, save_every=50)
    assert (
        options.reduced
        and NpuOptions(precision_mode="allow_mix_precision").reduced
        and not NpuOptions(precision_mode_v2="origin").reduced
    )


def test_a_loop_on_the_device(standins):  # noqa: F811
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.no_op("step")
        assert looped(session, step, 1) is step
        session.run(looped(session, step, 10))
        import npu_bridge

        assert npu_bridge.CALLS == [("set_iteration_per_loop", "step", 10)]


def test_a_training_step_with_it():
    """Stock TensorFlow takes the configuration, and knows no such optimizer."""
    options = TrainingOptions(
        steps=1,
        batch_size=1,
        crop=(64, 64),
        loss="multiscale",
        schedule="constant",
        learning_rate=1e-4,
    )
    config = npu_session_config(
        NpuOptions(precision_mode="allow_mix_precision", graph_run_mode="train")
    )
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        pair = tf.constant(np.random.RandomState(0).rand(1, 2, 64, 64, 3), tf.float32)
        graph = training_graph(
            pair,
            tf.ones([1, 64, 64, 2]),
            tf.ones([1, 64, 64], tf.bool),
            ModelConfig.small(),
            options,
        )
        session.run(tf.global_variables_initializer())
        loss, _ = session.run([graph.loss, graph.train_op])
        assert loss > 0 and session.run(graph.global_step) == 1
