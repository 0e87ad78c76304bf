"""The session configuration of an NPU, field by field, and a session that takes it."""

import json

import numpy as np
import pytest
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

from pwcnet.ascend.options import NpuOptions
from pwcnet.ascend.session import loop_on_device, npu_session_config, steps_per_run
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.devices import target_of
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.options import TrainingOptions
from pwcnet.training.step import training_graph
from tests.standins.fixtures import standins  # noqa: F401


def parameter_map(options):
    """{key: (field, value)} of NpuOptimizer in the ConfigProto."""
    (npu,) = npu_session_config(options).graph_options.rewrite_options.custom_optimizers
    assert npu.name == "NpuOptimizer"
    return {
        key: (value.WhichOneof("value"), getattr(value, value.WhichOneof("value")))
        for key, value in npu.parameter_map.items()
    }


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
    found = parameter_map(
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
    found = parameter_map(
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


def test_steps_per_run():
    assert steps_per_run(None) == steps_per_run(tf.ConfigProto()) == 1
    assert steps_per_run(npu_session_config()) == 1
    assert steps_per_run(npu_session_config(NpuOptions(iterations_per_loop=100))) == 100


def test_a_loop_on_the_device(standins):  # noqa: F811
    with tf.Graph().as_default(), tf.Session() as session:
        step = tf.no_op("step")
        assert loop_on_device(session, step, 1) is step
        session.run(loop_on_device(session, step, 10))
        import npu_bridge

        assert npu_bridge.CALLS == [("set_iteration_per_loop", "step", 10)]


@pytest.mark.whole_on("tf1")
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
