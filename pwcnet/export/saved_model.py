"""SavedModels: folders that TensorFlow 2, Keras and TensorFlow Serving load without pwcnet."""

from __future__ import annotations

import os
from typing import Any, Callable

import numpy as np

from pwcnet.export.network_function import network_function
from pwcnet.export.signature import FLOW, Signature
from pwcnet.io.atomic import write_text
from pwcnet.runtime.tensorflow import tensorflow_2
from pwcnet.weights.checkpoint import Checkpoint

MARKER = "saved_model.pb"  # the file that tells a SavedModel from other folders
METADATA = os.path.join("assets.extra", "pwcnet.json")
SERVING = "serving_default"


def write(folder: str, checkpoint: Checkpoint, signature: Signature, description: str) -> None:
    """Writes a SavedModel into a folder.

    It has the signature `serving_default`, and can be called as it is loaded. Gradients with
    respect to the inputs are TensorFlow's own.

    Args:
        folder: Where the files go.
        checkpoint: The weights, which become constants.
        signature: The inputs.
        description: JSON, written as assets.extra/pwcnet.json.

    Raises:
        ValueError: This is TensorFlow 1, or the signature is none.
    """
    tf2 = tensorflow_2("A SavedModel")
    function = network_function(checkpoint, signature)

    module = tf2.Module()
    module.__call__ = function  # so that what `tf.saved_model.load` returns can be called
    tf2.saved_model.save(module, folder, signatures={SERVING: function})
    write_text(os.path.join(folder, METADATA), description)


def load(folder: str, signature: Signature) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """Loads a SavedModel; returns the function from inputs by name to flow."""
    tf2 = tensorflow_2("A SavedModel")
    model: Any = tf2.saved_model.load(folder)
    serving = model.signatures[SERVING]

    def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
        tensors = {name: tf2.constant(value) for name, value in inputs.items()}
        return serving(**tensors)[FLOW].numpy()

    run.model = model  # type: ignore[attr-defined]  # its functions live as long as it
    return run
