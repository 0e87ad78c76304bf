"""PWC-Net as a layer of Keras 3 with TensorFlow as its backend.

import keras, pwcnet.keras

first, second = keras.Input((128, 192, 3)), keras.Input((128, 192, 3))
model = keras.Model([first, second], pwcnet.keras.FlowLayer()(first, second))
"""

from __future__ import annotations

import os
from typing import Any

try:
    import keras
except ImportError as error:
    raise ImportError(
        "pwcnet.keras needs Keras 3, which comes with TensorFlow 2.16 and later", name="keras"
    ) from error

from pwcnet.inference.flow_model import starting_weights
from pwcnet.inference.graph_passes import level_flow
from pwcnet.inference.quality import check_quality
from pwcnet.model.config import ModelConfig
from pwcnet.model.network import pwc_net
from pwcnet.runtime.choices import PLAIN
from pwcnet.runtime.tensorflow import tf2
from pwcnet.weights.saving import save_weights
from pwcnet.weights.variables import supplied_weights


@keras.saving.register_keras_serializable(package="pwcnet")
class FlowLayer(keras.layers.Layer):
    """Optical flow as a layer: `FlowLayer()(first, second)` -> [B, H, W, 2] float32.

    Frames and flow are as of `pwcnet.FlowModel`. The variables are the layer's own, so that a model
    with it trains, saves and loads as any other. What is saved holds the variant and the weights,
    not the path that they came from.

    Attributes:
        variant: The `ModelConfig`.
        step: The training step of the weights; 0 where it is not known.
        quality: The level.
    """

    def __init__(
        self,
        weights: str | os.PathLike | ModelConfig | None = None,
        trainable: bool = True,
        quality: str = PLAIN,
        **options: Any,
    ):
        """Reads the weights into the layer's variables.

        Args:
            weights: A checkpoint's prefix, its folder, or an .npz archive; a ModelConfig for random
                weights of that variant; None for the shipped weights.
            trainable: Whether training changes them.
            quality: As of `pwcnet.FlowModel`.
            **options: Of keras.layers.Layer; `dtype` stays float32 unless it is given.

        Raises:
            FileNotFoundError: There are no such weights.
            ValueError: They are not readable or those of another network, the quality is unknown,
                this is TensorFlow 1, or Keras has another backend.
        """
        if keras.backend.backend() != "tensorflow":
            raise ValueError(
                "FlowLayer needs Keras with TensorFlow, this has %s; set KERAS_BACKEND=tensorflow"
                % keras.backend.backend()
            )
        super().__init__(trainable=trainable, **dict({"dtype": "float32"}, **options))
        check_quality(quality)
        self.quality = quality
        self.variant, values, self.step = starting_weights(weights)
        self._weights_by_name = {
            name: self.add_weight(
                name=name.replace("/", "_"),
                shape=value.shape,
                initializer=_Values(value),
                dtype="float32",
                trainable=True,
            )
            for name, value in values.items()
        }
        self.built = True

    @tf2.autograph.experimental.do_not_convert
    def call(self, first: Any, second: Any) -> Any:
        """The flow from the first frames to the second; see the class."""
        with supplied_weights(
            {name: variable.value for name, variable in self._weights_by_name.items()}
        ):
            return level_flow(
                self.quality, lambda pair: pwc_net(pair, self.variant)[0], first, second
            )

    def compute_output_shape(self, first: Any, second: Any) -> tuple:
        """[B, H, W, 2] for frames [B, H, W, 3]."""
        return (*first[:3], 2)

    def compute_output_spec(self, first: Any, second: Any) -> Any:
        """What `call` will return, without tracing it."""
        return keras.KerasTensor(self.compute_output_shape(first.shape, second.shape), "float32")

    def save_checkpoint(self, prefix: str | os.PathLike) -> str:
        """Writes the weights as a checkpoint with the published names; see FlowModel."""
        values = {
            name: keras.ops.convert_to_numpy(variable)
            for name, variable in self._weights_by_name.items()
        }
        return save_weights(os.fspath(prefix), values, self.step)

    def get_config(self) -> dict[str, Any]:
        """The variant, the quality, and what Keras adds."""
        return dict(super().get_config(), weights=self.variant.name, quality=self.quality)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FlowLayer:
        """A layer of the variant, whose weights are loaded afterwards."""
        return cls(**dict(config, weights=ModelConfig.from_name(config["weights"])))


class _Values(keras.initializers.Initializer):
    """Gives a variable the values of an array."""

    def __init__(self, values: Any):
        self.values = values

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return keras.ops.convert_to_tensor(self.values, dtype)
