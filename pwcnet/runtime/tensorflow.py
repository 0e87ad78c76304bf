"""The one import of TensorFlow: the graph API of TensorFlow 1, on TensorFlow 1.15 and on TensorFlow 2.

The library never switches TensorFlow's behaviour for the whole process (no `disable_v2_behavior`): everything happens inside a `tf.Graph`, where both
releases agree. `from pwcnet.runtime.tensorflow import tf` is how every module gets it.
"""

import tensorflow as _tensorflow

tf = _tensorflow.compat.v1

TF_RELEASE = _tensorflow.__version__


def cause(error):
    """One line that says what went wrong in a TensorFlow error, without the graph's whereabouts that surround it."""
    text = str(getattr(error, "message", None) or error)
    lines = [line.strip() for line in text.split("[[")[0].splitlines() if line.strip()]
    telling = [
        line
        for line in lines
        if not line.startswith(
            ("Graph execution error", "Detected at node", "File ", "Traceback", "From /job:", "(")
        )
    ]
    return (telling or lines or [type(error).__name__])[
        -1 if "Graph execution error" in text else 0
    ][:200]
