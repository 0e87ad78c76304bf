"""An endless supply of training pairs with exact dense flow: textured layers that move and deform, seen through a moving camera.

`generate_pair(seed, number, SceneOptions(...))` is all that others need. The ideas: layers with affine motion (FlyingChairs, arXiv 1504.06852), simple layers
suffice where motion and appearance vary enough (AutoFlow, arXiv 2104.14544), the dead leaves model of natural images (Lee, Mumford, Huang, 2001).
"""
from pwcnet.data.generator.options import SceneOptions  # noqa: F401
from pwcnet.data.generator.pairs import generate_pair  # noqa: F401
