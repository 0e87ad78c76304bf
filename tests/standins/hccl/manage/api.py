import npu_bridge


def get_rank_size(group="hccl_world_group"):
    return _started(npu_bridge.size())


def get_rank_id(group="hccl_world_group"):
    return _started(npu_bridge.rank())


def get_local_rank_id(group="hccl_world_group"):
    return _started(npu_bridge.rank() % 8)


def _started(number):
    if ("initialize_system",) not in npu_bridge.CALLS:
        raise RuntimeError("HCCL is not initialized")
    return number
