"""Training with the session of an NPU, on stock TensorFlow with stand-ins for CANN's packages."""

import pytest

from pwcnet.ascend.options import NpuOptions
from pwcnet.ascend.session import device_session_config
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.distributed.workers import Workers
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.tensorflow import TF_RELEASE, tf
from pwcnet.training import session
from pwcnet.training.options import TrainingOptions
from pwcnet.training.run_folder import RunFolder
from pwcnet.training.trainer import train
from pwcnet.weights.files import list_checkpoints
from tests.standins.fixtures import standins  # noqa: F401

pytestmark = pytest.mark.skipif(
    not TF_RELEASE.startswith("1."), reason="npu_bridge is for TensorFlow 1.15"
)


def run(folder, options, npu_options):
    write_sintel(str(folder / "data"), [("one", demo_scene(0, 64, 96, 3, 4))])
    data = TrainingData(sintel_samples(str(folder / "data"), mode="train_noval"), (64, 64))
    chosen = TrainingOptions(
        **dict(
            {
                "steps": 4,
                "batch_size": 1,
                "crop": (64, 64),
                "display": 2,
                "save_every": 2,
                "schedule": "constant",
                "learning_rate": 1e-4,
            },
            **options,
        )
    )
    saved = []
    with RunFolder(str(folder / "run"), on_save=saved.append) as run_folder:
        train(
            data,
            ModelConfig.small(),
            chosen,
            run_folder,
            workers=Workers(device_session_config("npu", 1, npu_options)),
        )
    return saved


@pytest.mark.whole_on("tf1")
def test_loss_scale_and_loops_on_the_device(standins, tmp_path, monkeypatch):  # noqa: F811
    graphs = []
    real = session.training_graph
    monkeypatch.setattr(
        session,
        "training_graph",
        lambda *arguments, **options: (
            graphs.append(tf.get_default_graph()) or real(*arguments, **options)
        ),
    )
    saved = run(
        tmp_path,
        {"loss_scale": "dynamic"},
        NpuOptions(
            precision_mode="allow_mix_precision", graph_run_mode="train", iterations_per_loop=2
        ),
    )
    import npu_bridge

    names = [call[0] for call in npu_bridge.CALLS]
    assert "NPULossScaleOptimizer" in names and "set_iteration_per_loop" in names
    scaled = next(call for call in npu_bridge.CALLS if call[0] == "NPULossScaleOptimizer")
    assert scaled[2] == "ExponentialUpdateLossScaleManager" and scaled[-1] is False
    assert next(call[-1] for call in npu_bridge.CALLS if call[0] == "set_iteration_per_loop") == 2
    forward = {op.type for op in graphs[0].get_operations() if "gradients" not in op.name}
    assert "SpaceToBatchND" in forward and "BatchMatMulV2" not in forward
    assert sorted(list_checkpoints(str(tmp_path / "run"))) == [2, 4] and [
        prefix[-2:] for prefix in saved
    ] == ["-2", "-4"]


def test_counts_that_the_loop_does_not_divide(standins, tmp_path):  # noqa: F811
    with pytest.raises(ValueError, match="display in multiples of iterations_per_loop, 2, got 1"):
        run(tmp_path, {"display": 1}, NpuOptions(graph_run_mode="train", iterations_per_loop=2))
