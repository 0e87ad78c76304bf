"""The one import of TensorFlow: the graph API of TensorFlow 1, on TensorFlow 1.15 and 2.

Every module gets it by `from pwcnet.runtime.tensorflow import tf`. The library never switches
TensorFlow's behaviour for the whole process (no `disable_v2_behavior`): everything is built in a
`tf.Graph`, where both releases agree; what is for programs of TensorFlow 2 alone takes `tf2`.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import warnings
from contextlib import contextmanager
from typing import Any, Callable, ContextManager, Iterator, Mapping, Sequence


@contextmanager
def hold_back_stderr() -> Iterator[None]:
    """Keeps what is written to file descriptor 2 meanwhile; shows it only if an error is raised."""
    try:
        sys.stderr.flush()
        notes, stderr = tempfile.TemporaryFile(), os.dup(2)  # noqa: SIM115
    except (AttributeError, OSError, ValueError):  # no stderr, or no folder for temporary files
        yield
        return
    with notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            notes.seek(0)
            os.write(stderr, notes.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _import_tensorflow() -> Any:
    """Imports TensorFlow without the notes that its C++ libraries print at start-up.

    What goes wrong later reaches the user as an exception. A process that has imported TensorFlow
    already, or that sets TF_CPP_MIN_LOG_LEVEL=0, sees what it would see without this package.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        if os.environ["TF_CPP_MIN_LOG_LEVEL"] != "0":
            with hold_back_stderr(), warnings.catch_warnings():
                # TensorFlow 1.15 on NumPy 1.17 and later, and its copy of protobuf, warn of these.
                warnings.simplefilter("ignore", FutureWarning)
                warnings.simplefilter("ignore", DeprecationWarning)
                import tensorflow
            return tensorflow
    import tensorflow

    return tensorflow


_tensorflow = _import_tensorflow()

tf: Any = _tensorflow.compat.v1

tf2: Any = _tensorflow  # with the API of TensorFlow 2 where that is installed

TF_RELEASE: str = _tensorflow.__version__


def tensorflow_2(purpose: str) -> Any:
    """Returns TensorFlow 2's own interface, for what has none in the graph API.

    Args:
        purpose: What it is needed for, the subject of the error's sentence.

    Raises:
        ValueError: This is TensorFlow 1.
    """
    if TF_RELEASE.startswith("1."):
        raise ValueError("%s needs TensorFlow 2; this is TensorFlow %s" % (purpose, TF_RELEASE))
    return _tensorflow


def overridden_gradients(gradients: Mapping[str, tuple[str, Callable]]) -> ContextManager:
    """Returns the scope of operations that have gradients of ours.

    What a function of TensorFlow 2 builds meanwhile does not name them where TensorFlow can keep
    them apart from the operations: it refuses to save a function that does. What is saved has
    TensorFlow's own.

    Args:
        gradients: {type of operation: (name that the gradient is registered by, the gradient)}.
    """
    graph = tf.get_default_graph()
    if graph.building_function and hasattr(graph, "_override_gradient_function"):
        return graph._override_gradient_function({op: f for op, (_, f) in gradients.items()})
    return graph.gradient_override_map({op: name for op, (name, _) in gradients.items()})


def numpy_function(function: Callable, inputs: Sequence[Any], types: Sequence[Any]) -> Any:
    """Returns the tensors of a function of arrays that has no side effects."""
    if TF_RELEASE.startswith("1."):
        return tf.py_func(function, inputs, types, stateful=False)
    return tf2.numpy_function(function, inputs, types, stateful=False)


def tflite_schema() -> Any:
    """Returns the module of TensorFlow 2 that reads and writes a TFLite file's tables."""
    return importlib.import_module("tensorflow.lite.python.schema_py_generated")


# First words of lines that say where an error happened instead of what happened.
_TRACE_LINES = (
    "Graph execution error",
    "Detected at node",
    "File ",
    "Traceback",
    "From /job:",
    "(",
)


def cause(error: BaseException) -> str:
    """Returns what went wrong in a TensorFlow error as one line of at most 200 characters.

    Args:
        error: The error; the description of the graph in its message is left out.
    """
    text = str(getattr(error, "message", None) or error)
    lines = [line.strip() for line in text.split("[[")[0].splitlines() if line.strip()]
    reasons = [line for line in lines if not line.startswith(_TRACE_LINES)]
    candidates = reasons or lines or [type(error).__name__]
    # TensorFlow 2's long form names the operation's error last.
    return candidates[-1 if "Graph execution error" in text else 0][:200]
