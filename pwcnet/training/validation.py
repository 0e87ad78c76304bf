"""End-point error of the weights in training, on a fixed validation set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

import numpy as np

from pwcnet.evaluation.scoring import mean_epe, value_errors_naming
from pwcnet.flow.padding import crop, network_input, padded_size
from pwcnet.io.prefetch import prefetch
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.validation_images import validation_images

if TYPE_CHECKING:
    from pwcnet.data.sample import BaseSample
    from pwcnet.model.config import ModelConfig


class ValidationResult(NamedTuple):
    """What one validation found.

    Attributes:
        epe: Mean over the pairs of each pair's mean over its valid pixels, in pixels.
        pairs: EPE by sample id; None where a pair has no valid pixel.
        images: [H, W, 3] uint8 RGB by "id/name".
    """

    epe: float
    pairs: dict[str, float | None]
    images: dict[str, np.ndarray]


class Validation:
    """Evaluates whole frames with the network's variables as they are, in the training session.

    Args:
        samples: The validation set, with flow.
        masked: Whether the pixels of the samples' invalid masks are left out.
        image_count: Of how many samples, spread over the set, there are images.

    Raises:
        ValueError: There is no sample, or two have the same id.
    """

    def __init__(
        self, samples: Sequence[BaseSample], masked: bool = True, image_count: int = 2
    ) -> None:
        if not samples:
            raise ValueError("expected at least one sample to validate on, got none")
        if len({sample.id for sample in samples}) < len(samples):
            raise ValueError("expected samples to validate on with an id each, got some twice")
        self.samples, self.masked = list(samples), masked
        count = min(image_count, len(samples))
        self._with_images = {
            samples[index].id for index in np.linspace(0, len(samples) - 1, count).astype(int)
        }
        self._networks: dict[Any, tuple[tf.Tensor, Any]] = {}

    def run(
        self,
        session: tf.Session,
        config: ModelConfig,
        precision: str = "float32",
        target: str = "host",
        average: tf.train.ExponentialMovingAverage | None = None,
    ) -> ValidationResult:
        """Evaluates every sample.

        The network is added to the graph once for each padded size of the samples.

        Args:
            session: Of the graph with the network's variables.
            config: The network's configuration.
            precision: Type of the features.
            target: A name in pwcnet.model.config.TARGETS.
            average: Gives the averaged weights to validate; None for the variables themselves.

        Raises:
            ValueError: A sample cannot be read, or the flow is not finite; the message names the
                file or sample.
            FileNotFoundError: A file of a sample is missing.
        """
        pairs: dict[str, float | None] = {}
        images: dict[str, np.ndarray] = {}
        loaded_samples = ((sample, sample.load(self.masked)) for sample in self.samples)
        for sample, loaded in prefetch(loaded_samples):
            height, width = loaded.frame1.shape[:2]
            size = padded_size(height, width)
            x, outputs = self._network(session.graph, config, precision, size, target, average)
            pair = np.stack(
                [network_input(frame, *size) for frame in (loaded.frame1, loaded.frame2)]
            )
            flow, pyramid = session.run(outputs, {x: pair[np.newaxis]})
            flow = crop(flow[0], height, width)
            with value_errors_naming(sample.id):
                pairs[sample.id] = mean_epe(flow, loaded.flow, loaded.valid).value
            if sample.id in self._with_images:
                drawn = validation_images(loaded, flow, [level[0] for level in pyramid])
                images.update({"%s/%s" % (sample.id, name): drawn[name] for name in drawn})
        known = [epe for epe in pairs.values() if epe is not None]
        return ValidationResult(float(np.mean(known)), pairs, images)

    def _network(
        self,
        graph: tf.Graph,
        config: ModelConfig,
        precision: str,
        size: tuple[int, int],
        target: str,
        average: Any,
    ) -> tuple[tf.Tensor, Any]:
        """(input placeholder, (flow, pyramid)) for frames of a size."""

        def averaged(getter: Any, *arguments: Any, **options: Any) -> tf.Tensor:
            return average.average(getter(*arguments, **options))

        key = (graph, size)
        if key not in self._networks:
            with graph.as_default(), tf.variable_scope(
                tf.get_variable_scope(), custom_getter=averaged if average else None
            ):
                x = tf.placeholder(tf.float32, (1, 2) + size + (3,))
                self._networks[key] = x, pwc_net(tf.cast(x, precision), config, target)
        return self._networks[key]
