"""EPE of the weights in training, on a fixed set of samples."""

from typing import Dict, List, NamedTuple

import numpy as np

from pwcnet.data.sample import load_sample
from pwcnet.evaluation.scoring import mean_epe, value_errors_naming
from pwcnet.flow.padding import crop, network_input, padded_size
from pwcnet.io.prefetch import prefetch
from pwcnet.model.network import pwc_net
from pwcnet.runtime.tensorflow import tf
from pwcnet.training.validation_images import training_pictures


class Validated(NamedTuple):
    """epe: mean over the pairs of each one's mean over its valid pixels, in pixels. pairs: {sample id: its EPE}. pictures: {"id/what": [H, W, 3] uint8 RGB}."""

    epe: float
    pairs: Dict[str, float]
    pictures: Dict[str, np.ndarray]


class Validation:
    """Evaluates whole frames with the network's variables as they are, inside the training session.

    samples: pwcnet.data.sample.Sample, with flow. masked: pixels of their invalid masks do not count. pictured: of how many, spread over the set, there are
    pictures.
    """

    def __init__(self, samples: List, masked=True, pictured=2):
        if not samples:
            raise ValueError(
                "expected at least one sample to validate on, got none; try other data, or none and validate_every 0"
            )
        if len({sample.id for sample in samples}) < len(samples):
            raise ValueError(
                "expected samples to validate on with an id each, got some twice; try each data set once"
            )
        self.samples, self.masked = list(samples), masked
        self._pictured = {
            self.samples[i].id
            for i in np.linspace(0, len(self.samples) - 1, min(pictured, len(self.samples))).astype(
                int
            )
        }
        self._networks = {}

    def run(self, session, config, precision="float32", target="host", average=None):
        """A Validated. session: of the graph with the network's variables. target: of pwcnet.model.config.TARGETS. average: the tf.train.ExponentialMovingAverage
        that knows the weights to validate, None for the variables themselves. The network is added to the graph once for each padded size that comes.

        Raises ValueError and FileNotFoundError, which name the file, for samples that cannot be read; ValueError for flow that is not finite.
        """
        pairs, pictures = {}, {}
        for sample, loaded in prefetch(
            (sample, load_sample(sample, self.masked)) for sample in self.samples
        ):
            shape = loaded.frame1.shape
            size = padded_size(shape[0], shape[1])
            x, outputs = self._network(session.graph, config, precision, size, target, average)
            pair = np.stack(
                [network_input(frame, *size) for frame in (loaded.frame1, loaded.frame2)]
            )[None]
            flow, pyramid = session.run(outputs, {x: pair})
            flow = crop(flow[0], shape[0], shape[1])
            with value_errors_naming(sample.id):
                pairs[sample.id] = mean_epe(flow, loaded.flow, loaded.valid).value
            if sample.id in self._pictured:
                made = training_pictures(loaded, flow, [level[0] for level in pyramid])
                pictures.update(
                    {"%s/%s" % (sample.id, what): image for what, image in made.items()}
                )
        return Validated(
            float(np.mean([epe for epe in pairs.values() if epe is not None])), pairs, pictures
        )

    def _network(self, graph, config, precision, size, target, average):
        def averaged(getter, *arguments, **named):
            return average.average(getter(*arguments, **named))

        key = (graph, size)
        if key not in self._networks:
            with graph.as_default(), tf.variable_scope(
                tf.get_variable_scope(), custom_getter=averaged if average else None
            ):
                x = tf.placeholder(tf.float32, (1, 2) + size + (3,))
                self._networks[key] = x, pwc_net(tf.cast(x, precision), config, target)
        return self._networks[key]
