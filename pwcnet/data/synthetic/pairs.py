"""One generated pair."""

import numpy as np

from pwcnet.data.sample import Loaded
from pwcnet.data.synthetic.effects import seen, shutter
from pwcnet.data.synthetic.layers import make_layers
from pwcnet.data.synthetic.render import occluded, render

LAYERS, EFFECTS = (
    11,
    12,
)  # streams of random numbers, so that the layers do not depend on the effects


def generate_pair(seed, number, options):
    """A `Loaded`: two frames, the flow of every pixel, and what is occluded. All pixels are valid.

    seed, number: whole numbers in 0..2^32-1; the pair depends on them and the options alone, bit for bit, and may be made in any thread.
    Numbers near each other share textures, in views of their own; the first ones cost more time, which their textures take.
    Flow is exact to about 0.02 pixels; where layers mix in a pixel, it is that of the one that covers half of it or more.
    occlusion: the pixel's point is outside frame 2, or covered there by another layer. Raises ValueError for other numbers.
    """
    if not (0 <= seed < 2**32 and 0 <= number < 2**32):
        raise ValueError(
            "expected a seed and a number in 0..4294967295, got %r and %r; try 0" % (seed, number)
        )
    layers = make_layers(np.random.RandomState([seed, LAYERS, number]), seed, number, options)
    random = np.random.RandomState([seed, EFFECTS, number])
    size, exposed = (options.height, options.width), shutter(random, options)
    view1, view2 = (render(layers, size, second, exposed) for second in (False, True))
    frame1, frame2 = seen([view1.picture, view2.picture], random, seed, options)
    return Loaded(frame1, frame2, view1.flow, np.ones(size, bool), occluded(view1, view2))
