"""A FlowModel under a MirroredStrategy of two logical CPUs: one step of training on each half."""

import numpy as np

import pwcnet.cli.common  # noqa: F401  quiet TensorFlow, before anything imports it
from pwcnet.inference.flow_model import FlowModel
from pwcnet.runtime.tensorflow import tf2


def main():
    (cpu,) = tf2.config.list_physical_devices("CPU")
    tf2.config.set_logical_device_configuration(cpu, [tf2.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf2.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        model = FlowModel()
    assert strategy.num_replicas_in_sync == 2
    frames = np.random.RandomState(0).rand(2, 2, 64, 64, 3).astype(np.float32)
    data = tf2.data.Dataset.from_tensor_slices((frames[0], frames[1])).batch(2)
    before = model.weights["pwcnet/predict_flow/flow2/bias"].numpy()

    def step(first, second):
        variables = model.trainable_variables
        with tf2.GradientTape() as tape:
            flow = model(first, second)
            loss = tf2.reduce_mean(flow**2)
        gradients = tape.gradient(loss, variables)
        for gradient, variable in zip(gradients, variables):
            context = tf2.distribute.get_replica_context()
            mean = context.all_reduce(tf2.distribute.ReduceOp.MEAN, gradient)
            variable.assign_sub(1e-4 * mean)
        return flow

    for batch in strategy.experimental_distribute_dataset(data):
        flows = strategy.run(tf2.function(step), batch)
        parts = strategy.experimental_local_results(flows)
    assert [part.shape[0] for part in parts] == [1, 1]
    expected = FlowModel()(frames[0], frames[1]).numpy()
    found = np.concatenate([part.numpy() for part in parts])
    assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()
    assert not np.array_equal(model.weights["pwcnet/predict_flow/flow2/bias"].numpy(), before)


if __name__ == "__main__":
    main()
