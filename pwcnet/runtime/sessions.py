"""Session configuration for a CPU or a GPU."""
from pwcnet.runtime import tf


def session_config(threads=0):
    """ConfigProto: memory of a GPU taken as needed; `threads` CPU threads for an operation and as many operations at once, 0 for all cores."""
    config = tf.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    config.gpu_options.allow_growth = True
    return config
