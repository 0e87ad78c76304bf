import npu_bridge
import tensorflow.compat.v1 as tf


def broadcast(tensor, root_rank, fusion=2, fusion_id=0, group="hccl_world_group"):
    assert isinstance(tensor, list)
    return [_from(root_rank, each) for each in tensor]


def _from(root, variable):
    assert variable.dtype.base_dtype.is_floating, variable
    name = "broadcast_" + variable.op.name.replace("/", "_")
    npu_bridge.CALLS.append(("broadcast", variable.op.name, root))
    value = npu_bridge.in_order(
        tf.py_func(
            lambda array: npu_bridge.exchange(name, array)[root],
            [variable],
            variable.dtype.base_dtype,
        ),
        "broadcast",
    )
    value.set_shape(variable.shape)
    return value
